"""Who did how much that counts, for people of the same datasets."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, standings
from curation.models import Contributor
from curation.rest.resource import Resource
from curation.rest.strict import Strict
from curation.standings import Period

Read = serializers.Serializer[Any]


class LeaderboardFilterSerializer(Strict):
    period = serializers.ChoiceField(choices=Period.choices, default=Period.WEEK)
    dataset = serializers.SlugField(required=False, help_text="Left out: all of yours.")


class TallySerializer(Read):
    points = serializers.IntegerField()
    texts = serializers.IntegerField(help_text="Accepted.")
    conversations = serializers.IntegerField(help_text="Complete.")
    reviews = serializers.IntegerField(help_text="That were decided alike.")
    ballots = serializers.IntegerField()


class StandingSerializer(Read):
    place = serializers.IntegerField(help_text="Equal points share one.")
    person = serializers.IntegerField(source="person.pk")
    name = serializers.CharField(source="person.__str__")
    tally = TallySerializer()


class LeaderboardSerializer(Read):
    takes_part = serializers.BooleanField(
        help_text="Who does not, by their profile, is told nobody's but their own."
    )
    mine = TallySerializer()
    results = StandingSerializer(
        many=True, source="standings", help_text="The first fifty places, and your own."
    )


class LeaderboardViewSet(Resource, viewsets.GenericViewSet[Contributor]):
    asks: ClassVar[dict[str, type[Strict]]] = {"retrieve": LeaderboardFilterSerializer}
    queryset = Contributor.objects.none()
    pagination_class = None

    @extend_schema(responses=LeaderboardSerializer)
    def retrieve(self, request: Request) -> Response:
        """Accepted work and finished conversations count, not clicks."""
        slug = self.asked.get("dataset")
        there = [access.dataset(self.asking, slug)] if slug else None
        datasets = there or list(access.datasets(self.asking))
        board: Any = standings.shown(datasets, self.asked["period"], self.person)
        return Response(LeaderboardSerializer(board).data)
