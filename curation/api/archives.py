"""The whole of a dataset as one file, to be kept elsewhere or moved to another server."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, downloads, tasks
from curation.actions import archives
from curation.api.errands import Errands, WrittenSerializer
from curation.background import ring
from curation.models import Archiving
from curation.rest.renderers import FILE
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked


class ArchiveSerializer(WrittenSerializer):
    kept_until = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Archiving
        fields = (
            "id", "has_names", "state", "seen", "of", "size", "sha256", "has_file",
            "kept_until", "why", "asked_at", "ended_at",
        )  # fmt: skip


class ArchiveWish(Strict):
    has_names = serializers.BooleanField(
        default=True,
        help_text="Or people as numbers, without comments, notes and history.",
    )


class ArchiveViewSet(Errands):
    """For curators, the newest first. DELETE destroys the file before its week is over."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "cancel", "destroy"), Scope.CURATE
    )
    queryset = Archiving.objects.none()
    serializer_class = ArchiveSerializer

    def one(self, id: str) -> Archiving:
        return access.archiving_in(self.dataset_to_curate(), int(id))

    def get_queryset(self) -> QuerySet[Archiving]:
        return self.dataset_to_curate().archivings.all()

    @extend_schema(request=ArchiveWish, responses={201: ArchiveSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Have one made, in the background. While one is being made, another waits."""
        dataset, wanted = self.dataset_to_curate(), checked(ArchiveWish, request.data)
        asked = archives.ask(dataset_id=dataset.pk, by=self.person, **wanted)
        ring(tasks.make_archive, archiving_id=asked.pk)
        return self.told(asked, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, slug: str, id: str) -> Response:
        archives.destroy(archiving_id=self.one(id).pk, by=self.person)
        return Response(status=204)

    @extend_schema(
        operation_id="datasets_archives_file",
        responses={(200, "application/zip"): bytes},
    )
    @action(detail=True, renderer_classes=FILE)
    def file(self, request: Request, slug: str, id: str) -> HttpResponseBase:
        """Whole or in part: a download that broke off goes on by `Range`."""
        return downloads.archive(request._request, self.one(id))
