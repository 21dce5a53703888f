"""What more examples bring a dataset's models: its learning curve, and forecasts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from curation.rest.strict import Strict
from trainer import access, learning, outlook
from trainer.api.of_dataset import OfDataset
from trainer.api.proof import IntervalSerializer
from trainer.jobs import forecast
from trainer.models import BaseModel, Job, Run

Read = serializers.Serializer[Any]
METHODS = [(one.value, one.label) for one in learning.METHODS]


class CurveQuery(Strict):
    method = serializers.ChoiceField(choices=METHODS, default=Run.Method.SFT)
    base = serializers.SlugRelatedField(
        slug_field="slug", queryset=BaseModel.objects.all(), required=False,
        help_text="Left out: the one that most versions were tried on.",
    )  # fmt: skip


class PointSerializer(Read):
    """The newest model of a version."""

    run = serializers.IntegerField(source="run.pk")
    version = serializers.CharField(source="run.version_digest")
    number = serializers.IntegerField(source="run.version.number")
    examples = serializers.IntegerField(help_text="To learn from.")
    loss = IntervalSerializer(allow_null=True)
    change = IntervalSerializer(allow_null=True, help_text="Since the point before.")


class CurveSerializer(Read):
    base = serializers.SlugField(source="base.slug")
    bases = serializers.SerializerMethodField(help_text="That were tried.")
    answers = serializers.IntegerField(help_text="Held out in all versions, and scored.")
    conversations = serializers.IntegerField()
    points = PointSerializer(many=True)

    def get_bases(self, curve: learning.Curve) -> list[str]:
        return [base.slug for base in curve.bases]


class CurveViewSet(OfDataset):
    asks: ClassVar[dict[str, type[Strict]]] = {"retrieve": CurveQuery}
    queryset = Run.objects.none()

    @extend_schema(responses=CurveSerializer)
    def retrieve(self, request: Request, dataset: str) -> Response:
        """How a method's models fared from version to version, on the same answers; 404
        where none is finished, of the base where one is named."""
        of = access.dataset(self.asking, dataset)
        base: BaseModel | None = self.asked.get("base")
        found: Any = learning.curve(
            of.id, self.asked["method"], base.pk if base is not None else None
        )
        if found is None:
            raise Http404
        if base is not None and found.base != base:
            raise NotFound(_("No model of %(base)s is finished here.") % {"base": base})
        return Response(CurveSerializer(found).data)


class ProspectSerializer(Read):
    category = serializers.CharField(source="prospect.category")
    name = serializers.CharField()
    examples = serializers.IntegerField(source="prospect.examples")
    held_out = serializers.IntegerField(source="prospect.held_out")
    sizes = serializers.ListField(source="prospect.sizes", child=serializers.IntegerField())
    losses = IntervalSerializer(source="prospect.losses", many=True)
    change = IntervalSerializer(
        source="prospect.change", help_text="Of the loss, with so many `more`."
    )
    why = serializers.CharField(source="prospect.why", help_text="It cannot be told.")


class ForecastSerializer(Read):
    job = serializers.IntegerField(source="job.pk")
    run = serializers.IntegerField(source="job.run_id", allow_null=True)
    version = serializers.CharField(source="job.version.digest")
    more = serializers.IntegerField(help_text="Examples of each category.")
    results = ProspectSerializer(many=True)


class ForecastViewSet(OfDataset):
    queryset = Job.objects.none()

    @extend_schema(responses=ForecastSerializer)
    def retrieve(self, request: Request, dataset: str) -> Response:
        """What the newest job of the kind `forecast` says, for the dataset's curators."""
        of = access.dataset_to_curate(self.asking, dataset)
        job = outlook.of_dataset(of.id)
        if job is None:
            raise Http404
        told: Any = {
            "job": job,
            "more": job.result.get("more", 0),
            "results": forecast.rows(job),
        }
        return Response(ForecastSerializer(told).data)
