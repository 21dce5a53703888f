"""Scores are kept once per model and text, and forgotten with the text."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from curation.actions import erasure, versions, withdrawals
from curation.models import Conversation, Event, Message, Review
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer import tasks
from trainer.actions import jobs, score_requests, scores
from trainer.errors import TrainerError
from trainer.folders import folder_of, folder_of_job
from trainer.jobs import score as kind
from trainer.models import ExampleScore, Job, Run, SecondThought, Surprise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(request_run):
    """A finished model of the version."""
    run = request_run()
    Run.objects.filter(pk=run.pk).update(
        state="finished", finished_at=run.queued_at, adapter_sha256="a" * 64
    )
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def judge(run):
    """A finished reward model."""
    made = Run.objects.get(pk=run.pk)
    made.pk, made.method = None, "reward"
    made._state.adding = True
    made.save()
    return made


@pytest.fixture
def ask(run, curator):
    def ask(by=curator, **config):
        return jobs.request(kind="score", run=run, config=config, by=by)

    return ask


def done(job):
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "finished", job.problem
    return job


def odd(dataset):
    """One accepted answer of nonsense, in a new version."""
    conversation = ConversationFactory(
        dataset=dataset, category=dataset.categories.get(), split="train"
    )
    prompt = MessageFactory(conversation=conversation, accepted=True)
    return ReplyFactory(parent=prompt, accepted=True, text="pure nonsense")


def test_every_example_is_scored_to_learn_from_and_held_out(ask, fake, run, frozen):
    job = done(ask())

    assert job.result["examples"] == 10
    assert not job.result["has_rewards"]
    kept = ExampleScore.objects.filter(run=run)
    assert set(kept.values_list("message_uid", flat=True)) == set(
        Message.objects.filter(role="assistant").values_list("uid", flat=True)
    )
    first = kept.first()
    assert (first.loss_base, first.loss_tuned, first.loss_alone) == (2.0, 1.0, 2.0)
    assert (first.reward, first.rewarded_by, first.version_id) == (None, None, frozen.pk)
    assert first.category == "thanks"
    assert Message.objects.get(uid=first.message_uid).parent.uid == first.prompt_uid


def test_marks_of_a_reward_model_come_beside(ask, fake, run, judge):
    done(ask())
    done(ask(reward_run=judge.pk))

    kept = ExampleScore.objects.filter(run=run)
    assert set(kept.values_list("reward", "rewarded_by")) == {(-1.0, judge.pk)}
    assert kept.count() == 10


def test_what_has_its_score_is_not_scored_again(ask, fake, run, dataset, curator):
    done(ask())
    odd(dataset)
    newer = versions.freeze(dataset_id=dataset.pk, by=curator)
    job = jobs.request(kind="score", run=run, version_id=newer.pk, by=curator)
    assert done(job).result["examples"] == 1
    assert ExampleScore.objects.filter(run=run).count() == 11


def test_kept_twice_it_is_there_once(ask, fake, run, curator):
    job = ask()
    claimed = jobs.claim(job.pk, "host:1")
    lines = [
        {"id": str(uid), "prompt_id": "", "category": "thanks", "tokens": 3, "base": 2.0,
         "tuned": 1.0, "alone": 1.5}
        for uid in Message.objects.filter(role="assistant").values_list("uid", flat=True)
    ]  # fmt: skip
    scores.keep(claimed, lines, reward_run=None)
    scores.keep(claimed, [line | {"tuned": 0.5} for line in lines], reward_run=None)
    assert list(ExampleScore.objects.values_list("loss_tuned", flat=True).distinct()) == [
        0.5
    ]
    assert ExampleScore.objects.count() == 10


def test_who_lost_the_job_keeps_nothing(ask, fake):
    job = ask()
    stale = jobs.claim(job.pk, "host:1")
    Job.objects.filter(pk=job.pk).update(attempt=2)
    assert jobs.finish(stale, {}) is False
    assert not ExampleScore.objects.exists()


def test_odd_settings_are_refused_at_the_door(ask, run):
    with pytest.raises(TrainerError, match="Unknown setting"):
        ask(depth=3)
    with pytest.raises(TrainerError, match="no finished reward model"):
        ask(reward_run=run.pk)  # it writes, and gives no marks


def test_without_a_run_there_is_nothing_to_score(frozen, base, curator, fake):
    job = jobs.request(kind="score", version_id=frozen.pk, base=base, by=curator)
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "name a run" in job.problem


# ---- by itself -------------------------------------------------------------------------


def test_the_newest_model_scores_the_newest_version_once(run, judge, dataset, curator):
    (asked,) = score_requests.due()
    job = Job.objects.get(pk=asked)
    assert (job.run, job.config) == (run, {"reward_run": judge.pk})
    assert score_requests.due() == []
    Job.objects.update(state="cancelled", finished_at=job.queued_at)
    assert score_requests.due() == []

    odd(dataset)
    newer = versions.freeze(dataset_id=dataset.pk, by=curator)
    (asked,) = score_requests.due()
    assert Job.objects.get(pk=asked).version_id == newer.pk


def test_a_dataset_without_a_model_waits(frozen, request_run):
    request_run()
    assert score_requests.due() == []


def test_a_finished_run_asks_for_its_scores(request_run, fake, monkeypatch, settings):
    rung = []
    monkeypatch.setattr(tasks, "ring", lambda task, **_: rung.append(task))
    tasks.execute_run(run_id=request_run().pk)
    assert rung == [tasks.score_examples]
    tasks.score_examples()
    assert rung == [tasks.score_examples, tasks.execute_job]

    settings.SCORE_MODELS = False
    tasks.execute_run(run_id=request_run().pk)
    tasks.score_examples()
    assert len(rung) == 2


# ---- forgetting ------------------------------------------------------------------------


def test_an_erased_text_takes_its_scores_with_it(ask, fake, run):
    done(ask())
    gone, *others = Message.objects.filter(role="assistant").order_by("pk")
    Surprise.objects.create(run=run, message_uid=gone.uid, kind="known", strength=1,
                            facts={})  # fmt: skip
    scores.mark_fine(uid=gone.uid, dataset=gone.conversation.dataset, by=run.requested_by)

    admin = ContributorFactory(is_staff=True)
    erasure.erase(person_id=gone.author_id, by=admin)

    left = set(ExampleScore.objects.values_list("message_uid", flat=True))
    assert left == {one.uid for one in others}
    assert not Surprise.objects.exists()
    assert not SecondThought.objects.exists()


def test_scores_of_a_version_with_destroyed_words_are_not_kept(ask, fake):
    job = ask()
    claimed = jobs.claim(job.pk, "host:1")
    gone = Message.objects.filter(role="assistant").first()
    erasure.erase(person_id=gone.author_id, by=ContributorFactory(is_staff=True))
    with pytest.raises(Exception, match="destroyed"):
        kind.keep(claimed, {})
    assert not ExampleScore.objects.exists()


# ---- the curators' page ----------------------------------------------------------------


@pytest.fixture
def strange(dataset, frozen, curator, request_run, fake):
    """An answer of nonsense, scored by a model."""
    message = odd(dataset)
    newer = versions.freeze(dataset_id=dataset.pk, by=curator)
    run = request_run()
    Run.objects.filter(pk=run.pk).update(
        state="finished", finished_at=run.queued_at, adapter_sha256="a" * 64
    )
    run.refresh_from_db()
    done(jobs.request(kind="score", run=run, version_id=newer.pk, by=curator))
    return message


def accepted(message, **how):
    return Review.objects.create(
        message=message, reviewer=ContributorFactory(), verdict="accept", **how
    )


@pytest.fixture
def page(dataset):
    return reverse("trainer:surprising", args=[dataset.slug])


def test_curators_see_it_with_its_numbers_and_others_nothing(
    strange, page, client, curator, dataset
):
    client.force_login(ContributorFactory(member=dataset, member__roles=["reviewer"]))
    assert client.get(page).status_code == 404
    client.force_login(curator)
    said = client.get(page, {"kind": "unlearned"}).text
    assert "pure nonsense" in said
    assert "After training its loss is 9.00 a token; 1.00 is usual" in said
    assert "Its verdicts" not in said
    assert "pure nonsense" not in client.get(page).text  # no judge has marked it
    assert client.get(page, {"kind": "rude"}).status_code == 404


def test_fine_as_it_is_it_does_not_come_again_and_is_a_line_of_history(
    strange, page, client, curator, dataset
):
    client.force_login(curator)
    address = f"{page}?kind=unlearned"
    for _ in range(2):  # a double click
        answer = client.post(address, {"text": strange.uid, "action": "fine"}, follow=True)
        assert "does not come up again" in answer.text
    line = Event.objects.get(kind="surprise.dismissed")
    assert (line.subject_id, line.by, line.dataset) == (strange.pk, curator, dataset)
    assert "pure nonsense" not in answer.text
    scores.list_surprises(Run.objects.latest("pk"))
    assert "pure nonsense" not in client.get(address).text
    strange.refresh_from_db()
    assert strange.state == "accepted"


def test_judged_again_it_waits_for_other_reviewers(strange, page, client, curator):
    review = accepted(strange)
    client.force_login(curator)
    answer = client.post(
        f"{page}?kind=unlearned", {"text": strange.uid, "action": "again"}, follow=True
    )
    assert "others are asked" in answer.text
    assert "pure nonsense" not in answer.text
    strange.refresh_from_db()
    review.refresh_from_db()
    assert strange.state == "submitted"
    assert review.set_aside_at is not None
    assert SecondThought.objects.get().outcome == "again"


def test_what_a_curator_decided_stands(strange, page, client, curator):
    accepted(strange, is_final=True)
    client.force_login(curator)
    answer = client.post(
        f"{page}?kind=unlearned", {"text": strange.uid, "action": "again"}, follow=True
    )
    assert "A curator has decided on this text" in answer.text
    strange.refresh_from_db()
    assert strange.state == "accepted"
    assert not SecondThought.objects.exists()


def test_a_text_that_was_taken_back_is_not_shown(strange, page, client, curator):
    withdrawals.take_back(message_id=strange.pk, by=strange.author)
    client.force_login(curator)
    said = client.get(page, {"kind": "unlearned"}).text
    assert "pure nonsense" not in said
    assert "Nothing of this kind waits" in said


def test_of_another_dataset_or_odd_nothing_is_answered(strange, page, client, curator):
    client.force_login(curator)
    other = ReplyFactory(accepted=True)
    client.post(page, {"text": other.uid, "action": "fine"})
    assert not SecondThought.objects.exists()
    for sent in ({"text": "x", "action": "fine"}, {"text": strange.uid, "action": "burn"}):
        assert client.post(page, sent).status_code == 404


def test_before_any_scores_the_page_says_what_will_come(page, client, curator):
    client.force_login(curator)
    assert "No model has scored these examples yet" in client.get(page).text


def test_the_jobs_page_shows_the_result(ask, fake, client, curator):
    job = done(ask())
    client.force_login(curator)
    said = client.get(reverse("trainer:job", args=[job.pk])).text
    assert "examples scored" in said
    assert "No reward model has marked the answers" in said


def test_the_queries_of_the_page_do_not_grow(strange, page, client, curator, dataset,
                                             django_assert_max_num_queries):  # fmt: skip
    run = Run.objects.latest("pk")
    for message in Message.objects.filter(role="assistant"):
        Surprise.objects.update_or_create(
            run=run, message_uid=message.uid, kind="promptless",
            defaults={"strength": 1, "facts": {"with": 2, "without": 1}},
        )  # fmt: skip
    client.force_login(curator)
    with django_assert_max_num_queries(20):
        said = client.get(page, {"kind": "promptless"}).text
    assert said.count("Have it judged again") == Conversation.objects.count()


def test_a_model_of_all_weights_is_scored_beside_its_base(ask, fake, run, judge):
    Run.objects.update(config=run.config | {"tuning": "full"})
    run.refresh_from_db()

    job = done(ask(reward_run=judge.pk))

    config = json.loads((folder_of_job(job) / "score.json").read_text())
    assert (config["base"], config["adapter"]) == ("/nowhere", None)
    assert config["model"] == str(folder_of(run) / "model")
    assert config["reward_base"] == str(folder_of(judge) / "model")
    assert config["reward_adapter"] is None
    first = ExampleScore.objects.filter(run=run).first()
    assert (first.loss_base, first.loss_tuned, first.reward) == (2.0, 1.0, -1.0)
