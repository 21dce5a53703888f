"""Versions for other eyes: files in which nobody is named, each made for one recipient."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, downloads
from curation.actions import exports
from curation.actions.rights import holds
from curation.forms.exports import ExportForm
from curation.models import DatasetVersion, Export
from curation.rest.forms import valid
from curation.rest.pagination import LastFirst
from curation.rest.renderers import LINES
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked


class ExportSerializer(serializers.ModelSerializer[Export]):
    made_by = serializers.IntegerField(source="made_by_id", read_only=True)

    class Meta:
        model = Export
        fields = ("id", "made_for", "made_by", "made_at")


class MakeSerializer(Strict):
    made_for = serializers.CharField(max_length=200, help_text="Who gets it, and for what.")


class ExportViewSet(mixins.ListModelMixin, Resource, viewsets.GenericViewSet[Export]):
    """Of a version, for the curators of its dataset."""

    scopes: ClassVar[dict[str, str]] = {"create": Scope.CURATE}
    places: ClassVar[dict[str, type]] = {"digest": str, "id": int, "split": str}
    queryset = Export.objects.none()
    serializer_class = ExportSerializer
    pagination_class = LastFirst
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]{1,9}"

    @cached_property
    def version(self) -> DatasetVersion:
        found = access.version_by_digest(self.asking, self.kwargs["digest"])
        if not holds(self.person, found.dataset):
            raise Http404
        return found

    def get_queryset(self) -> QuerySet[Export]:
        return self.version.exports.all()

    @extend_schema(request=MakeSerializer, responses={201: ExportSerializer})
    def create(self, request: Request, digest: str) -> Response:
        """One for each recipient: asked for twice, it is the same one."""
        fields = valid(ExportForm(checked(MakeSerializer, request.data)))
        made = exports.make(version=self.version, by=self.person, **fields)
        return Response(ExportSerializer(made).data, status=201)

    @extend_schema(
        operation_id="versions_exports_lines",
        responses={(200, "application/x-ndjson"): str},
    )
    @action(
        detail=True,
        url_path="(?P<split>train|held_out)",
        renderer_classes=LINES,
    )
    def lines(self, request: Request, digest: str, id: str, split: str) -> HttpResponseBase:
        """A record a line, of one split, under the names of this export alone."""
        export = get_object_or_404(self.get_queryset(), pk=id)
        return downloads.export(request._request, export, split)
