"""The files of models, by name: weights as safetensors, and what belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
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

BINARY = "application/octet-stream"


class FileRenderer(JSONRenderer):
    """So that asking for bytes is not refused. They come from a file; refusals as JSON."""

    media_type = BINARY
    format = "file"


class Taken(NamedTuple):
    """What may be taken away, and the hash of each that is asked for."""

    files: Mapping[str, Path]
    hashes: Callable[[Mapping[str, Path]], Mapping[str, str]]


class ModelFiles(GenericViewSet[Any]):
    """For those who may take the model away, with all that it learned from."""

    @extend_schema(responses=ModelFilesSerializer)
    @action(detail=True)
    def files(self, request: Request, pk: str) -> Response:
        """What its model is made of; nothing where the weights were deleted."""
        found = self.taken(int(pk))
        known = found.hashes(found.files)
        rows = [
            {"name": name, "bytes": path.stat().st_size, "sha256": known[name]}
            for name, path in found.files.items()
        ]
        return Response(ModelFilesSerializer({"results": rows}).data)

    @extend_schema(responses={(200, BINARY): OpenApiTypes.BINARY})
    @action(
        detail=True,
        url_path=r"files/(?P<name>[\w.-]{1,200})",
        renderer_classes=[FileRenderer, JSONRenderer],
    )
    def file(self, request: Request, pk: str, name: str) -> HttpResponseBase:
        """One of them; `Range` asks for a part, and the ETag is its SHA-256."""
        found = self.taken(int(pk))
        path = found.files.get(name)
        if path is None:
            raise Http404
        tag = found.hashes({name: path})[name]
        size = path.stat().st_size
        return partial.answer(
            request._request, path.open("rb"), name=name, size=size, tag=tag, kind=BINARY
        )

    def taken(self, pk: int) -> Taken:
        raise NotImplementedError


@extend_schema_view(file=extend_schema(operation_id="runs_file"))
class RunFiles(ModelFiles):
    """Of a run: its adapter, or its whole model."""

    def taken(self, pk: int) -> Taken:
        run = access.finished_run_to_take(cast(SignedInRequest, self.request), pk)
        if run.retired_at is not None:
            raise TrainerError(saw.why_retired(run))
        return Taken(takeaway.files(run), lambda found: takeaway.hashes(run, found))


@extend_schema_view(file=extend_schema(operation_id="jobs_file"))
class JobFiles(ModelFiles):
    """Of an export: whole weights, and what belongs to them."""

    def taken(self, pk: int) -> Taken:
        job = access.job_to_take(cast(SignedInRequest, self.request), pk)
        if job.run is not None and job.run.retired_at is not None:
            raise TrainerError(saw.why_retired(job.run))
        made = takeaway.exported(job)
        return Taken(made, lambda found: takeaway.hashes_of_export(job, found))
