"""Known items, for curators alone: others meet them as if nobody had judged them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, known
from curation.actions import gold, gold_rankings
from curation.addresses import address_of
from curation.api.judgements import AddressField
from curation.api.within import Numbered
from curation.forms.moderation import GoldForm
from curation.models import GoldItem, GoldRanking
from curation.rest.forms import valid
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked

Read = serializers.Serializer[Any]
AMONG_ITEMS = (
    "id", "why", "made_by", "created_at", "retired_at", "answered", "right",
)  # fmt: skip


class KnownItemSerializer(serializers.ModelSerializer[GoldItem]):
    message = AddressField(source="message_id", read_only=True)
    made_by = serializers.IntegerField(source="made_by_id", read_only=True)
    answered = serializers.IntegerField(read_only=True, help_text="How many met it.")
    right = serializers.IntegerField(read_only=True, help_text="Of these, as expected.")

    class Meta:
        model = GoldItem
        fields = ("message", "verdict", *AMONG_ITEMS)


class KnownRankingSerializer(serializers.ModelSerializer[GoldRanking]):
    prompt = AddressField(source="prompt_id", read_only=True)
    order = serializers.SerializerMethodField(
        help_text="Answers, best first; those of a group may be ordered as one likes."
    )
    made_by = serializers.IntegerField(source="made_by_id", read_only=True)
    answered = serializers.IntegerField(read_only=True, help_text="How many met it.")
    right = serializers.IntegerField(read_only=True, help_text="Of these, as expected.")
    mean = serializers.FloatField(
        read_only=True, allow_null=True,
        help_text="Of the shares of known pairs that they ordered as expected.",
    )  # fmt: skip

    class Meta:
        model = GoldRanking
        fields = ("prompt", "order", *AMONG_ITEMS, "mean")

    def get_order(self, item: GoldRanking) -> list[list[str]]:
        return [[address_of(pk, of="message") for pk in group] for group in item.order]


class KnownFilterSerializer(Strict):
    is_retired = serializers.BooleanField(required=False, allow_null=True, default=None)


class KnownItemWish(Strict):
    message = AddressField(help_text="Of a text that was accepted or rejected.")
    verdict = serializers.ChoiceField(choices=["accept", "reject"])
    why = serializers.CharField(
        max_length=300, help_text="A reviewer who decides otherwise reads it."
    )


class KnownRankingWish(Strict):
    prompt = AddressField()
    order = serializers.ListField(
        child=serializers.ListField(child=AddressField(), min_length=1),
        min_length=1,
        help_text="All answers to it, best first, in groups of equals.",
    )
    why = serializers.CharField(
        max_length=300, help_text="Who orders them otherwise reads it."
    )

    def validate_order(self, order: list[list[int]]) -> list[list[int]]:
        named = [one for group in order for one in group]
        if len(named) != len(set(named)):
            raise serializers.ValidationError(_("An answer has one place."))
        return order


class ShareSerializer(Read):
    person = serializers.IntegerField(source="person.pk")
    name = serializers.CharField(source="person.__str__")
    met = serializers.IntegerField()
    right = serializers.IntegerField()


class SharesSerializer(Read):
    results = ShareSerializer(many=True)


class Known(Numbered):
    """What known texts and known orders have in common."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "retire"), Scope.CURATE)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": KnownFilterSerializer}

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        is_retired = self.asked.get("is_retired")
        if is_retired is None:
            return rows
        return rows.filter(retired_at__isnull=not is_retired)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, slug: str, id: str) -> Response:
        """Show it to nobody more. What was answered stays counted."""
        checked(Nothing, request.data)
        return self.shown(self.retired(int(id)).pk)

    def retired(self, id: int) -> GoldItem | GoldRanking:
        raise NotImplementedError


class KnownItemViewSet(Known):
    """Texts whose verdict is known, mixed unseen into reviews; the newest first."""

    queryset = GoldItem.objects.none()
    serializer_class = KnownItemSerializer

    def get_queryset(self) -> QuerySet[GoldItem]:
        return self.narrowed(known.verdicts(self.dataset_to_curate()))

    @extend_schema(request=KnownItemWish, responses={201: KnownItemSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Use a decided text to see how reviewers judge. A retired one comes back."""
        dataset, sent = self.dataset_to_curate(), checked(KnownItemWish, request.data)
        message = access.message_in(dataset, sent.pop("message"))
        fields = valid(GoldForm(sent))
        made = gold.make(message_id=message.pk, by=self.person, **fields)
        return self.shown(made.pk, status=201)

    def retired(self, id: int) -> GoldItem:
        item = access.gold_item_in(self.dataset_to_curate(), id)
        return gold.retire(item_id=item.pk, by=self.person)

    @extend_schema(responses=SharesSerializer)
    @action(detail=False, pagination_class=None)
    def people(self, request: Request, slug: str) -> Response:
        """How many each person met, of texts and of orders, and how many rightly."""
        shown: Any = {"results": known.shares(self.dataset_to_curate())}
        return Response(SharesSerializer(shown).data)


class KnownRankingViewSet(Known):
    """Prompts whose answers' order is known, mixed unseen into rankings."""

    queryset = GoldRanking.objects.none()
    serializer_class = KnownRankingSerializer

    def get_queryset(self) -> QuerySet[GoldRanking]:
        return self.narrowed(known.orders(self.dataset_to_curate()))

    @extend_schema(request=KnownRankingWish, responses={201: KnownRankingSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Use a prompt to see how people rank. A retired one comes back."""
        dataset, sent = self.dataset_to_curate(), checked(KnownRankingWish, request.data)
        prompt = access.message_in(dataset, sent["prompt"])
        made = gold_rankings.make(
            prompt_id=prompt.pk,
            by=self.person,
            placed={pk: n for n, group in enumerate(sent["order"], 1) for pk in group},
            why=sent["why"],
        )
        return self.shown(made.pk, status=201)

    def retired(self, id: int) -> GoldRanking:
        item = access.gold_ranking_in(self.dataset_to_curate(), id)
        return gold_rankings.retire(item_id=item.pk, by=self.person)
