"""A run reads its version from wherever versions are kept, and leaves no copies behind."""

from __future__ import annotations

import json

import pytest

from curation.actions import erasure
from curation.models import Contributor
from tests.buckets import NOBODY
from trainer import launch, tasks, work
from trainer.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


def executed(run):
    tasks.execute_run(run_id=run.pk)
    return Run.objects.for_page().get(pk=run.pk)


def test_a_run_trains_on_copies_of_what_is_in_the_bucket(request_run, fake, bucket, frozen):
    run = executed(request_run())

    assert run.state == Run.State.FINISHED, run.problem
    assert run.samples.count() == 4  # their prompts were read from held_out.jsonl
    folder = launch.folder_of(run)
    written = json.loads((folder / "config.json").read_text())
    assert written["data"] == str(folder / "data")
    assert not (folder / "data").exists()


def test_a_service_that_is_down_ends_the_run_with_a_reason(request_run, fake, bucket):
    bucket.answer(NOBODY)

    run = executed(request_run())

    assert run.state == Run.State.FAILED
    assert "does not answer" in run.problem


def test_erasure_takes_copies_that_a_lost_attempt_left(request_run, fake, bucket, frozen):
    run = request_run()
    copies = launch.folder_of(run) / work.COPIES
    copies.mkdir(parents=True)
    (copies / "train.jsonl").write_text("{}")
    admin = Contributor.objects.create_superuser("admin@example.org", "x")

    erasure.erase(person_id=frozen.items.first().reply.author_id, by=admin)

    assert not copies.exists()
