"""Work on models other than training them, for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from curation import handoff
from curation.background import ring
from curation.rest.strict import Strict, checked
from trainer import access, tasks
from trainer.actions import jobs as actions
from trainer.api.asking import ASKING
from trainer.api.files import JobFiles
from trainer.api.runs import narrowed
from trainer.api.serializers import JobSerializer
from trainer.api.steering import Steered
from trainer.api.wishes import JobQuery, JobWish
from trainer.models import Job
from trainer.steering import JOB

FILTERS = {
    "state": "state",
    "kind": "kind",
    "run": "run",
    "dataset": "version__dataset__slug",
    "base": "base__slug",
}


class JobViewSet(JobFiles, Steered):
    """Scoring, answering, exporting and so on. What a curator asks twice is done once."""

    noun = JOB
    asks: ClassVar[dict[str, type[Strict]]] = {"list": JobQuery}
    serializer_class = JobSerializer
    queryset = Job.objects.all()

    def get_queryset(self) -> QuerySet[Job]:
        shown = access.jobs(self.asking)
        return narrowed(shown, self.asked, FILTERS)

    def get_serializer_context(self) -> dict[str, Any]:
        steered = set(handoff.version_ids_to_train(self.person))
        return {**super().get_serializer_context(), "steered": steered}

    @extend_schema(request=JobWish, responses={201: JobSerializer})
    def create(self, request: Request) -> Response:
        """Ask for work of a kind, as the pages do; `config` holds the kind's settings."""
        asked = checked(JobWish, request.data)
        wanted = ASKING[asked["kind"]](self.asking, asked["run"], asked.get("config", {}))
        job = actions.request(kind=asked["kind"], by=self.person, **wanted)
        ring(tasks.execute_job, job_id=job.pk)
        return self.shown(job.pk, status=201)
