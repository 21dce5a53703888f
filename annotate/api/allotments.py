"""Work that curators give to people, by programs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotate import access, allotments
from annotate.forms.allotments import AllotmentForm
from annotate.models import Allotment, Kind
from curation.api.within import Numbered
from curation.models import Category
from curation.rest.forms import valid
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked

CONVERSATIONS_AT_MOST = 200


class AllotmentSerializer(serializers.ModelSerializer[Allotment]):
    person = serializers.IntegerField(source="person_id", read_only=True)
    name = serializers.CharField(source="person.__str__", read_only=True)
    category = serializers.SlugField(
        source="category.slug", read_only=True, allow_null=True, default=None
    )
    made_by = serializers.IntegerField(source="made_by_id", read_only=True)
    done = serializers.IntegerField(read_only=True)
    reserved = serializers.IntegerField(read_only=True, help_text="Waiting, for them.")

    class Meta:
        model = Allotment
        fields = (
            "id", "person", "name", "kind", "category", "wanted", "done", "reserved",
            "due_on", "note", "made_by", "created_at", "closed_at",
        )  # fmt: skip


class AllotmentFilterSerializer(Strict):
    is_closed = serializers.BooleanField(required=False, allow_null=True, default=None)
    person = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class AllotmentWish(Strict):
    person = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    kind = serializers.ChoiceField(choices=Kind.choices)
    wanted = serializers.IntegerField(
        min_value=1, max_value=allotments.AT_MOST, default=20, help_text="How many tasks."
    )
    category = serializers.SlugField(required=False)
    due_on = serializers.DateField(
        required=False, help_text="After it, what is open goes to everybody again."
    )
    conversations = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=10**18 - 1),
        required=False, max_length=CONVERSATIONS_AT_MOST,
        help_text="Their numbers: all such work in them, and in no others.",
    )  # fmt: skip
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class AllotmentViewSet(Numbered):
    """The newest first; for curators."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "take_back"), Scope.CURATE)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": AllotmentFilterSerializer}
    queryset = Allotment.objects.none()
    serializer_class = AllotmentSerializer

    def get_queryset(self) -> QuerySet[Allotment]:
        rows = Allotment.objects.filter(dataset=self.dataset_to_curate())
        if (is_closed := self.asked.get("is_closed")) is not None:
            rows = rows.filter(closed_at__isnull=not is_closed)
        if person := self.asked.get("person"):
            rows = rows.filter(person=person)
        return allotments.with_progress(rows).select_related("person", "category")

    @extend_schema(responses=AllotmentSerializer)
    def retrieve(self, request: Request, slug: str, id: str) -> Response:
        """How far it is."""
        return self.shown(access.allotment_of(self.dataset_to_curate(), int(id)).pk)

    @extend_schema(request=AllotmentWish, responses={201: AllotmentSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Give somebody work: it waits for them, and they are told."""
        dataset, sent = self.dataset_to_curate(), checked(AllotmentWish, request.data)
        fields = valid(AllotmentForm(dataset, self._as_typed(sent)))
        given = allotments.allot(dataset=dataset, by=self.person, **fields)
        return self.shown(given.pk, status=201)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, slug: str, id: str) -> Response:
        """What is not done goes to everybody again."""
        checked(Nothing, request.data)
        given = access.allotment_of(self.dataset_to_curate(), int(id))
        allotments.take_back(allotment_id=given.pk, by=self.person)
        return self.shown(given.pk)

    def _as_typed(self, sent: dict[str, Any]) -> dict[str, Any]:
        """As the page sends it: a category by its number, conversations in a line."""
        typed = dict(sent)
        if slug := typed.get("category"):
            there = Category.objects.filter(dataset=self.dataset, slug=slug).first()
            typed["category"] = there.pk if there else 0  # which the form refuses
        typed["conversations"] = ",".join(map(str, sent.get("conversations", ())))
        return typed
