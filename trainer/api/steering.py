"""Runs and jobs are listed, stopped and gone on with alike: see trainer/steering.py."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation.rest.pagination import InOrder
from curation.rest.renderers import FILE
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, checked
from trainer.api.wishes import NEWEST, OLDEST
from trainer.steering import Noun, logged


class Steered(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Any],
):
    """Who may see one, and may not steer it, is refused by its action: 403."""

    noun: ClassVar[Noun]
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "cancel", "pause", "retry"), Scope.TRAIN
    )
    pagination_class = InOrder
    orders: ClassVar[dict[str, tuple[str, ...]]] = {
        NEWEST: ("-queued_at", "-id"), OLDEST: ("queued_at", "id"),
    }  # fmt: skip
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End it: at once where it waits; a worker at work stops within seconds."""
        return self._steered(request, "cancel")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Stop it for now, to go on from its last checkpoint."""
        return self._steered(request, "pause")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Queue an ended or paused one again; it goes on where it stopped."""
        answer = self._steered(request, "retry")
        self.noun.ring(answer.data["id"])
        return answer

    @extend_schema(responses={(200, "text/plain"): str})
    @action(detail=True, renderer_classes=FILE)
    def log(self, request: Request, pk: str) -> HttpResponse:
        """All that its worker wrote down; 404 where it has not begun."""
        return logged(self.noun, self.noun.to_read_log(self.asking, int(pk)))

    def _steered(self, request: Request, verb: str) -> Response:
        checked(Nothing, request.data)
        pk = self.get_object().pk
        getattr(self.noun.actions, verb)(**self.noun.id(pk), by=self.person)
        return self.shown(pk)
