from __future__ import annotations

from django.urls import path, register_converter

from annotate.views import (
    ahead,
    allotments,
    coach,
    differences,
    drafts,
    home,
    keys,
    task,
    undo,
)
from curation.addresses import Opaque


class Task(Opaque):
    of = "task"


register_converter(Task, "task")

app_name = "annotate"
urlpatterns = [
    path("", home.home, name="home"),
    path("work/claim/", task.claim, name="claim"),
    path("work/<task:pk>/", task.show, name="task"),
    path("work/<task:pk>/submit/", task.submit, name="submit"),
    path("work/<task:pk>/skip/", task.skip, name="skip"),
    path("work/<task:pk>/draft/", task.save_draft, name="draft-save"),
    path("work/<task:pk>/beat/", task.beat, name="beat"),
    path("work/<task:pk>/ahead/", ahead.take, name="ahead"),
    path("work/<uuid:key>/undo/", undo.submission, name="undo"),
    path("work/skip/<int:pk>/undo/", undo.skip, name="undo-skip"),
    path("work/history/", undo.lately, name="history"),
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
    path("work/<task:pk>/differences/", differences.show, name="differences"),
    path("work/<task:pk>/coach/", coach.coach, name="coach"),
    path("work/preview/", coach.preview, name="preview"),
]
