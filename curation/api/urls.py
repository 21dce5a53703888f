from __future__ import annotations

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from curation.api import (
    archives,
    arrivals,
    contributions,
    datasets,
    duplicates,
    evaluation_sets,
    exports,
    extracts,
    figures,
    history,
    imports,
    judgements,
    known_items,
    leaderboard,
    leaving,
    lineage,
    me,
    members,
    messages,
    notifications,
    queue,
    saved_views,
    searching,
    second_looks,
    terms,
    together,
    versions,
)
from curation.api.hooks import HookViewSet
from curation.api.within import SLUG

app_name = "api"
DIGEST = "versions/(?P<digest>[0-9a-f]{64})"
TEXT = "messages/(?P<id>[0-9a-f]{16})"
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
    "queue-together": together.QueueTogetherViewSet,
    "selections": together.SelectionViewSet,
    "decisions": queue.DatasetDecisionViewSet,
    "candidates": arrivals.CandidateViewSet,
    "rows": arrivals.RowViewSet,
    "imports": imports.ImportViewSet,
    "known-items": known_items.KnownItemViewSet,
    "known-rankings": known_items.KnownRankingViewSet,
    "second-looks": second_looks.SecondLookViewSet,
    "duplicates": duplicates.DuplicateViewSet,
    "terms": terms.TermsViewSet,
    "history": history.HistoryViewSet,
    "views": saved_views.SavedViewViewSet,
    "figures": figures.FigureViewSet,
    "extracts": extracts.ExtractViewSet,
    "archives": archives.ArchiveViewSet,
}.items():
    router.register(f"{SLUG}/{name}", viewset, basename=f"dataset-{name}")
router.register("messages", messages.MessageViewSet, basename="message")
router.register("decisions", queue.DecisionViewSet, basename="decision")
router.register("me/texts", me.TextViewSet, basename="my-text")
router.register(
    "me/notifications", notifications.NotificationViewSet, basename="my-notification"
)
router.register("me/reviews", contributions.MyReviewViewSet, basename="my-review")
router.register("me/ballots", contributions.MyBallotViewSet, basename="my-ballot")
router.register(
    "evaluation-sets", evaluation_sets.EvaluationSetViewSet, basename="evaluation-set"
)
router.register("me/withdrawals", leaving.WithdrawalViewSet, basename="my-withdrawal")
router.register("me/consents", terms.ConsentViewSet, basename="my-consent")
router.register("history", history.WholeHistoryViewSet, basename="history")
router.register("comments", messages.CommentViewSet, basename="comment")
router.register("terms", terms.TermsViewSet, basename="terms")
router.register("versions", versions.VersionViewSet, basename="version")
router.register(f"{DIGEST}/exports", exports.ExportViewSet, basename="export")
router.register(f"{DIGEST}/cards", lineage.CardViewSet, basename="card")
router.register("models", lineage.ModelViewSet, basename="model")
router.register("freezings", versions.FreezingViewSet, basename="freezing")
router.register("hooks", HookViewSet, basename="hook")
policy = datasets.PolicyViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
search = searching.SearchViewSet.as_view({"get": "retrieve"})
agreement = figures.AgreementViewSet.as_view({"get": "retrieve"})
text_lineage = lineage.TextLineageViewSet.as_view({"get": "retrieve"})
version_lineage = lineage.VersionLineageViewSet.as_view({"get": "retrieve"})
board = leaderboard.LeaderboardViewSet.as_view({"get": "retrieve"})
my_lineage = lineage.MyLineageViewSet.as_view({"get": "retrieve"})
urlpatterns = [
    re_path(f"^{TEXT}/lineage/$", text_lineage, name="message-lineage"),
    re_path(f"^{DIGEST}/lineage/$", version_lineage, name="version-lineage"),
    path("leaderboard/", board, name="leaderboard"),
    path("me/lineage/", my_lineage, name="my-lineage"),
    path("me/", me.MeView.as_view(), name="me"),
    path("me/erasure/", leaving.ErasureView.as_view(), name="my-erasure"),
    path("datasets/<slug:slug>/policy/", policy, name="dataset-policy"),
    path("datasets/<slug:slug>/search/", search, name="dataset-search"),
    path("datasets/<slug:slug>/agreement/", agreement, name="dataset-agreement"),
    *router.urls,
]
