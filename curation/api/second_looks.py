"""What was judged under an older guideline, put before people again; for curators."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import older_guidelines, second_looks
from curation.actions.older_guidelines import Older
from curation.api.within import Numbered
from curation.background import ring
from curation.forms.judged_again import OlderForm
from curation.judged_again import foreseen
from curation.models import SecondLook
from curation.rest.forms import valid
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked
from curation.tasks import judge_again

Read = serializers.Serializer[Any]


class SecondLookSerializer(serializers.ModelSerializer[SecondLook]):
    version = serializers.IntegerField(
        source="guideline.number", read_only=True, allow_null=True, default=None,
        help_text="Of the guideline that it was judged under; null: all older ones.",
    )  # fmt: skip
    newest = serializers.IntegerField(source="newest.number", read_only=True)
    category = serializers.SlugField(
        source="category.slug", read_only=True, allow_null=True, default=None
    )
    asked_by = serializers.IntegerField(source="asked_by_id", read_only=True)

    class Meta:
        model = SecondLook
        fields = (
            "id", "version", "newest", "category", "asked_by", "asked_at", "ended_at",
            "reopened", "standing", "prompts",
        )  # fmt: skip


class SecondLookWish(Strict):
    """Left out: under all older versions, in all categories."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    category = serializers.SlugField(required=False)


class ForeseenSerializer(Read):
    verdicts = serializers.IntegerField(help_text="That would be set aside.")
    texts = serializers.IntegerField(help_text="That these are on.")
    reviews = serializers.IntegerField(help_text="Tasks that people would get.")
    ballots = serializers.IntegerField()
    prompts = serializers.IntegerField()
    rankings = serializers.IntegerField(help_text="Tasks that people would get.")
    stuck = serializers.IntegerField(
        help_text="Texts that keep their verdicts, as too few others may judge them."
    )
    versions = serializers.IntegerField(help_text="Frozen ones, which stay as they are.")


class OfPersonSerializer(Strict):
    person = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class AskedAgainSerializer(Read):
    reopened = serializers.IntegerField(help_text="Texts that wait for review again.")
    standing = serializers.IntegerField(help_text="Texts that others decided alike.")
    left = serializers.IntegerField(help_text="Verdicts that were not looked at yet.")
    versions = serializers.SerializerMethodField(
        help_text="Digests of those frozen with one of them, which stay as they are."
    )

    def get_versions(self, asked: second_looks.Asked) -> list[str]:
        return [version.digest for version in asked.versions]


class SecondLookViewSet(Numbered):
    """The newest first. One at a time; a worker goes on with it, a part after the other."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "stop", "of_person"), Scope.CURATE
    )
    keyless = ("of_person",)
    asks: ClassVar[dict[str, type[Strict]]] = {"foreseen": SecondLookWish}
    queryset = SecondLook.objects.none()
    serializer_class = SecondLookSerializer

    def get_queryset(self) -> QuerySet[SecondLook]:
        rows = SecondLook.objects.filter(dataset=self.dataset_to_curate())
        return rows.select_related("guideline", "newest", "category")

    def retrieve(self, request: Request, slug: str, id: str) -> Response:
        """How far it is."""
        return self.shown(access.second_look_in(self.dataset_to_curate(), int(id)).pk)

    @extend_schema(request=SecondLookWish, responses={201: SecondLookSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Have it judged again. Frozen versions stay as they are."""
        older = self._older(checked(SecondLookWish, request.data))
        wanted = older_guidelines.ask(older=older, by=self.person)
        ring(judge_again)
        return self.shown(wanted.pk, status=201)

    @extend_schema(responses=ForeseenSerializer)
    @action(detail=False, pagination_class=None)
    def foreseen(self, request: Request, slug: str) -> Response:
        """How much it would be, and how much work for people."""
        older, policy = self._older(self.asked), self.dataset_to_curate().policy
        shown: Any = foreseen(older, policy)._asdict()
        return Response(ForeseenSerializer(shown).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, slug: str, id: str) -> Response:
        """What is left counts on as it was judged."""
        checked(Nothing, request.data)
        look = access.second_look_in(self.dataset_to_curate(), int(id))
        older_guidelines.stop(look_id=look.pk, by=self.person)
        return self.shown(look.pk)

    @extend_schema(request=OfPersonSerializer, responses=AskedAgainSerializer)
    @action(detail=False, methods=["post"], url_path="of-person", pagination_class=None)
    def of_person(self, request: Request, slug: str) -> Response:
        """Set aside what one person judged here, the oldest first, and ask others.

        So many at once: while any are `left`, send it again. An idempotency key does
        nothing here: what was set aside is not set aside twice.
        """
        dataset = self.dataset_to_curate()
        sent = checked(OfPersonSerializer, request.data)
        person = access.person_to_curate(self.asking, dataset, sent["person"])
        asked: Any = second_looks.ask_about_person(
            person=person, dataset=dataset, by=self.person
        )
        return Response(AskedAgainSerializer(asked).data)

    def _older(self, asked: Any) -> Older:
        dataset = self.dataset_to_curate()
        newest = dataset.guideline_in_force()
        if newest is None:
            raise Http404
        form = OlderForm(dataset, newest, asked)
        valid(form)
        return form.older
