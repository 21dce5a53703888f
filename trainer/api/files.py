"""The files of a run's model, by name: weights as safetensors, and what belongs to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from curation import partial
from curation.http import SignedInRequest
from trainer import access, saw, takeaway
from trainer.api.serializers import ModelFilesSerializer
from trainer.errors import TrainerError
from trainer.models import Run

BINARY = "application/octet-stream"


class FileRenderer(JSONRenderer):
    """So that asking for bytes is not refused. They come from a file; refusals as JSON."""

    media_type = BINARY
    format = "file"


class RunFiles(GenericViewSet[Any]):
    """For those who may take the model away, with all that it learned from."""

    @extend_schema(responses=ModelFilesSerializer)
    @action(detail=True)
    def files(self, request: Request, pk: str) -> Response:
        """What its model is made of; nothing where the weights were deleted."""
        run, found = self._found(pk)
        known = takeaway.hashes(run, found)
        rows = [
            {"name": name, "bytes": path.stat().st_size, "sha256": known[name]}
            for name, path in found.items()
        ]
        return Response(ModelFilesSerializer({"results": rows}).data)

    @extend_schema(operation_id="runs_file", responses={(200, BINARY): OpenApiTypes.BINARY})
    @action(
        detail=True,
        url_path=r"files/(?P<name>[\w.-]{1,200})",
        renderer_classes=[FileRenderer, JSONRenderer],
    )
    def file(self, request: Request, pk: str, name: str) -> HttpResponseBase:
        """One of them; `Range` asks for a part, and the ETag is its SHA-256."""
        run, found = self._found(pk)
        path = found.get(name)
        if path is None:
            raise Http404
        tag = takeaway.hashes(run, {name: path})[name]
        size = path.stat().st_size
        return partial.answer(
            request._request, path.open("rb"), name=name, size=size, tag=tag, kind=BINARY
        )

    def _found(self, pk: str) -> tuple[Run, dict[str, Path]]:
        run = access.finished_run_to_take(cast(SignedInRequest, self.request), int(pk))
        if run.retired_at is not None:
            raise TrainerError(saw.why_retired(run))
        return run, takeaway.files(run)
