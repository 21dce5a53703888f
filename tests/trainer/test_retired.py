"""A retired model is at work nowhere, and its removal ends whatever comes between."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation import handoff
from curation.models import ModelReport
from tests.trainer.removing import ask, follow, fresh, retire, take_back
from trainer import tasks
from trainer.actions import contests, jobs, merges, promotions, removals, replacements
from trainer.errors import TrainerError
from trainer.folders import folder_of, folder_of_job
from trainer.models import Champion, Contest, Job, Removal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def merge(curator):
    def merge(*parts):
        made = merges.request(run_ids=[run.pk for run in parts], way="cat", by=curator)
        tasks.execute_run(run_id=made.pk)
        return fresh(made)

    return merge


@pytest.fixture
def worse(monkeypatch):
    """`worse(True)`: what is compared came out worse."""

    def worse(is_worse):
        found = {"lines": [], "pairs": None, "is_worse": is_worse}
        monkeypatch.setattr(replacements, "compared", lambda run, old: found)

    return worse


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
