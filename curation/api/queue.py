"""The queue of curators: texts that were flagged or held, or worry a check."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, cases
from curation.actions import moderation, reversals
from curation.actions.rights import Sight
from curation.api.judgements import AddressField
from curation.api.messages import SHOWN_WITH, message_number
from curation.api.nodes import FindingSerializer, MessageSerializer, nodes_for
from curation.api.within import Within
from curation.cases import Item
from curation.models import Contributor, Dataset, Decision, Flag, Message
from curation.rest.pagination import InTurn, LastFirst
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

Read = serializers.Serializer[Any]


class RaisedSerializer(serializers.ModelSerializer[Flag]):
    by = serializers.IntegerField(source="by_id", read_only=True)

    class Meta:
        model = Flag
        fields = ("reason", "note", "by", "created_at")


class ItemSerializer(Read):
    """A text that waits, and all that speaks for looking at it."""

    message = serializers.SerializerMethodField()
    choices = serializers.ListField(
        child=serializers.ChoiceField(choices=Decision.Action.choices),
        help_text="What this person may decide.",
    )
    seen = serializers.CharField(
        source="sign", help_text="Send it with the decision: who comes second is refused."
    )
    assignee = serializers.IntegerField(
        source="case.assignee_id", allow_null=True, default=None
    )
    flags = RaisedSerializer(many=True)
    findings = FindingSerializer(many=True)

    def get_message(self, item: Item) -> MessageSerializer:
        (node,) = nodes_for([item.message], self.context["person"], Sight.ALL)
        shown = MessageSerializer(node, context={"is_curator": True}).data
        return shown  # type: ignore[return-value]  # as the schema is to tell it


class QueueFilterSerializer(Strict):
    sort = serializers.ChoiceField(choices=list(cases.SORTS), required=False)
    who = serializers.ChoiceField(choices=["me", "nobody"], required=False)


class DecideSerializer(Strict):
    action = serializers.ChoiceField(choices=Decision.Action.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)
    seen = serializers.CharField(required=False, max_length=40)


class GiveSerializer(Strict):
    person = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    message = AddressField(source="message_id", read_only=True)
    by = serializers.IntegerField(source="by_id", read_only=True)
    can_be_undone = serializers.BooleanField(read_only=True)

    class Meta:
        model = Decision
        fields = (
            "id", "message", "action", "note", "by", "at", "undone_at", "can_be_undone",
        )  # fmt: skip


class QueueViewSet(Within):
    """What waits in a dataset, the oldest text first."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("decide", "take", "give", "let_go"), Scope.CURATE
    )
    asks: ClassVar[dict[str, type[Strict]]] = {"list": QueueFilterSerializer}
    places: ClassVar[dict[str, type]] = {"slug": str, "id": str}
    queryset = Message.objects.none()
    serializer_class: Any = ItemSerializer
    pagination_class = InTurn
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9a-f]{16}"

    def get_queryset(self) -> QuerySet[Message]:
        who = self.asked.get("who", "")
        return cases.waiting(
            Dataset.objects.filter(pk=self.dataset_to_curate().pk),
            sort=self.asked.get("sort", ""),
            assignee=self.person if who == "me" else None,
            is_free=who == "nobody",
        )

    @extend_schema(responses=ItemSerializer(many=True))
    def list(self, request: Request, slug: str) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or ()
        rows = Message.objects.filter(pk__in=[one.pk for one in page]).order_by("pk")
        items: Any = cases.items_of(rows.select_related(*SHOWN_WITH), self.person)
        context = {"person": self.person}
        shown = ItemSerializer(items, many=True, context=context)
        return self.get_paginated_response(shown.data)

    @extend_schema(request=DecideSerializer, responses=DecisionSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, slug: str, id: str) -> Response:
        """Decide on a text: it answers all flags and findings so far."""
        pk, sent = self._message(id), checked(DecideSerializer, request.data)
        decision = moderation.decide(message_id=pk, by=self.person, **sent)
        return Response(DecisionSerializer(decision).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def take(self, request: Request, slug: str, id: str) -> Response:
        """Look after it, where nobody else does."""
        moderation.take(message_id=self._message(id), by=self.person)
        return Response(status=204)

    @extend_schema(request=GiveSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def give(self, request: Request, slug: str, id: str) -> Response:
        """Ask another curator to look after it."""
        pk, sent = self._message(id), checked(GiveSerializer, request.data)
        to = Contributor.objects.filter(pk=sent["person"]).first()
        if to is None:
            raise Http404
        moderation.give(message_id=pk, to=to, by=self.person)
        return Response(status=204)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], url_path="let-go")
    def let_go(self, request: Request, slug: str, id: str) -> Response:
        """Whoever comes first may look after it."""
        moderation.let_go(message_id=self._message(id), by=self.person)
        return Response(status=204)

    def _message(self, id: str) -> int:
        return access.message_in(self.dataset_to_curate(), message_number(id)).pk


class DatasetDecisionViewSet(mixins.ListModelMixin, Within):
    """What was decided about texts that waited, the newest first."""

    queryset = Decision.objects.none()
    serializer_class = DecisionSerializer
    pagination_class = LastFirst

    def get_queryset(self) -> QuerySet[Decision]:
        return Decision.objects.filter(dataset=self.dataset_to_curate())


class DecisionViewSet(Resource, viewsets.GenericViewSet[Decision]):
    scopes: ClassVar[dict[str, str]] = {"undo": Scope.CURATE}
    queryset = Decision.objects.all()
    serializer_class = DecisionSerializer
    lookup_value_regex = "[0-9]{1,9}"

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """For half an hour: the text waits again."""
        decision = access.decision_to_undo(self.asking, int(pk))
        reversals.take_back(decision_id=decision.pk, by=self.person)
        decision.refresh_from_db()
        return Response(DecisionSerializer(decision).data)
