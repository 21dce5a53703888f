"""Schedules, for programs."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation.background import ring
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked
from trainer import access, methods, tasks
from trainer.actions import schedules as actions
from trainer.api.filled import CONFIG, fill
from trainer.api.paging import ByName
from trainer.api.runs import narrowed
from trainer.api.serializers import ScheduleSerializer
from trainer.api.wishes import ScheduleChange, ScheduleQuery, ScheduleWish
from trainer.methods import Method
from trainer.models import Schedule
from trainer.schedule_forms import ScheduleForm, change_form, new_form, usual

FILTERS = {"state": "state", "dataset": "dataset__slug"}


class ScheduleViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Schedule],
):
    """Runs asked for by the clock, or when enough is new, on datasets that one curates."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "partial_update", "destroy", "fire", "pause", "resume"), Scope.TRAIN
    )
    asks: ClassVar[dict[str, type[Strict]]] = {"list": ScheduleQuery}
    serializer_class = ScheduleSerializer
    pagination_class = ByName
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Schedule.objects.all()

    def get_queryset(self) -> QuerySet[Schedule]:
        return narrowed(access.schedules(self.asking).for_listing(), self.asked, FILTERS)

    @extend_schema(request=ScheduleWish, responses={201: ScheduleSerializer})
    def create(self, request: Request) -> Response:
        """Plan one, on the page's form: what is left out is what the page proposes."""
        asked = checked(ScheduleWish, request.data)
        method = methods.named(asked.pop("method"))
        dataset = access.dataset_to_curate(self.asking, asked["dataset"])
        form = new_form(self.asking, method, usual(method))
        _fill(form, asked | {"dataset": dataset.id}, method)
        facts = form.facts()
        made = actions.create(dataset_id=dataset.id, by=self.person, facts=facts)
        return self.shown(made.pk, status=201)

    @extend_schema(request=ScheduleChange, responses=ScheduleSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Who changes it answers for it from now on. A setting that is null is chosen."""
        asked = checked(ScheduleChange, request.data)
        found = self.get_object()
        method = methods.named(found.method)
        form = change_form(self.asking, found, method)
        _fill(form, asked, method)
        actions.change(schedule_id=found.pk, by=self.person, facts=form.facts())
        return self.shown(found.pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """With the list of its firings; the runs stay."""
        actions.delete(schedule_id=self.get_object().pk, by=self.person)
        return Response(status=204)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def fire(self, request: Request, pk: str) -> Response:
        """Freeze and train now, without waiting."""
        checked(Nothing, request.data)
        found = self.get_object()
        firing = actions.run_now(schedule_id=found.pk, by=self.person)
        ring(tasks.fire, firing_id=firing.pk)
        return self.shown(found.pk)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        checked(Nothing, request.data)
        found = actions.pause(schedule_id=self.get_object().pk, by=self.person)
        return self.shown(found.pk)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """What was missed meanwhile stays missed."""
        checked(Nothing, request.data)
        found = actions.resume(schedule_id=self.get_object().pk, by=self.person)
        return self.shown(found.pk)


def _fill(form: ScheduleForm, asked: dict[str, Any], method: Method) -> None:
    given = {name: value for name, value in asked.items() if name != CONFIG}
    if "base" in given:
        given["base"] = given["base"].pk
    if parent := given.pop("parent", None):
        given["start"] = parent
    settings = [field.name for field in dataclasses.fields(method.config)]
    fill(form, given=given, config=asked.get(CONFIG, {}), settings=settings)
