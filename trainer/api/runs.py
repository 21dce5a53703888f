"""Runs, for programs: asked for, watched, steered, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, ValidationError

from curation import handoff
from curation.background import ring
from curation.errors import NotAllowed
from curation.handoff import FrozenVersion
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from trainer import access, board, estimates, methods, tasks
from trainer.actions import runs as actions
from trainer.api.files import RunFiles
from trainer.api.making import RunMaking
from trainer.api.paging import ByPosition, ByStep
from trainer.api.proof import RunProof
from trainer.api.serializers import (
    EstimateSerializer,
    EvaluationSerializer,
    MetricSerializer,
    RunDetailSerializer,
    RunSerializer,
    SampleSerializer,
)
from trainer.api.wishes import MetricQuery, RunQuery, RunWish, SampleQuery
from trainer.config import RunConfig
from trainer.errors import TrainerError
from trainer.models import BaseModel, Run
from trainer.steering import RUN

FILTERS = {
    "state": "state",
    "method": "method",
    "dataset": "version__dataset__slug",
    "version": "version_digest",
    "base": "base__slug",
}


class RunViewSet(RunFiles, RunMaking, RunProof):
    """Trainings on versions of the person's datasets; its curators start and stop them."""

    noun = RUN
    scopes: ClassVar[dict[str, str]] = {**RunMaking.scopes, "estimate": Scope.TRAIN}
    asks: ClassVar[dict[str, type[Strict]]] = {
        **RunProof.asks,
        "list": RunQuery, "metrics": MetricQuery, "samples": SampleQuery,
    }  # fmt: skip
    queryset = Run.objects.all()

    def get_queryset(self) -> QuerySet[Run]:
        shown = access.runs(self.asking).for_listing()
        if self.action == "list":
            return narrowed(shown, self.asked, FILTERS)
        return shown.prefetch_related("parts")

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return RunSerializer if self.action == "list" else RunDetailSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "why_it_waits": _why_it_waits}

    @extend_schema(request=RunWish, responses={201: RunDetailSerializer})
    def create(self, request: Request) -> Response:
        """Train on a frozen version; settings left out are chosen for it and the base."""
        asked = checked(RunWish, request.data)
        version = access.version(self.asking, asked["version"])
        run = actions.request(
            version_id=version.id,
            base_id=asked["base"].pk,
            config=_settings(asked, version),
            by=self.person,
            recalled=asked["recalled"],
            method=asked["method"],
            parent_id=asked.get("parent"),
        )
        ring(tasks.execute_run, run_id=run.pk)
        return self.shown(run.pk, status=201)

    @extend_schema(request=RunWish, responses=EstimateSerializer)
    @action(detail=False, methods=["post"])
    def estimate(self, request: Request) -> Response:
        """How long such a run would take, and how much memory. Nothing is begun."""
        asked = checked(RunWish, request.data)
        version = access.version_to_train(self.asking, asked["version"])
        found = estimates.guess(
            base=asked["base"],
            method=asked["method"],
            config=_settings(asked, version),
            dataset_id=version.dataset_id,
        )
        told: Any = {**found._asdict(), "refused": estimates.refusal(found)}
        return Response(EstimateSerializer(told).data)

    @extend_schema(responses=MetricSerializer(many=True))
    @action(detail=True, pagination_class=ByStep)
    def metrics(self, request: Request, pk: str) -> Response:
        """Points of its curves, by step. Of a run at work, ask again from the last step."""
        wanted = {"name": "name", "since_step": "step__gte"}
        points = narrowed(self.get_object().metrics.all(), self.asked, wanted)
        return self._paged(points, MetricSerializer)

    @extend_schema(responses=EvaluationSerializer)
    @action(detail=True)
    def evaluation(self, request: Request, pk: str) -> Response:
        """What held-out examples say of its model; 404 until it was measured."""
        found = getattr(self.get_object(), "evaluation", None)
        if found is None:
            raise Http404
        return Response(EvaluationSerializer(found).data)

    @extend_schema(responses=SampleSerializer(many=True))
    @action(detail=True, pagination_class=ByPosition)
    def samples(self, request: Request, pk: str) -> Response:
        """Its answers to held-out prompts, for the dataset's curators."""
        run = self.get_object()
        if not handoff.may_train(self.person, run.version_id):
            said = _("Only curators of the dataset read whose answers these are.")
            raise NotAllowed(said)
        return self._paged(run.samples.all(), SampleSerializer)

    def _paged(self, rows: QuerySet[Any], kind: type[BaseSerializer[Any]]) -> Response:
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(kind(page, many=True).data)


def narrowed(
    rows: QuerySet[Any], asked: Mapping[str, Any], filters: dict[str, str]
) -> QuerySet[Any]:
    """By what was asked for of these, each compared as it says."""
    wanted = {f: asked[name] for name, f in filters.items() if name in asked}
    return rows.filter(**wanted)


def _settings(asked: dict[str, Any], version: FrozenVersion) -> dict[str, Any]:
    """All of the method, those that were not named as the launch page proposes them."""
    how, base = methods.named(asked["method"]), cast(BaseModel, asked["base"])
    fitting: RunConfig = methods.defaults(
        how.name,
        train_count=methods.rows(how, version).units,
        is_starter=base.is_starter,
        is_long=not version.is_pairs,
    )
    try:
        wanted = how.config.parse(fitting.as_json() | asked.get("config", {}))
    except TrainerError as refusal:
        raise ValidationError({"config": [str(refusal)]}) from refusal
    return wanted.as_json()


def _why_it_waits(run: Run) -> str:
    return board.why_it_waits(run) if run.state == Run.State.QUEUED else ""
