"""Frozen versions and their files, for programs. Everything is behind membership."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from curation import downloads, files, handoff, partial, tasks
from curation.actions import freezing, versions
from curation.api.serializers import (
    FilterSerializer,
    FreezeSerializer,
    FreezingSerializer,
    SinceSerializer,
    SplitSerializer,
    VersionDetailSerializer,
    VersionFilesSerializer,
    VersionSerializer,
)
from curation.background import ring
from curation.comparison import KINDS, compare
from curation.models import Dataset, DatasetVersion, Freezing
from curation.rest.pagination import NewestFirst
from curation.rest.renderers import FILE, LINES
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked


class VersionViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[DatasetVersion],
):
    """Frozen versions: read by members, made by curators, changed by nobody."""

    scopes: ClassVar[dict[str, str]] = {"create": Scope.CURATE}
    asks: ClassVar[dict[str, type[Strict]]] = {
        "list": FilterSerializer,
        "records": SplitSerializer,
        "diff": SinceSerializer,
    }
    pagination_class = NewestFirst
    places: ClassVar[dict[str, type]] = {"name": str}
    lookup_field = "digest"
    lookup_value_regex = "[0-9a-f]{64}"

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        seen = Dataset.objects.visible_to(self.person)
        rows = DatasetVersion.objects.for_listing().filter(dataset__in=seen)
        slug = self.asked.get("dataset")
        return rows.filter(dataset__slug=slug) if slug else rows

    def get_serializer_class(self) -> type[BaseSerializer[DatasetVersion]]:
        return VersionSerializer if self.action == "list" else VersionDetailSerializer

    def create(self, request: Request) -> Response:
        """Freeze. When nothing has changed, the version that is there already: 200.

        A large dataset is frozen in the background: 202, and where to look how far it is.
        """
        asked, person = checked(FreezeSerializer, request.data), self.person
        seen = Dataset.objects.visible_to(person)
        dataset = get_object_or_404(seen, slug=asked["dataset"])
        before = dataset.versions.count()
        recipe: dict[str, Any] = dict(asked.get("recipe", {}))
        if freezing.is_large(dataset):
            asked_for = freezing.ask(dataset_id=dataset.pk, by=person, recipe=recipe)
            ring(tasks.freeze_version, freezing_id=asked_for.pk)
            return Response(FreezingSerializer(asked_for).data, status=202)
        version = versions.freeze(dataset_id=dataset.pk, by=person, recipe=recipe)
        is_new = version.number > before
        shown = VersionDetailSerializer(version).data
        return Response(shown, status=201 if is_new else 200)

    @action(detail=True, renderer_classes=LINES)
    def records(self, request: Request, digest: str) -> HttpResponseBase:
        """A canonical record a line, of one split: ?split=train or held_out."""
        version, name = self.get_object(), f"{self.asked['split']}.jsonl"
        kind = files.TYPES[".jsonl"]
        if request.method == "HEAD":  # its file may have to be fetched first
            return partial.stream(request._request, (), name=name, kind=kind)
        file = handoff.open_file(version.pk, name)
        return FileResponse(file, as_attachment=True, filename=name, content_type=kind)

    @extend_schema(responses=VersionFilesSerializer)
    @action(detail=True)
    def files(self, request: Request, digest: str) -> Response:
        """Its files, with their sizes and hashes. They are written on first use."""
        version = self.get_object()
        hashes, sizes = files.manifest_of(version)["files"], files.sizes_of(version)
        rows = [
            {"name": name, "bytes": sizes[name], "sha256": hashes.get(name, "")}
            for name in files.names(version)
        ]
        return Response(VersionFilesSerializer({"results": rows}).data)

    @extend_schema(
        operation_id="versions_file",
        responses={(200, "application/octet-stream"): bytes},
    )
    @action(
        detail=True,
        renderer_classes=FILE,
        url_path=r"files/(?P<name>[a-z_]{1,40}\.[a-z]{4,7})",
    )
    def file(self, request: Request, digest: str, name: str) -> HttpResponseBase:
        """One file, whole or in part: a download that broke off goes on by `Range`."""
        version = self.get_object()
        if name not in files.names(version):
            raise Http404
        return downloads.version_file(request._request, version, name)

    @action(detail=True)
    def verify(self, request: Request, digest: str) -> Response:
        """Compare every text with its frozen hash. Reads all of it, changes nothing."""
        found = versions.check_while_waiting(self.get_object())
        return Response(
            {
                "digest": digest,
                "is_intact": not found.problems,
                "problems": found.problems,
                "erased": found.erased,
            }
        )

    @action(detail=True)
    def diff(self, request: Request, digest: str) -> Response:
        """What was added, removed and changed since another version: ?since=digest."""
        new = self.get_object()
        rows = DatasetVersion.objects.filter(dataset=new.dataset)
        old = get_object_or_404(rows, digest=self.asked["since"])
        found = compare(old, new)
        return Response({
            "since": old.digest,
            "digest": new.digest,
            "counts": {kind: found.counts[kind] for kind in KINDS},
            "shown": [
                {
                    "id": str(found.replies[one.reply].uid),
                    "kind": one.kind,
                    "reasons": [str(why) for why in found.reasons[one.reply]],
                }
                for one in found.shown
            ],
        })  # fmt: skip


class FreezingViewSet(
    mixins.RetrieveModelMixin, Resource, viewsets.GenericViewSet[Freezing]
):
    """Versions in the making: looked at, or called off by DELETE."""

    scopes: ClassVar[dict[str, str]] = {"destroy": Scope.CURATE}
    serializer_class = FreezingSerializer
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Freezing]:
        seen = Dataset.objects.visible_to(self.person)
        rows = Freezing.objects.filter(dataset__in=seen)
        return rows.select_related("dataset", "version")

    def destroy(self, request: Request, pk: str) -> Response:
        freezing.cancel(freezing_id=self.get_object().pk, by=self.person)
        return Response(status=204)
