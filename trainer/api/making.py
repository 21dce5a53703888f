"""What is made of runs' models, and what is deleted of them."""

from __future__ import annotations

from typing import ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation.background import ring
from curation.rest.forms import valid
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked
from trainer import access, methods, tasks
from trainer.actions import merges, removals
from trainer.api.serializers import RunDetailSerializer
from trainer.api.steering import Steered
from trainer.api.wishes import NUMBERS
from trainer.forms import MergeForm


class MergeWish(Strict):
    runs = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=NUMBERS),
        min_length=1,
        max_length=merges.AT_MOST - 1,
        help_text="Others on the same base.",
    )
    way = serializers.ChoiceField(choices=methods.WAYS, default="cat")


class RunMaking(Steered):
    """For those who may take the models away, with all that they learned from."""

    scopes: ClassVar[dict[str, str]] = {
        **Steered.scopes, "merge": Scope.TRAIN, "delete_weights": Scope.TRAIN,
    }  # fmt: skip

    @extend_schema(request=MergeWish, responses={201: RunDetailSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make one adapter of this run's and of others': a run of its own."""
        asked = checked(MergeWish, request.data)
        run = access.finished_run_to_take(self.asking, int(pk))
        if run.is_whole or run.gives_marks:
            raise Http404
        others = access.runs_to_merge(self.asking, run)
        form = MergeForm({**asked, "runs": list(map(str, asked["runs"]))}, others=others)
        chosen = valid(form)
        made = merges.request(
            run_ids=[run.pk, *chosen["runs"]], way=chosen["way"], by=self.person
        )
        ring(tasks.execute_run, run_id=made.pk)
        return self.shown(made.pk, status=201)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="delete-weights")
    def delete_weights(self, request: Request, pk: str) -> Response:
        """Of a retired model, checkpoints and exports with them. All else stays."""
        checked(Nothing, request.data)
        run = access.run_to_steer(self.asking, int(pk))
        removals.delete_weights(run_id=run.pk, by=self.person)
        return self.shown(run.pk)
