"""Runs of each method, done."""

from __future__ import annotations

from trainer import methods, tasks
from trainer.models import Run


def execute(run):
    tasks.execute_run(run_id=run.pk)
    return Run.objects.for_page().get(pk=run.pk)


def trainer_of(request_run, preferred, tuned):
    """`train("dpo")`: a finished run of that method, after the tuned one if it answers."""

    def train(method, **settings):
        parent = tuned if methods.named(method).answers else None
        return execute(
            request_run(method=method, version=preferred, parent=parent, **settings)
        )

    return train
