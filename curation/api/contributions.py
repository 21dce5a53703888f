"""What a person judged, and what became of it: their own reviews and rankings."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import care, contributions
from curation.api.judgements import AddressField, EntrySerializer
from curation.contributions import Chosen, Tab, Verdict
from curation.models import Ballot, Review
from curation.rest.pagination import CarefulCursor
from curation.rest.resource import Resource
from curation.rest.strict import Strict

Read = serializers.Serializer[Any]


class NewestSaid(CarefulCursor):
    ordering = ("-created_at", "-pk")


class MyReviewSerializer(serializers.ModelSerializer[Review]):
    message = AddressField(source="message_id", read_only=True)
    dataset = serializers.SlugField(
        source="message.conversation.dataset.slug", read_only=True
    )
    agrees = serializers.BooleanField(
        read_only=True, allow_null=True, help_text="Decided as you said; null: not yet."
    )

    class Meta:
        model = Review
        fields = (
            "id", "message", "dataset", "verdict", "reason", "note", "created_at", "agrees",
        )  # fmt: skip


class MyBallotSerializer(serializers.ModelSerializer[Ballot]):
    prompt = AddressField(source="prompt_id", read_only=True)
    dataset = serializers.SlugField(
        source="prompt.conversation.dataset.slug", read_only=True
    )
    entries = EntrySerializer(many=True, read_only=True)
    agrees = serializers.SerializerMethodField(
        help_text="Your first choice is the first of all; null: not settled yet."
    )
    ballots = serializers.SerializerMethodField(help_text="So far, where it is settled.")

    class Meta:
        model = Ballot
        fields = (
            "id", "prompt", "dataset", "outcome", "reason", "note", "entries", "created_at",
            "agrees", "ballots",
        )  # fmt: skip

    def get_agrees(self, ballot: Ballot) -> bool | None:
        return contributions.cast(ballot).agrees

    def get_ballots(self, ballot: Ballot) -> int | None:
        settlement = contributions.cast(ballot).settlement
        return settlement.ballots if settlement else None


class MyReviewFilterSerializer(Strict):
    state = serializers.ChoiceField(choices=Verdict.choices, required=False)
    dataset = serializers.SlugField(required=False)


class MyBallotFilterSerializer(Strict):
    state = serializers.ChoiceField(choices=Ballot.Outcome.choices, required=False)
    dataset = serializers.SlugField(required=False)


class CareSerializer(Read):
    dataset = serializers.SlugField(source="dataset.slug")
    met = serializers.IntegerField(help_text="Known items.")
    right = serializers.IntegerField(
        source="gold_right", help_text="Of these, decided as expected."
    )
    counts = serializers.ChoiceField(
        choices=["more", "less", "alike"], help_text="Rankings, beside a newcomer's."
    )


class CaresSerializer(Read):
    results = CareSerializer(many=True)


class Mine(mixins.ListModelMixin, Resource, viewsets.GenericViewSet[Any]):
    """In datasets that the person still sees, as they are about others' texts."""

    pagination_class = NewestSaid
    tab: ClassVar[Tab]

    def get_queryset(self) -> QuerySet[Any]:
        chosen = Chosen(self.asked.get("state", ""), self.asked.get("dataset", ""))
        return contributions.listed(self.person, self.tab, chosen)


class MyReviewViewSet(Mine):
    asks: ClassVar[dict[str, type[Strict]]] = {"list": MyReviewFilterSerializer}
    tab = Tab.REVIEWS
    queryset = Review.objects.none()
    serializer_class = MyReviewSerializer

    @extend_schema(responses=CaresSerializer)
    @action(detail=False, pagination_class=None)
    def care(self, request: Request) -> Response:
        """How one's judgement did on known items. Only curators see this, too."""
        told: Any = {"results": care.of_person(self.person)}
        return Response(CaresSerializer(told).data)


class MyBallotViewSet(Mine):
    asks: ClassVar[dict[str, type[Strict]]] = {"list": MyBallotFilterSerializer}
    tab = Tab.BALLOTS
    queryset = Ballot.objects.none()
    serializer_class = MyBallotSerializer
