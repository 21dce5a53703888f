"""Files that a worker reads or writes: how far they are, and called off."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions import errands
from curation.api.within import Numbered
from curation.models.errands import Errand
from curation.rest.parsers import CarefulJSONParser
from curation.rest.strict import Nothing, checked
from curation.wording import translated


class ErrandSerializer(serializers.ModelSerializer[Any]):
    why = serializers.SerializerMethodField(help_text="It failed, or its file was lost.")

    def get_why(self, found: Errand) -> str:
        return translated(found.why)


class WrittenSerializer(ErrandSerializer):
    sha256 = serializers.CharField(
        source="digest", read_only=True, help_text="Of the file, once it is done."
    )
    has_file = serializers.BooleanField(read_only=True)


class Errands(Numbered):
    """For curators, the newest first."""

    def retrieve(self, request: Request, slug: str, id: str) -> Response:
        """How far it is."""
        return self.told(self.one(id))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], parser_classes=[CarefulJSONParser])
    def cancel(self, request: Request, slug: str, id: str) -> Response:
        """Call it off: no file is kept. What is in the record already stays there."""
        checked(Nothing, request.data)
        errands.cancel(self.one(id), by=self.person)
        return self.told(self.one(id))

    def one(self, id: str) -> Errand:
        """Of the dataset, for its curators; or 404."""
        raise NotImplementedError

    def told(self, found: Errand, status: int = 200) -> Response:
        return Response(self.get_serializer(found).data, status=status)
