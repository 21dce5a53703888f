"""What people said about texts, for those who curate them: reviews, ballots, settlements,
and what checks saw."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers

from curation.addresses import address_of, number_of
from curation.api.messages import ORDERS
from curation.api.nodes import FindingSerializer
from curation.api.within import Within
from curation.models import Ballot, BallotEntry, Finding, Review, Settlement
from curation.rest.pagination import InOrder
from curation.rest.strict import Strict


@extend_schema_field(str)
class AddressField(serializers.Field[Any, Any, Any, Any]):
    """A message by the address that it has everywhere."""

    def to_representation(self, value: int) -> str:
        return address_of(value, of="message")

    def to_internal_value(self, data: Any) -> int:
        try:
            return number_of(str(data), of="message")
        except ValueError as error:
            raise serializers.ValidationError(_("There is no such text.")) from error


class ReviewSerializer(serializers.ModelSerializer[Review]):
    message = AddressField(source="message_id", read_only=True)
    reviewer = serializers.IntegerField(source="reviewer_id", read_only=True)
    labels = serializers.SerializerMethodField()
    guideline = serializers.IntegerField(
        source="guideline.number", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Review
        fields = (
            "id", "message", "reviewer", "verdict", "reason", "note", "is_final", "labels",
            "active_seconds", "guideline", "created_at", "set_aside_at",
        )  # fmt: skip

    def get_labels(self, review: Review) -> dict[str, int]:
        return {label.name: label.value for label in review.labels.all()}


class EntrySerializer(serializers.ModelSerializer[BallotEntry]):
    reply = AddressField(source="reply_id", read_only=True)

    class Meta:
        model = BallotEntry
        fields = ("reply", "position", "shown", "rating")


class BallotSerializer(serializers.ModelSerializer[Ballot]):
    prompt = AddressField(source="prompt_id", read_only=True)
    ranker = serializers.IntegerField(
        source="ranker_id", read_only=True, allow_null=True, help_text="Null: imported."
    )
    entries = EntrySerializer(many=True, read_only=True)
    guideline = serializers.IntegerField(
        source="guideline.number", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Ballot
        fields = (
            "id", "prompt", "ranker", "ranking_round", "outcome", "protocol", "strength",
            "reason", "note", "entries", "active_seconds", "guideline", "created_at",
            "set_aside_at",
        )  # fmt: skip


class SettledSerializer(serializers.ModelSerializer[Settlement]):
    prompt = AddressField(source="prompt_id", read_only=True)
    order = serializers.SerializerMethodField(
        help_text="Answers, best first; those of a group are tied."
    )

    class Meta:
        model = Settlement
        fields = (
            "prompt", "status", "ballots", "agreement", "kendall_w", "is_weighted", "order",
            "settled_at",
        )  # fmt: skip

    def get_order(self, row: Settlement) -> list[list[str]]:
        return [[address_of(pk, of="message") for pk in group] for group in row.order]


class SeenSerializer(FindingSerializer):
    id = serializers.IntegerField(read_only=True)
    message = AddressField(source="message_id", read_only=True)

    class Meta(FindingSerializer.Meta):
        fields = ("id", "message", *FindingSerializer.Meta.fields, "created_at")  # type: ignore[assignment]


class JudgementFilterSerializer(Strict):
    since = serializers.DateTimeField(required=False)
    person = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    order = serializers.ChoiceField(choices=list(ORDERS), required=False)


class ReviewFilterSerializer(JudgementFilterSerializer):
    message = AddressField(required=False)
    verdict = serializers.ChoiceField(choices=Review.Verdict.choices, required=False)


class BallotFilterSerializer(JudgementFilterSerializer):
    prompt = AddressField(required=False)
    outcome = serializers.ChoiceField(choices=Ballot.Outcome.choices, required=False)


class SettledFilterSerializer(Strict):
    status = serializers.ChoiceField(choices=Settlement.Status.choices, required=False)
    since = serializers.DateTimeField(required=False)
    order = serializers.ChoiceField(choices=list(ORDERS), required=False)


class SeenFilterSerializer(Strict):
    check = serializers.CharField(required=False, max_length=40)
    message = AddressField(required=False)
    score_from = serializers.FloatField(required=False, min_value=0, max_value=1)
    order = serializers.ChoiceField(choices=list(ORDERS), required=False)


class ForCurators(mixins.ListModelMixin, Within):
    """A list that only those see who curate the dataset; others get a 404."""

    pagination_class = InOrder
    orders: ClassVar[dict[str, tuple[str, ...]]] = ORDERS
    # Where a parameter of the address looks, and how rows reach their dataset.
    columns: ClassVar[dict[str, str]] = {}
    in_dataset: ClassVar[str]

    def get_queryset(self) -> QuerySet[Any]:
        here = {self.in_dataset: self.dataset_to_curate()}
        wanted = {
            self.columns[name]: value
            for name, value in self.asked.items()
            if name in self.columns
        }
        return super().get_queryset().filter(**here, **wanted)


class ReviewViewSet(ForCurators):
    """Every verdict; those that were set aside count no longer."""

    queryset = Review.objects.select_related("guideline").prefetch_related("labels")
    serializer_class = ReviewSerializer
    asks: ClassVar[dict[str, type[Strict]]] = {"list": ReviewFilterSerializer}
    in_dataset = "message__conversation__dataset"
    columns: ClassVar[dict[str, str]] = {
        "message": "message", "verdict": "verdict", "person": "reviewer",
        "since": "created_at__gte",
    }  # fmt: skip


class BallotViewSet(ForCurators):
    """Every ballot on the answers to a prompt."""

    queryset = Ballot.objects.select_related("guideline").prefetch_related("entries")
    serializer_class = BallotSerializer
    asks: ClassVar[dict[str, type[Strict]]] = {"list": BallotFilterSerializer}
    in_dataset = "prompt__conversation__dataset"
    columns: ClassVar[dict[str, str]] = {
        "prompt": "prompt", "outcome": "outcome", "person": "ranker",
        "since": "created_at__gte",
    }  # fmt: skip


class SettlementViewSet(ForCurators):
    """What the ballots on each prompt add up to."""

    queryset = Settlement.objects.all()
    serializer_class = SettledSerializer
    asks: ClassVar[dict[str, type[Strict]]] = {"list": SettledFilterSerializer}
    in_dataset = "prompt__conversation__dataset"
    columns: ClassVar[dict[str, str]] = {"status": "status", "since": "settled_at__gte"}


class FindingViewSet(ForCurators):
    """What automatic checks saw in texts: advice, never a verdict."""

    queryset = Finding.objects.all()
    serializer_class = SeenSerializer
    asks: ClassVar[dict[str, type[Strict]]] = {"list": SeenFilterSerializer}
    in_dataset = "message__conversation__dataset"
    columns: ClassVar[dict[str, str]] = {
        "check": "check_name", "message": "message", "score_from": "score__gte",
    }  # fmt: skip
