from __future__ import annotations

from django.urls import path

from annotate.views import allotments, drafts, home, keys, task

app_name = "annotate"
urlpatterns = [
    path("", home.home, name="home"),
    path("work/claim/", task.claim, name="claim"),
    path("work/<int:pk>/", task.show, name="task"),
    path("work/<int:pk>/submit/", task.submit, name="submit"),
    path("work/<int:pk>/skip/", task.skip, name="skip"),
    path("work/<int:pk>/draft/", task.save_draft, name="draft-save"),
    path("work/<int:pk>/beat/", task.beat, name="beat"),
    path("work/kept/<int:pk>/", drafts.kept, name="kept"),
    path("work/kept/<int:pk>/continue/", drafts.take_up, name="kept-continue"),
    path("work/kept/<int:pk>/discard/", drafts.discard, name="kept-discard"),
    path("datasets/<slug:slug>/given/", allotments.show, name="allotments"),
    path(
        "datasets/<slug:slug>/given/<int:pk>/take-back/",
        allotments.take_back,
        name="allotment-take-back",
    ),
    path("profile/keys/", keys.show, name="keys"),
]
