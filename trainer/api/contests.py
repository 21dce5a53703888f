"""Two models before people, for programs: begun, watched, stopped."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import handoff
from curation.background import ring
from curation.rest.forms import valid
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked
from trainer import access, tasks
from trainer.actions import contests as actions
from trainer.api.paging import NewestMade
from trainer.api.runs import narrowed
from trainer.api.wishes import NUMBERS
from trainer.judging import ContestForm
from trainer.models import Contest

FILTERS = {"dataset": "version__dataset__slug", "state": "state"}


class ContestSerializer(serializers.ModelSerializer[Contest]):
    dataset = serializers.SlugField(source="version.dataset.slug", read_only=True)
    base = serializers.SlugField(source="base.slug", read_only=True)
    run = serializers.IntegerField(source="left_id", read_only=True)
    rival = serializers.IntegerField(
        source="right_id",
        read_only=True,
        allow_null=True,
        help_text="Null: the base alone.",
    )

    class Meta:
        model = Contest
        fields: tuple[str, ...] = (
            "id", "dataset", "base", "run", "rival", "state", "budget", "confidence",
            "asked", "created_at", "ended_at",
        )  # fmt: skip


class ContestDetailSerializer(ContestSerializer):
    result = serializers.SerializerMethodField(
        help_text="As it ended. While people are asked, curators alone read how it stands."
    )

    class Meta(ContestSerializer.Meta):
        fields = (*ContestSerializer.Meta.fields, "result")

    def get_result(self, contest: Contest) -> dict[str, Any]:
        if not contest.is_open:
            ended: dict[str, Any] = contest.result
            return ended
        is_told = handoff.may_train(self.context["person"], contest.version_id)
        return actions.standing(contest).as_facts() if is_told else {}


class ContestQuery(Strict):
    dataset = serializers.SlugField(required=False)
    state = serializers.ChoiceField(choices=Contest.State.choices, required=False)


class ContestWish(Strict):
    run = serializers.IntegerField(min_value=1, max_value=NUMBERS)
    rival = serializers.IntegerField(
        min_value=1, max_value=NUMBERS, allow_null=True, default=None,
        help_text="Another run of its dataset; null: its base alone.",
    )  # fmt: skip
    choice = serializers.ChoiceField(choices=handoff.Choice.choices, default="held_out")
    budget = serializers.IntegerField(default=60, help_text="Prompts at most.")
    confidence = serializers.FloatField(default=0.95)


class ContestViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Contest],
):
    """People rank the answers of both blind, until it is settled which they prefer."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "stop"), Scope.TRAIN)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": ContestQuery}
    pagination_class = NewestMade
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Contest.objects.all()

    def get_queryset(self) -> QuerySet[Contest]:
        return narrowed(access.contests(self.asking), self.asked, FILTERS)

    def get_serializer_class(self) -> type[ContestSerializer]:
        return ContestSerializer if self.action == "list" else ContestDetailSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        person = self.request.user if self.request is not None else None
        return {**super().get_serializer_context(), "person": person}

    @extend_schema(request=ContestWish, responses={201: ContestDetailSerializer})
    def create(self, request: Request) -> Response:
        """Let a run's model meet another. The first round is answered at once."""
        asked = checked(ContestWish, request.data)
        run = access.model_to_ask_about(self.asking, asked.pop("run"))
        sent = {**asked, "rival": asked["rival"] or 0}
        form = ContestForm(sent, run=run, rivals=actions.rivals_of(run))
        valid(form)
        made = actions.begin(run_id=run.pk, by=self.person, **form.settings())
        job = actions.go_on(made.pk)
        if job is not None:
            ring(tasks.execute_job, job_id=job.pk)
        return self.shown(made.pk, status=201)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Nobody is asked any more. What was said stays."""
        checked(Nothing, request.data)
        found = access.contest_to_stop(self.asking, int(pk))
        actions.stop(contest_id=found.pk, by=self.person)
        return self.shown(found.pk)
