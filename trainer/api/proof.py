"""What speaks for a run's model: beside others, by its evidence, by what shaped it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import handoff
from curation.errors import NotAllowed
from curation.rest.strict import Strict
from trainer import access, evaluation, evidence, shaping
from trainer.api.steering import Steered
from trainer.api.wishes import NUMBERS
from trainer.models import Run

Read = serializers.Serializer[Any]


class IntervalSerializer(Read):
    """A mean with where most draws have it; no ends where there is too little."""

    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class LossesSerializer(Read):
    """Losses of held-out answers by two models, in nats a token, and their difference."""

    category = serializers.CharField(help_text="Empty where `is_all`, or for none.")
    is_all = serializers.BooleanField()
    examples = serializers.IntegerField()
    before = IntervalSerializer()
    after = IntervalSerializer()
    change = IntervalSerializer(help_text="Of the pairs; below zero is better.")


class HabitsSerializer(Read):
    who = serializers.ChoiceField(choices=["tuned", "base", "people"])
    answers = serializers.IntegerField(source="habits.answers")
    words = serializers.FloatField(source="habits.words")
    distinct = serializers.FloatField(source="habits.distinct", allow_null=True)
    repeated = serializers.FloatField(source="habits.repeated", allow_null=True)
    empty = serializers.IntegerField(source="habits.empty")
    ended = serializers.FloatField(source="habits.ended", allow_null=True)


class ComparisonSerializer(Read):
    own = LossesSerializer(many=True, help_text="The base beside this model.")
    other = serializers.IntegerField(
        allow_null=True, help_text="The run that it is beside of."
    )
    beside = LossesSerializer(
        many=True,
        help_text="That model beside this one; none where they stand on other bases.",
    )
    answers = HabitsSerializer(many=True, help_text="How answers to held-out prompts read.")


class ComparisonQuery(Strict):
    run = serializers.IntegerField(
        required=False, min_value=1, max_value=NUMBERS,
        help_text="Left out: the champion, its parent, or the one before.",
    )  # fmt: skip


class ConditionSerializer(Read):
    name = serializers.CharField()
    said = serializers.CharField()
    is_met = serializers.BooleanField()


class EvidenceSerializer(Read):
    champion = serializers.IntegerField(
        source="champion.run_id", allow_null=True, default=None,
        help_text="The run that holds the place now.",
    )  # fmt: skip
    is_champion = serializers.BooleanField()
    evidence = serializers.DictField(help_text="As a promotion keeps it.")
    conditions = ConditionSerializer(many=True, help_text="Of the dataset's policy.")


class ShapedBySerializer(Read):
    percent = serializers.FloatField()
    uid = serializers.UUIDField(
        source="text.uid", allow_null=True, default=None, help_text="Null: taken back."
    )
    text = serializers.CharField(source="text.text", allow_null=True, default=None)


class ShapedSerializer(Read):
    """An answer with the texts that made it likelier, and those against it."""

    position = serializers.IntegerField(source="sample.position")
    helped = serializers.SerializerMethodField()
    hindered = serializers.SerializerMethodField()

    def get_helped(self, answer: shaping.Answer) -> ShapedBySerializer(many=True):  # type: ignore[valid-type]
        return ShapedBySerializer(dict(answer.sides)["helped"], many=True).data

    def get_hindered(self, answer: shaping.Answer) -> ShapedBySerializer(many=True):  # type: ignore[valid-type]
        return ShapedBySerializer(dict(answer.sides)["hindered"], many=True).data


class AllShapedSerializer(Read):
    results = ShapedSerializer(many=True)


class RunProof(Steered):
    """For those who see the run; what would tell whose answers are whose, for curators."""

    asks: ClassVar[dict[str, type[Strict]]] = {"comparison": ComparisonQuery}

    @extend_schema(responses=ComparisonSerializer)
    @action(detail=True, pagination_class=None)
    def comparison(self, request: Request, pk: str) -> Response:
        """Its losses on held-out answers, and those of another beside them."""
        run = access.run(self.asking, int(pk))
        other = self._other(run)
        told: Any = {
            "own": evaluation.own(run),
            "other": other.pk if other else None,
            "beside": evaluation.beside(run, other) if other else [],
            "answers": evaluation.answers_of(run),
        }
        return Response(ComparisonSerializer(told).data)

    @extend_schema(responses=EvidenceSerializer)
    @action(detail=True)
    def evidence(self, request: Request, pk: str) -> Response:
        """All that speaks for and against promoting it; 404 until it is finished."""
        run = access.run(self.asking, int(pk))
        if run.state != Run.State.FINISHED:
            raise Http404
        may_decide = handoff.may_curate(self.person, run.dataset_id)
        told: Any = evidence.case_for(run, is_curated=may_decide)
        return Response(EvidenceSerializer(told).data)

    @extend_schema(responses=AllShapedSerializer)
    @action(detail=True, pagination_class=None)
    def influence(self, request: Request, pk: str) -> Response:
        """Which examples shaped its answers; a job of the kind `influence` looks."""
        run = access.run(self.asking, int(pk))
        if not handoff.may_train(self.person, run.version_id):
            said = _("Only curators of the dataset read whose answers these are.")
            raise NotAllowed(said)
        told: Any = {"results": shaping.by_answer(run)}
        return Response(AllShapedSerializer(told).data)

    def _other(self, run: Run) -> Run | None:
        if "run" in self.asked:
            return access.run(self.asking, self.asked["run"])
        found = evaluation.opponent(run)
        return found[0] if found else None
