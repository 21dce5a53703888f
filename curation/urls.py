from __future__ import annotations

from django.urls import path

from curation.views import (
    conversations,
    datasets,
    guideline,
    instance,
    me,
    people,
    rules,
    versions,
)

app_name = "curation"
urlpatterns = [
    path("datasets/", datasets.index, name="datasets"),
    path("datasets/new/", datasets.new, name="dataset-new"),
    path("datasets/<slug:slug>/", datasets.show, name="dataset"),
    # One conversation.
    path(
        "datasets/<slug:slug>/conversations/<int:number>/",
        conversations.show,
        name="conversation",
    ),
    path(
        "datasets/<slug:slug>/conversations/<int:number>/<int:pk>/hold/",
        conversations.hold,
        name="hold",
    ),
    path(
        "datasets/<slug:slug>/conversations/<int:number>/<int:pk>/release/",
        conversations.release,
        name="release",
    ),
    # How a dataset is run.
    path("datasets/<slug:slug>/guideline/", guideline.show, name="guideline"),
    path("datasets/<slug:slug>/people/", people.show, name="people"),
    path("datasets/<slug:slug>/people/<int:pk>/remove/", people.remove, name="remove"),
    path("datasets/<slug:slug>/rules/", rules.show, name="rules"),
    path("datasets/<slug:slug>/categories/new/", rules.add_category, name="category-new"),
    path("datasets/<slug:slug>/categories/<int:pk>/", rules.category, name="category"),
    # Frozen versions.
    path("datasets/<slug:slug>/versions/", versions.index, name="versions"),
    path("datasets/<slug:slug>/versions/<int:number>/", versions.show, name="version"),
    path(
        "datasets/<slug:slug>/versions/<int:number>/<str:name>",
        versions.download,
        name="download",
    ),
    # One's own texts.
    path("me/", me.show, name="me"),
    path("me/<int:pk>/withdraw/", me.withdraw, name="withdraw"),
    # The whole installation.
    path("settings/", instance.show, name="instance"),
    path("settings/people/new/", instance.add_account, name="account-new"),
    path("settings/people/<int:pk>/", instance.set_active, name="account-active"),
]
