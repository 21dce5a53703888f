"""Work on a model besides training it: by one worker at a time, once, fenced."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils.timezone import now

from curation.errors import CurationError, NotAllowed
from tests.factories import ContributorFactory
from tests.races import together
from trainer import launch, tasks
from trainer.actions import fence, jobs
from trainer.errors import TrainerError, TrainingFailed
from trainer.jobs import kinds
from trainer.jobs.kind import Kind
from trainer.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def counted(work):
    """Counts the held-out lines, with a recipe in between."""
    config = {"base": "b", "adapter": "a", "data": str(work.data), "out": str(work.folder)}
    work.recipe("evaluate", config)
    lines = (work.data / "held_out.jsonl").read_text().splitlines()
    return {"lines": len(lines)}


def failing(work):
    raise TrainingFailed("No room on the disk. Make some.")


@pytest.fixture(autouse=True)
def known(monkeypatch):
    for name, perform in (("count", counted), ("fail", failing)):
        monkeypatch.setitem(kinds.KINDS, name, Kind(name, name.title(), perform))


@pytest.fixture
def ask(frozen, base, curator):
    def ask(kind="count", by=curator, **more):
        return jobs.request(kind=kind, version_id=frozen.pk, base=base, by=by, **more)

    return ask


def test_a_job_is_done_and_keeps_its_result(ask, fake):
    job = ask()

    tasks.execute_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.result, job.attempt) == ("finished", {"lines": 4}, 1)
    assert not (launch.folder_of_job(job) / "data").exists()


def test_asked_twice_it_is_one_job_while_it_waits(ask, fake):
    first, second = together(ask, ask)
    assert first == second
    assert ask(config={"more": 1}) != first

    tasks.execute_job(job_id=first.pk)
    assert ask() != first


def test_delivered_four_times_at_once_it_is_done_once(ask, fake):
    job = ask()

    together(*[lambda: tasks.execute_job(job_id=job.pk)] * 4)

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("finished", 1)


def test_it_fails_with_its_own_sentence_and_starts_again(ask, fake, curator):
    job = ask("fail")
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", "No room on the disk. Make some.")

    other = ask("fail")
    with pytest.raises(TrainerError, match="waits or runs already"):
        jobs.retry(job_id=job.pk, by=curator)
    jobs.cancel(job_id=other.pk, by=curator)
    assert jobs.retry(job_id=job.pk, by=curator).state == "queued"


def test_a_worker_that_was_given_up_keeps_no_result(ask):
    job = ask()
    stale = jobs.claim(job.pk, "host:1")
    Job.objects.filter(pk=job.pk).update(lease_until=now() - timedelta(seconds=1))
    assert fence.requeue_silent(Job) == [job.pk]
    jobs.claim(job.pk, "host:2")

    assert jobs.finish(stale, {"lines": 9}) is False
    job.refresh_from_db()
    assert (job.state, job.result, job.worker) == ("running", {}, "host:2")


def test_the_urgent_are_called_first(ask):
    usual, urgent = ask(), ask(config={"n": 1}, priority=5)
    Job.objects.update(rung_at=None)

    assert fence.requeue_silent(Job) == [urgent.pk, usual.pk]


@pytest.mark.parametrize("waits", [True, False])
def test_paused_it_waits_until_somebody_says_go_on(ask, curator, waits):
    job = ask()
    claimed = None if waits else jobs.claim(job.pk, "host:1")

    jobs.pause(job_id=job.pk, by=curator)
    if claimed:
        assert fence.acknowledge_pause(claimed)

    job.refresh_from_db()
    assert (job.state, job.pause_requested_at) == ("paused", None)
    assert fence.requeue_silent(Job) == []
    assert jobs.retry(job_id=job.pk, by=curator).state == "queued"


def test_a_pause_stands_though_the_worker_is_lost(ask, curator):
    job = ask()
    jobs.claim(job.pk, "host:1")
    jobs.pause(job_id=job.pk, by=curator)
    Job.objects.filter(pk=job.pk).update(lease_until=now() - timedelta(seconds=1))

    assert fence.requeue_silent(Job) == []
    job.refresh_from_db()
    assert job.state == "paused"


def test_who_may_ask(ask, dataset):
    with pytest.raises(NotAllowed):
        ask(by=ContributorFactory(member=dataset))
    with pytest.raises(TrainerError, match="no job"):
        ask("tidy")
    assert not Job.objects.exists()


def test_its_page_is_for_those_who_see_the_dataset(ask, fake, client, curator):
    job = ask("fail")
    tasks.execute_job(job_id=job.pk)
    page = reverse("trainer:job", args=[job.pk])

    client.force_login(ContributorFactory())
    assert client.get(page).status_code == 404
    client.force_login(curator)
    said = client.get(page).content.decode()
    assert "No room on the disk. Make some." in said
    again = client.post(reverse("trainer:job_retry", args=[job.pk]), follow=True)
    assert "Queued" in again.content.decode()
    for deed, word, state in (
        ("pause", "Paused.", "paused"),
        ("cancel", "Cancelled.", "cancelled"),
    ):
        steered = client.post(reverse(f"trainer:job_{deed}", args=[job.pk]), follow=True)
        assert word in steered.text
        job.refresh_from_db()
        assert job.state == state


def test_two_of_one_kind_are_not_started_again_at_once(ask, fake, curator):
    first = ask("fail")
    tasks.execute_job(job_id=first.pk)
    second = ask("fail")
    tasks.execute_job(job_id=second.pk)

    def again(job):
        try:
            return jobs.retry(job_id=job.pk, by=curator).state
        except TrainerError as refusal:
            return str(refusal)

    said = together(lambda: again(first), lambda: again(second))
    assert sorted(said) == ["The same job waits or runs already.", "queued"]


def test_a_beat_that_comes_first_keeps_the_row(ask):
    """The sweep that waits for a locked row looks at it once more."""
    job = ask()
    claimed = jobs.claim(job.pk, "host:1")
    Job.objects.filter(pk=job.pk).update(lease_until=now() - timedelta(seconds=1))
    for outcome in together(lambda: fence.beat(claimed), lambda: fence.requeue_silent(Job)):
        assert outcome is not None

    job.refresh_from_db()
    # Either is right; never a row that was kept and taken back as well.
    assert (job.state, job.lost) in {("running", 0), ("queued", 1)}


def test_bells_that_nobody_hears_are_forgotten(ask, monkeypatch):
    ask()
    Job.objects.update(rung_at=None)
    rung = []
    monkeypatch.setattr(
        "trainer.tasks.execute_job.apply_async", lambda **given: rung.append(given)
    )

    tasks.restart_silent_runs()

    assert [one["expires"] for one in rung] == [20]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            CurationError("Words are gone. Freeze anew."),
            "Words are gone. Freeze anew.",
        ),
        (
            IntegrityError("no loss"),
            "Something in Winnow itself went wrong (Integ",
        ),
        (KeyError("lines"), "Something in Winnow itself went wrong (KeyError)"),
    ],
)
def test_a_result_that_cannot_be_kept_fails_the_job_at_once(
    ask, fake, monkeypatch, error, said
):
    def refuse(job, result):
        raise error

    monkeypatch.setitem(kinds.KINDS, "count", Kind("count", "Count", counted, refuse))
    job = ask()

    tasks.execute_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempt, job.lost) == ("failed", 1, 0)
    assert job.problem.startswith(said)


def test_a_kind_may_refuse_a_model_at_the_door_and_when_started_again(
    ask, curator, monkeypatch
):
    job = ask()
    jobs.cancel(job_id=job.pk, by=curator)

    def refuse(run, config, by):
        raise TrainerError("Not this one.")

    picky = Kind("count", "Count", counted, require=refuse)
    monkeypatch.setitem(kinds.KINDS, "count", picky)

    with pytest.raises(TrainerError, match="Not this one"):
        ask()
    with pytest.raises(TrainerError, match="Not this one"):
        jobs.retry(job_id=job.pk, by=curator)
