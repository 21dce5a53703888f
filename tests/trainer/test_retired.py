"""A retired model is at work nowhere, and its removal ends whatever comes between."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation import handoff
from curation.actions import versions, withdrawals
from curation.errors import NotAllowed
from curation.models import Message, ModelReport
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer import evaluation, judges, outlook, tasks
from trainer.actions import contests, jobs, merges, promotions, removals, replacements
from trainer.errors import TrainerError
from trainer.folders import folder_of, folder_of_job
from trainer.models import Champion, Contest, Job, Removal, Run, Talk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trained(request_run, fake):
    """`trained(method="dpo", parent=…)`: a finished run."""

    def trained(**settings):
        run = request_run(**settings)
        tasks.execute_run(run_id=run.pk)
        run.refresh_from_db()
        assert run.state == "finished", run.problem
        return run

    return trained


@pytest.fixture
def merge(curator):
    def merge(*parts):
        made = merges.request(run_ids=[run.pk for run in parts], way="cat", by=curator)
        tasks.execute_run(run_id=made.pk)
        return fresh(made)

    return merge


@pytest.fixture
def texts(frozen):
    """The answers of the version, those to learn from last."""
    return list(Message.objects.filter(frozen_in__version=frozen).order_by("pk"))


@pytest.fixture
def worse(monkeypatch):
    """`worse(True)`: what is compared came out worse."""

    def worse(is_worse):
        found = {"lines": [], "pairs": None, "is_worse": is_worse}
        monkeypatch.setattr(replacements, "compared", lambda run, old: found)

    return worse


def fresh(run):
    return Run.objects.select_related("version__dataset", "base", "parent").get(pk=run.pk)


def take_back(text):
    withdrawals.take_back(message_id=text.pk, by=text.author)


def retire(run):
    Run.objects.filter(pk=run.pk).update(retired_at=now())


def follow(looks=4):
    """The clock's looks, and a worker that does what waits."""
    for _ in range(looks):
        replacements.settle()
        for due in replacements.due():
            replacements.carry_out(due)
        for run in Run.objects.filter(state="queued").order_by("pk"):
            tasks.execute_run(run_id=run.pk)


def ask(run, curator):
    removal = removals.ask(run_id=run.pk, by=curator)
    follow()
    removal.refresh_from_db()
    return removal


# ---- its end ---------------------------------------------------------------------------


def test_one_that_is_retired_while_it_waits_its_turn_is_not_promoted(
    trained, curator, monkeypatch
):
    run = trained()
    real = promotions._locked

    def locked(dataset_id):
        retire(run)  # by whoever held the lock until now
        return real(dataset_id)

    monkeypatch.setattr(promotions, "_locked", locked)

    with pytest.raises(TrainerError, match="taken back"):
        promotions.promote(run_id=run.pk, by=curator, reason="It is good.")
    assert not Champion.objects.exists()


def test_put_in_place_late_it_is_what_took_that_one_s_place(trained, texts, curator, worse):
    first = trained()
    promotions.promote(run_id=first.pk, by=curator, reason="The first one.")
    take_back(texts[-1])
    worse(True)
    waits = ask(first, curator)
    assert waits.state == "compared"
    take_back(texts[-2])
    worse(False)
    second = ask(waits.made, curator)
    assert second.state == "done"

    removals.put_in_place(removal_id=waits.pk, by=curator)

    assert Champion.objects.get().run == second.made
    assert fresh(first).retired_at is not None
    told = ModelReport.objects.filter(source=f"run-{first.pk}")
    assert {one.replaced_by.source for one in told} <= {f"run-{second.made_id}"}


@pytest.mark.parametrize("error", [RuntimeError("Oh."), TrainerError("Not that one.")])
def test_one_that_cannot_be_put_in_place_keeps_no_other(
    trained, texts, curator, worse, monkeypatch, error
):
    one, other = trained(), trained(seed=2)
    take_back(texts[-1])
    worse(False)
    real = removals.settle

    def settle(removal, *, by):
        if removal.run_id == one.pk:
            raise error
        real(removal, by=by)

    monkeypatch.setattr(removals, "settle", settle)
    for run in (one, other):
        removals.ask(run_id=run.pk, by=curator)
    follow()

    bad, good = Removal.objects.order_by("pk")
    assert (bad.state, good.state) == ("failed", "done")
    assert "log" in bad.said() or bad.said() == "Not that one."
    monkeypatch.setattr(removals, "settle", real)
    follow(1)
    assert Removal.objects.get(pk=bad.pk).state == "failed"  # a person asks again
    assert ask(one, curator).state == "done"


# ---- merged models ---------------------------------------------------------------------


def test_a_merged_one_is_merged_anew_after_each_of_its_parts(
    trained, merge, texts, curator, worse, client
):
    one, other = trained(), trained(seed=2)
    made = merge(one, other)
    promotions.promote(run_id=made.pk, by=curator, reason="It is good.")
    take_back(texts[-1])
    worse(False)
    client.force_login(curator)
    page = client.get(reverse("trainer:run", args=[made.pk])).text
    assert "Train again without them" in page

    removal = ask(made, curator)

    new = removal.made
    assert removal.state == "done" and new.is_merged
    assert [part.replaces for part in new.made_of()] == [one, other]
    assert not handoff.recalled_in_all(new.learned_from()).texts
    assert new.config["way"] == made.config["way"]
    assert fresh(made).retired_at is not None
    assert Champion.objects.get().run == new
    assert client.get(reverse("trainer:run", args=[made.pk])).status_code == 200


def test_of_parts_that_were_replaced_before_it_is_merged_anew(
    trained, merge, texts, curator, worse
):
    one, other = trained(), trained(seed=2)
    made = merge(one, other)
    take_back(texts[-1])
    worse(False)
    ask(one, curator), ask(other, curator)
    assert fresh(made).retired_at is None

    assert ask(made, curator).state == "done"


def test_where_a_part_was_not_trained_again_it_says_so(
    trained, merge, texts, curator, worse, fake
):
    made = merge(trained(), trained(seed=2))
    take_back(texts[-1])
    worse(False)
    fake(at_step=3, trouble="No.")

    removal = ask(made, curator)

    assert removal.state == "failed" and "merged of was not trained" in removal.said()


# ---- its weights -----------------------------------------------------------------------


def test_weights_stay_while_a_model_in_use_is_made_of_them(
    trained, merge, texts, curator, worse
):
    one, other = trained(), trained(seed=2)
    made = merge(one, other)
    take_back(texts[-1])
    worse(False)
    ask(one, curator)
    with pytest.raises(TrainerError, match=f"Run {made.pk} is in use"):
        removals.delete_weights(run_id=one.pk, by=curator)
    assert (folder_of(one) / "adapter").is_dir()

    ask(made, curator)
    removals.delete_weights(run_id=one.pk, by=curator)
    assert not (folder_of(one) / "adapter").exists()


def test_weights_stay_while_it_is_another_model_s_rival(trained, curator):
    one, other = trained(), trained(seed=2)
    jobs.request(kind="generate", run=one, config={"rivals": [other.pk]}, by=curator)
    retire(other)

    with pytest.raises(TrainerError, match="at work"):
        removals.delete_weights(run_id=other.pk, by=curator)


def test_what_its_trials_left_goes_with_them(trained, curator):
    run = trained()
    job = jobs.request(kind="export", run=run, by=curator)
    Job.objects.filter(pk=job.pk).update(kind="forecast")  # of a version large enough
    left = folder_of_job(job) / "trials" / "with-0" / "adapter"
    left.mkdir(parents=True)
    jobs.cancel(job_id=job.pk, by=curator)
    retire(run)

    removals.delete_weights(run_id=run.pk, by=curator)

    assert not left.exists()


# ---- where it is offered, and where it is at work --------------------------------------


def test_no_retired_judge_is_offered_or_marks(trained, preferred, curator):
    judge = trained(method="reward", version=preferred)
    run = trained(version=preferred)
    asked = {"judge": judge.pk, "made": 2}
    failed = jobs.request(kind="generate", run=run, config=asked, by=curator)
    scored = jobs.request(
        kind="score", run=run, config={"reward_run": judge.pk}, by=curator
    )
    assert judges.to_choose(run.dataset_id) == [judge]
    retire(judge)

    assert judges.to_choose(run.dataset_id) == []
    assert judges.of_dataset(run.dataset_id) is None
    for job in (failed, scored):
        tasks.execute_job(job_id=job.pk)
        job.refresh_from_db()
        assert job.state == "failed" and "taken back" in job.problem
    refused = pytest.raises(TrainerError, match="taken back")
    with refused:
        jobs.retry(job_id=failed.pk, by=curator)
    for kind, config in (("wins", {"judge": judge.pk}), ("score", scored.config)):
        with refused:
            jobs.request(kind=kind, run=run, config=config, by=curator)


def test_no_retired_rival_answers(trained, curator):
    one, other = trained(), trained(seed=2)
    retire(other)

    with pytest.raises(TrainerError, match="taken back"):
        jobs.request(kind="generate", run=one, config={"rivals": [other.pk]}, by=curator)


def test_none_is_compared_with_or_forecast_by(trained, preferred, curator):
    parent = trained()
    child = fresh(trained(method="dpo", version=preferred, parent=parent))
    later = fresh(trained(seed=2))
    assert evaluation.opponent(child) == (parent, "parent")
    assert evaluation.opponent(later) == (parent, "before")
    assert outlook.newest_fine_tune(parent.dataset_id) == later
    retire(parent)
    retire(later)

    assert evaluation.opponent(fresh(child)) is None
    assert evaluation.opponent(later) is None
    assert outlook.newest_fine_tune(parent.dataset_id) is None


def test_what_was_exported_before_is_handed_out_no_more(trained, curator, client):
    run = trained()
    job = jobs.request(kind="export", run=run, by=curator)
    tasks.execute_job(job_id=job.pk)
    client.force_login(curator)
    address = reverse("trainer:job_files", args=[job.pk])
    assert client.get(address).status_code == 200
    retire(run)

    answer = client.get(address)

    assert answer.status_code == 409 and "taken back" in answer.text


def test_a_talk_s_second_voice_does_not_come_back(begin, curator, finished):
    talk = Talk.objects.get(pk=begin().pk)
    Job.objects.update(state="failed", finished_at=now(), problem="No.", worker="")
    retire(finished)
    voice = talk.voices.filter(run=None).get()
    Job.objects.update(run=None, base=voice.base)

    with pytest.raises(TrainerError, match="taken back"):
        jobs.retry(job_id=talk.job_id, by=curator)


def test_nobody_starts_a_talk_again_without_a_right_to_each_voice(begin, finished):
    """One learned from a dataset that the person does not curate."""
    talk = Talk.objects.get(pk=begin().pk)
    Job.objects.update(state="failed", finished_at=now(), problem="No.", worker="")
    elsewhere = DatasetFactory(pairs=True)
    prompt = MessageFactory(
        conversation__dataset=elsewhere, conversation__split="train", accepted=True
    )
    ReplyFactory(parent=prompt, accepted=True)
    keeper = ContributorFactory(member=elsewhere, member__roles=["curator"])
    version = versions.freeze(dataset_id=elsewhere.pk, by=keeper)
    Run.objects.filter(pk=finished.pk).update(version=version)
    Job.objects.update(run=None)

    with pytest.raises(NotAllowed):
        jobs.retry(job_id=talk.job_id, by=talk.owner)


def test_a_benchmark_is_not_asked_of_it(trained, curator):
    from trainer.views.benchmarks import _question_form

    one, other = trained(), trained(seed=2)
    retire(other)

    offered = str(_question_form(one.version.dataset)["model"])

    assert f"run {one.pk}" in offered and f"run {other.pk}" not in offered


# ---- the arena -------------------------------------------------------------------------


def test_replaced_it_leaves_the_arena(trained, texts, curator, worse):
    one, other, third = trained(), trained(seed=2), trained(seed=3)
    ended = [
        contests.begin(run_id=one.pk, rival=other.pk, by=curator),
        contests.begin(run_id=third.pk, rival=one.pk, by=curator),
    ]
    stays = contests.begin(run_id=third.pk, rival=other.pk, by=curator)
    take_back(texts[-1])
    worse(False)

    assert ask(one, curator).state == "done"

    states = dict(Contest.objects.values_list("pk", "state"))
    assert states == {**{one.pk: "stopped" for one in ended}, stays.pk: "open"}


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_arena_of_a_retired_one_ends_at_the_next_look(trained, curator, side):
    contest = contests.begin(run_id=trained().pk, rival=trained(seed=2).pk, by=curator)
    retire(getattr(contest, side))

    assert contests.go_on_with_all() == []

    contest.refresh_from_db()
    assert contest.state == "stopped" and not Job.objects.exists()


def test_after_a_round_that_failed_no_other_is_asked_for(trained, curator):
    contest = contests.begin(run_id=trained().pk, rival=None, by=curator, choice="fewest")
    [first] = contests.go_on_with_all()
    Job.objects.filter(pk=first).update(state="failed", finished_at=now(), problem="No.")

    assert contests.go_on_with_all() == []

    contest.refresh_from_db()
    assert contest.state == "stopped" and Job.objects.count() == 1
