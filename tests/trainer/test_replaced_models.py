"""What becomes of a model that was replaced."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation.models import ModelReport, Withdrawal
from tests.trainer.removing import crown, fresh, replaced, ring_at_once, take_back
from trainer.actions import contests, jobs, promotions, removals
from trainer.errors import TrainerError
from trainer.folders import folder_of
from trainer.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch):
    return ring_at_once(monkeypatch)


@pytest.fixture
def done(trained, texts, curator, rung):
    first = trained()
    crown(first, curator)
    take_back(texts[-1])
    return replaced(first, curator)


def test_the_retired_one_is_offered_nowhere(done, client, curator):
    old, new = done.run, done.made
    assert old not in Run.objects.parents() and new in Run.objects.parents()
    refused = pytest.raises(TrainerError, match=f"run {new.pk} took its place")
    with refused:
        jobs.request(kind="generate", run=fresh(old), by=curator)
    with refused:
        promotions.promote(run_id=old.pk, by=curator, reason="I like it.")
    with refused:
        contests.begin(run_id=new.pk, rival=old.pk, by=curator)
    with refused:
        removals.ask(run_id=old.pk, by=curator)
    client.force_login(curator)
    assert client.get(reverse("trainer:run_ask", args=[old.pk])).status_code == 404
    assert client.get(reverse("trainer:run_adapter", args=[old.pk])).status_code == 409
    assert client.get(reverse("trainer:run_adapter", args=[new.pk])).status_code == 200
    page = client.get(reverse("trainer:run", args=[old.pk])).text
    assert "is retired" in page and "Download the adapter" not in page


def test_no_rollback_leads_to_it(done, client, curator, dataset):
    with pytest.raises(TrainerError, match="Use that one"):
        promotions.roll_back(
            dataset_id=dataset.pk, method="sft", run_id=done.made_id, by=curator
        )
    client.force_login(curator)
    page = client.get(reverse("trainer:standing", args=[dataset.slug])).text
    assert f"Run {done.run_id} does not come back" in page
    assert "Roll back" not in page


def test_its_files_go_and_its_row_stays(done, client, curator):
    folder = folder_of(done.run)
    assert (folder / "adapter").is_dir()
    client.force_login(curator)

    client.post(reverse("trainer:weights_delete", args=[done.run_id]))

    run = fresh(done.run)
    assert not (folder / "adapter").exists() and (folder / "manifest.json").exists()
    assert run.weights_deleted_at and run.adapter_sha256 and run.checkpoints.exists()
    page = client.get(reverse("trainer:run", args=[run.pk])).text
    assert "Its weights were deleted on" in page
    assert (folder_of(done.made) / "adapter").is_dir()


def test_a_model_in_use_keeps_its_files(done, curator):
    with pytest.raises(TrainerError, match="in use"):
        removals.delete_weights(run_id=done.made_id, by=curator)
    assert (folder_of(done.made) / "adapter").is_dir()


def test_who_took_it_back_reads_what_became_of_it(done, client, texts):
    asked = Withdrawal.objects.get(message=texts[-1])
    client.force_login(texts[-1].author)

    page = client.get(reverse("curation:withdrawal", args=[asked.pk])).text

    new = ModelReport.objects.get(source=f"run-{done.made_id}")
    assert f"It was replaced by {new.name}, which never saw it." in page


def test_of_a_new_one_that_saw_it_that_is_not_said(done, client, texts, rung, curator):
    """A later text: the first replacement has it, and only the second has not."""
    asked = take_back(texts[-2])
    client.force_login(texts[-2].author)
    address = reverse("curation:withdrawal", args=[asked.pk])
    assert "which never saw it" not in client.get(address).text

    again = replaced(done.made, curator)

    page = client.get(address).text
    assert f"run {again.made_id}, which never saw it" in page
