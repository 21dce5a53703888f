"""The record is told of every model that was trained, once."""

from __future__ import annotations

import pytest
from django.core.exceptions import ObjectDoesNotExist

from curation.models import ModelReport, Notification
from trainer import tasks
from trainer.actions import results, runs
from trainer.models import Run


@pytest.mark.django_db(transaction=True)
def test_a_finished_run_is_told_with_its_numbers_and_its_signature(
    request_run, fake, folders, frozen
):
    run = request_run()

    tasks.execute_run(run_id=run.pk)

    (report,) = ModelReport.objects.all()
    assert (report.version, report.source) == (frozen, f"run-{run.pk}")
    assert report.generator == f"test-base, run {run.pk}"
    assert (report.held_out_loss_before, report.held_out_loss) == (2.0, 1.0)
    assert report.examples == frozen.train_count
    assert report.address == f"/models/runs/{run.pk}/"
    assert Notification.objects.filter(kind="model").count() > 0


@pytest.mark.django_db
def test_a_run_that_is_somebody_elses_by_now_tells_nothing(request_run):
    run = request_run()
    mine = runs.claim(run.pk, "me")
    Run.objects.filter(pk=run.pk).update(attempt=9)

    assert results.finish(mine) is False
    assert not ModelReport.objects.exists()


@pytest.mark.django_db
def test_when_it_cannot_be_told_the_run_is_not_finished(request_run, monkeypatch):
    run = request_run()
    mine = runs.claim(run.pk, "me")
    Run.objects.filter(pk=run.pk).update(adapter_sha256="0" * 64)

    def refuse(**told):
        raise ObjectDoesNotExist

    monkeypatch.setattr(results.intake, "report_model", refuse)
    with pytest.raises(ObjectDoesNotExist):
        results.finish(mine)

    run.refresh_from_db()
    assert run.state == Run.State.RUNNING


@pytest.mark.django_db
def test_runs_from_before_are_told_once(request_run):
    run = request_run()
    mine = runs.claim(run.pk, "me")
    Run.objects.filter(pk=run.pk).update(adapter_sha256="0" * 64)
    runs.finish(Run.objects.get(pk=mine.pk))
    request_run()  # still waits: nothing to tell

    assert (results.tell_finished(), results.tell_finished()) == (1, 0)
    (report,) = ModelReport.objects.all()
    assert report.held_out_loss is None
