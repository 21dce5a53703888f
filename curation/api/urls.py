from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from curation.api import (
    arrivals,
    datasets,
    exports,
    imports,
    judgements,
    me,
    members,
    messages,
    queue,
    versions,
)
from curation.api.hooks import HookViewSet
from curation.api.within import SLUG

app_name = "api"
router = SimpleRouter()
router.register("datasets", datasets.DatasetViewSet, basename="dataset")
for name, viewset in {
    "guidelines": datasets.GuidelineViewSet,
    "categories": datasets.CategoryViewSet,
    "members": members.MemberViewSet,
    "conversations": messages.ConversationViewSet,
    "messages": messages.DatasetMessageViewSet,
    "reviews": judgements.ReviewViewSet,
    "ballots": judgements.BallotViewSet,
    "settlements": judgements.SettlementViewSet,
    "findings": judgements.FindingViewSet,
    "queue": queue.QueueViewSet,
    "decisions": queue.DatasetDecisionViewSet,
    "candidates": arrivals.CandidateViewSet,
    "rows": arrivals.RowViewSet,
    "imports": imports.ImportViewSet,
}.items():
    router.register(f"{SLUG}/{name}", viewset, basename=f"dataset-{name}")
router.register("messages", messages.MessageViewSet, basename="message")
router.register("decisions", queue.DecisionViewSet, basename="decision")
router.register("me/texts", me.TextViewSet, basename="my-text")
router.register("versions", versions.VersionViewSet, basename="version")
router.register(
    "versions/(?P<digest>[0-9a-f]{64})/exports", exports.ExportViewSet, basename="export"
)
router.register("freezings", versions.FreezingViewSet, basename="freezing")
router.register("hooks", HookViewSet, basename="hook")
policy = datasets.PolicyViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
urlpatterns = [
    path("me/", me.MeView.as_view(), name="me"),
    path("datasets/<slug:slug>/policy/", policy, name="dataset-policy"),
    *router.urls,
]
