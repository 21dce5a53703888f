from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from curation.api import datasets, me, members, messages, versions
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
}.items():
    router.register(f"{SLUG}/{name}", viewset, basename=f"dataset-{name}")
router.register("messages", messages.MessageViewSet, basename="message")
router.register("me/texts", me.TextViewSet, basename="my-text")
router.register("versions", versions.VersionViewSet, basename="version")
router.register("freezings", versions.FreezingViewSet, basename="freezing")
policy = datasets.PolicyViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
urlpatterns = [
    path("me/", me.MeView.as_view(), name="me"),
    path("datasets/<slug:slug>/policy/", policy, name="dataset-policy"),
    *router.urls,
]
