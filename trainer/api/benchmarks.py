"""Questions with known answers, for programs: sets of a dataset, and how models did."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from curation import handoff
from curation.errors import BadLine
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from trainer import access, benchmark_files
from trainer.actions import benchmarks as actions
from trainer.api.paging import ByName
from trainer.api.runs import narrowed
from trainer.api.wishes import OfDatasetQuery
from trainer.benchmark_files import QUESTIONS_AT_MOST, BadFile, Question
from trainer.models import Benchmark, BenchmarkScore

FILTERS = {"dataset": "dataset__slug"}


class BenchmarkSerializer(serializers.ModelSerializer[Benchmark]):
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)

    class Meta:
        model = Benchmark
        fields: tuple[str, ...] = (
            "id", "dataset", "name", "questions", "with_options", "digest", "added_at",
        )  # fmt: skip


class ScoreSerializer(serializers.ModelSerializer[BenchmarkScore]):
    base = serializers.SlugField(source="base.slug", read_only=True)

    class Meta:
        model = BenchmarkScore
        fields = ("base", "run", "job", "asked", "contaminated", "figures", "scored_at")


class BenchmarkDetailSerializer(BenchmarkSerializer):
    scores = serializers.SerializerMethodField(
        help_text="Of each model its newest; without a run it is the base alone."
    )

    class Meta(BenchmarkSerializer.Meta):
        fields = (*BenchmarkSerializer.Meta.fields, "scores")

    def get_scores(self, benchmark: Benchmark) -> ScoreSerializer(many=True):  # type: ignore[valid-type]
        found = BenchmarkScore.objects.for_listing().filter(benchmark=benchmark)
        return ScoreSerializer(found, many=True).data


class BenchmarkWish(Strict):
    dataset = serializers.SlugField()
    name = serializers.CharField(max_length=80)
    questions = serializers.ListField(
        child=serializers.DictField(),
        min_length=1,
        max_length=QUESTIONS_AT_MOST,
        help_text="`prompt` and `answer`; for a choice also `options`, where `answer` "
        "names the right one. `category` if there are several.",
    )


class BenchmarkViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Benchmark],
):
    """Sets are never changed. A model is asked by a job of the kind `benchmark`."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "destroy"), Scope.TRAIN)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": OfDatasetQuery}
    pagination_class = ByName
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Benchmark.objects.all()

    def get_queryset(self) -> QuerySet[Benchmark]:
        seen = handoff.dataset_ids_for(self.person)
        shown = Benchmark.objects.for_listing().filter(dataset__in=seen)
        return narrowed(shown.select_related("dataset"), self.asked, FILTERS)

    def get_serializer_class(self) -> type[BenchmarkSerializer]:
        return BenchmarkSerializer if self.action == "list" else BenchmarkDetailSerializer

    @extend_schema(request=BenchmarkWish, responses={201: BenchmarkDetailSerializer})
    def create(self, request: Request) -> Response:
        """Add a set, for curators."""
        asked = checked(BenchmarkWish, request.data)
        dataset = access.dataset_to_curate(self.asking, asked["dataset"])
        made = actions.add(
            dataset_id=dataset.id,
            name=" ".join(asked["name"].split()),
            questions=_read(asked["questions"]),
            by=self.person,
        )
        found = Benchmark.objects.for_listing().select_related("dataset").get(pk=made.pk)
        return Response(BenchmarkDetailSerializer(found).data, status=201)

    def destroy(self, request: Request, pk: str) -> Response:
        """With all that models came to on it."""
        there = access.benchmark_to_change(self.asking, int(pk))
        actions.remove(benchmark_id=there.pk, by=self.person)
        return Response(status=204)


def _read(rows: list[dict[str, Any]]) -> list[Question]:
    """By the rules for files; what is wrong is told by its line."""
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    try:
        return benchmark_files.read(lines.encode())
    except BadFile as bad:
        raise ValidationError({"questions": bad.problems}) from bad
    except BadLine as problem:
        raise ValidationError({"questions": [str(problem)]}) from problem
