"""Prompts in nearly the same words: looked for, merged or dismissed; for curators."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions import clusters, searches
from curation.alike import SHOWN, chosen, found
from curation.api.within import Numbered
from curation.background import ring
from curation.forms.duplicates import AT_ONCE
from curation.models import Cluster, ClusterMember, DuplicateSearch, Message
from curation.rest.pagination import InTurn
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked
from curation.tasks import find_duplicates

Read = serializers.Serializer[Any]
MEMBERS_AT_ONCE = 500
OPEN, DECIDED = "open", "decided"


class PromptSerializer(serializers.ModelSerializer[Message]):
    id = serializers.CharField(source="address", read_only=True)
    conversation = serializers.IntegerField(source="conversation_id", read_only=True)
    author = serializers.IntegerField(source="author_id", read_only=True, allow_null=True)

    class Meta:
        model = Message
        fields = ("id", "conversation", "state", "text", "author")


class AlikeSerializer(serializers.ModelSerializer[ClusterMember]):
    prompt = PromptSerializer(source="message", read_only=True)
    decided_by = serializers.IntegerField(
        source="decided_by_id", read_only=True, allow_null=True
    )

    class Meta:
        model = ClusterMember
        fields = (
            "id", "prompt", "likeness", "state", "source", "decided_by", "decided_at",
        )  # fmt: skip


class ClusterSerializer(serializers.ModelSerializer[Cluster]):
    head = PromptSerializer(read_only=True, help_text="That the others are like.")
    size = serializers.IntegerField(read_only=True, help_text="How many others.")
    waiting = serializers.IntegerField(read_only=True, help_text="Nobody decided on these.")
    members = AlikeSerializer(
        source="shown", many=True, read_only=True,
        help_text=f"The {SHOWN} that are most like it; all are under `members/`.",
    )  # fmt: skip

    class Meta:
        model = Cluster
        fields = ("id", "head", "found_at", "size", "waiting", "members")


class ClusterFilterSerializer(Strict):
    state = serializers.ChoiceField(choices=[OPEN, DECIDED], default=OPEN)


class ClusterDecisionSerializer(Strict):
    """Either members, or clusters: then all of them that wait."""

    decision = serializers.ChoiceField(choices=["merge", "dismiss"])
    members = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62),
        required=False, min_length=1, max_length=MEMBERS_AT_ONCE,
    )  # fmt: skip
    clusters = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62),
        required=False, min_length=1, max_length=AT_ONCE,
    )  # fmt: skip

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if ("members" in sent) == ("clusters" in sent):
            raise serializers.ValidationError(_("Name members, or clusters."))
        return sent


class DecidedSerializer(Read):
    decided = serializers.IntegerField(help_text="On so many prompts.")


class SearchSerializer(serializers.ModelSerializer[DuplicateSearch]):
    asked_by = serializers.IntegerField(source="asked_by_id", read_only=True)
    is_running = serializers.SerializerMethodField()

    class Meta:
        model = DuplicateSearch
        fields = (
            "asked_by", "asked_at", "started_at", "finished_at", "found", "is_running",
        )  # fmt: skip

    def get_is_running(self, search: DuplicateSearch) -> bool:
        return searches.is_running(search)


class DuplicateViewSet(Numbered):
    """Clusters of first prompts that are alike, the newest first."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("decide", "search"), Scope.CURATE)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": ClusterFilterSerializer}
    queryset = Cluster.objects.none()
    serializer_class = ClusterSerializer

    def get_queryset(self) -> QuerySet[Cluster]:
        is_open = self.asked.get("state") == OPEN
        rows: QuerySet[Cluster] = found(self.dataset_to_curate(), is_open=is_open)
        return rows

    @extend_schema(responses=AlikeSerializer(many=True))
    @action(detail=True, pagination_class=InTurn)
    def members(self, request: Request, slug: str, id: str) -> Response:
        """All of one cluster."""
        of = Cluster.objects.filter(dataset=self.dataset_to_curate(), pk=id)
        if not of.exists():
            raise Http404
        rows = ClusterMember.objects.filter(cluster__in=of).select_related("message")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(AlikeSerializer(page or (), many=True).data)

    @extend_schema(request=ClusterDecisionSerializer, responses=DecidedSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def decide(self, request: Request, slug: str) -> Response:
        """They say the same as the heads of their clusters, or something else."""
        dataset = self.dataset_to_curate()
        sent = checked(ClusterDecisionSerializer, request.data)
        members = set(sent["members"]) if "members" in sent else None
        ids = chosen(dataset, members=members, clusters=set(sent.get("clusters", ())))
        verb = clusters.merge if sent["decision"] == "merge" else clusters.dismiss
        verb(member_ids=ids, by=self.person)
        shown: Any = {"decided": len(ids)}
        return Response(DecidedSerializer(shown).data)

    @extend_schema(responses=SearchSerializer)
    @action(detail=False, url_path="search", pagination_class=None)
    def latest(self, request: Request, slug: str) -> Response:
        """The last time that they were looked for; 404 where they never were."""
        there = DuplicateSearch.objects.filter(dataset=self.dataset_to_curate()).first()
        if there is None:
            raise Http404
        return Response(SearchSerializer(there).data)

    @extend_schema(request=None, responses={202: SearchSerializer})
    @latest.mapping.post
    def search(self, request: Request, slug: str) -> Response:
        """Have them looked for, in the background."""
        checked(Nothing, request.data)
        dataset = self.dataset_to_curate()
        asked = searches.ask(dataset=dataset, by=self.person)
        ring(find_duplicates, dataset_id=dataset.pk)
        return Response(SearchSerializer(asked).data, status=202)
