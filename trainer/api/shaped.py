"""Which answers of models one's own texts helped to be what they are."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from curation.rest.resource import Resource
from trainer import shaping
from trainer.models import Influence

Read = serializers.Serializer[Any]


class PartSerializer(Read):
    """What one's texts did in one model."""

    name = serializers.CharField()
    answers = serializers.IntegerField(help_text="That they helped to be what they are.")
    of = serializers.IntegerField(help_text="Answers that were looked at.")
    texts = serializers.IntegerField()


class PartsSerializer(Read):
    results = PartSerializer(many=True)


class MyInfluenceViewSet(Resource, viewsets.GenericViewSet[Influence]):
    queryset = Influence.objects.none()
    pagination_class = None

    @extend_schema(responses=PartsSerializer)
    def retrieve(self, request: Request) -> Response:
        """The newest model first."""
        parts: Any = {"results": shaping.of_person(self.person)}
        return Response(PartsSerializer(parts).data)
