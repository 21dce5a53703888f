"""Somebody talks to models: a worker answers, once, whatever dies meanwhile."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError
from django.utils.timezone import now

from curation.actions import erasure
from curation.errors import CurationError, NotAllowed
from tests.factories import ContributorFactory
from tests.races import together
from tests.trainer.talks import answered, texts
from trainer import forgetting, launch, served, tasks
from trainer.actions import jobs, order, queue, talking, talks
from trainer.errors import TrainerError
from trainer.models import BaseModel, Budget, Job, Run, Talk, TalkAnswer, TalkTurn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("brief")]


def seed_of(talk):
    return talk.turns.order_by("-number").first().seed


# ---- answers ---------------------------------------------------------------------------


def test_both_models_answer_the_same_question(begin, fake):
    talk = begin("Say hello.")
    seed = seed_of(talk)

    said = answered(talk)

    assert said == [f"{who} heard � Say hello. ({seed})" for who in ("tuned", "base")]
    states = TalkAnswer.objects.values_list("state", "tokens")
    assert list(states) == [("done", 6), ("done", 6)]
    assert (talk.job.state, talk.job.result["answers"]) == ("finished", 2)
    assert TalkAnswer.objects.filter(first_after__isnull=True).count() == 0


def test_each_model_goes_on_from_its_own_answers(begin, say, fake):
    talk = begin("One?", context="It stands here.")
    first = answered(talk)
    say(talk, "Two?")

    said = answered(talk)

    for before, after in zip(first, said[2:], strict=True):
        assert f"One?\n\nIt stands here. | {before} | Two?" in after


def test_what_comes_while_the_models_are_loaded_needs_no_other_job(
    begin, say, fake, monkeypatch
):
    talk = begin("One?")
    heard = []
    ask_next = talks.tell

    def tell(job, turn, said, *, is_done):
        ask_next(job, turn, said, is_done=is_done)
        if is_done and not heard:
            heard.append(say(talk, "Two?"))

    monkeypatch.setattr(talks, "tell", tell)
    answered(talk)

    assert Job.objects.count() == 1
    assert TalkAnswer.objects.filter(state="done").count() == 4


def test_pieces_of_an_answer_are_there_before_its_end(begin, fake, monkeypatch):
    fake(pieces=4, pause=0.05)
    talk = begin()
    seen = []
    write = talks.tell

    def tell(job, turn, said, *, is_done):
        write(job, turn, said, is_done=is_done)
        seen.append((texts(talk)[0], is_done))

    monkeypatch.setattr(talks, "tell", tell)
    answered(talk)

    assert len(seen) > 2
    assert all(len(one) < len(other) for (one, _), (other, _) in pairwise(seen))
    assert [done for _, done in seen][-2:] == [False, True]


def test_no_word_of_it_stays_on_the_workers_disk(begin, fake):
    talk = begin("A quiet secret.")
    answered(talk)

    folder = launch.folder_of_job(talk.job)
    assert [p.name for p in folder.rglob("*") if b"secret" in p.read_bytes()] == []


def test_a_server_beside_the_gpu_answers_where_it_has_the_models(begin, fake, monkeypatch):
    asked = []

    def answers(name, prompts, **shape):
        asked.append((name, prompts[0].messages, shape["answers"]))
        return [[f"{name} says so"]]

    monkeypatch.setattr(served, "serves", lambda name: True)
    monkeypatch.setattr(served, "answers", answers)
    talk = begin("Hello?")

    said = answered(talk)

    names = [voice.signature for voice in talk.voices.order_by("place")]
    assert said == [f"{name} says so" for name in names]
    assert asked == [(n, [{"role": "user", "content": "Hello?"}], 1) for n in names]
    assert talk.job.result["engine"] == "vLLM"


# ---- room for others -------------------------------------------------------------------


def test_it_goes_before_trainings_that_wait(begin, request_run):
    request_run(steps=11)
    talk = begin()

    assert queue.take("host:1") == talk.job


def test_it_makes_room_for_what_waits(begin, request_run, fake, monkeypatch):
    monkeypatch.setattr("trainer.jobs.talk.IDLE_SECONDS", 60)
    monkeypatch.setattr("trainer.jobs.talk.ASKS_EVERY", 0.0)
    talk = begin()
    request_run(steps=11)

    assert "" not in answered(talk)  # and does not wait a minute for the next question
    assert talk.job.state == "finished"


def test_what_waits_for_the_end_of_quiet_hours_needs_no_room(begin, request_run):
    talk = begin()
    jobs.claim(talk.job.pk, "host:1")
    assert not order.somebody_waits()

    request_run(steps=11)
    assert order.somebody_waits()
    Budget.objects.create(dataset=talk.version.dataset, hours=0)
    assert not order.somebody_waits()


# ---- once ------------------------------------------------------------------------------


def test_a_double_click_counts_once(begin, say):
    key = uuid.uuid4()
    first, second = together(lambda: begin(key=key), lambda: begin(key=key))

    assert first == second
    assert (Talk.objects.count(), TalkTurn.objects.count(), Job.objects.count()) == (
        1,
        1,
        1,
    )
    assert say(first, "Say hello.", key=key).number == 1


def test_two_clicks_on_the_next_question_are_one(begin, say, fake):
    talk, key = begin(), uuid.uuid4()
    answered(talk)

    turns = together(*[lambda: say(talk, "And now?", key=key)] * 3)

    assert len({turn.pk for turn in turns}) == 1
    assert talk.turns.count() == 2
    assert Job.objects.unended().count() == 1


def test_two_clicks_on_try_again_are_one(begin, fake):
    talk = begin()
    before = answered(talk)
    seed = seed_of(talk)

    def again():
        return talking.try_again(talk_id=talk.pk, seed=seed, by=talk.owner)

    outcomes = together(again, again)

    assert outcomes.count(None) == 1
    assert TalkAnswer.objects.count() == 2
    after = answered(talk)
    assert [a != b for a, b in zip(before, after, strict=True)] == [True, True]
    assert f"({seed_of(talk)})" in after[0]


def test_a_question_that_comes_while_the_session_ends_is_answered_all_the_same(
    begin, say, fake
):
    talk = begin("One?")
    answered(talk)
    for number in range(2, 8):
        say(talk, f"Question {number}?")
        talk.refresh_from_db()
        job = jobs.claim(talk.job.pk, "host:1")
        asked = talks.take_turn(job)
        done = [{"text": "Yes.", "tokens": 1}] * 2
        talks.tell(job, asked.turn, done, is_done=True)

        def end(job=job):
            jobs.finish(job, {"answers": 2})
            tasks.go_on_with_talks()

        together(end, lambda number=number: say(talk, f"Late {number}?"))

        assert "" not in answered(talk)


def test_one_question_after_the_other(begin, say):
    talk = begin()

    with pytest.raises(TrainerError, match="being answered"):
        say(talk, "And this?")


# ---- who, and with whom ----------------------------------------------------------------


def test_reviewers_do_not_get_to_know_how_a_model_speaks(begin, dataset):
    reviewer = ContributorFactory(member=dataset)

    with pytest.raises(NotAllowed):
        begin(by=reviewer)
    assert not Talk.objects.exists()


def test_who_does_not_curate_any_more_asks_nothing_more(begin, say, curator, fake):
    talk = begin()
    answered(talk)
    curator.memberships.all().delete()

    with pytest.raises(NotAllowed):
        say(talk, "And now?")


def test_a_model_that_vanished_says_so(begin, say, fake):
    talk = begin()
    answered(talk)
    BaseModel.objects.update(state="failed", problem="Its files are gone.")

    with pytest.raises(TrainerError, match="not there any more"):
        say(talk, "And now?")


def test_destroyed_words_refuse_every_question(begin, frozen):
    text = frozen.items.select_related("reply").first().reply
    erasure.erase(person_id=text.author_id, by=ContributorFactory(is_staff=True))

    with pytest.raises(CurationError, match="destroyed"):
        begin()
    assert not Talk.objects.exists()


def test_reward_models_answer_nothing(begin, finished):
    Run.objects.update(method="reward")
    finished.refresh_from_db()

    with pytest.raises(TrainerError, match="no model that answers"):
        begin(both=False)


def test_two_models_are_two(finished, curator):
    model = talking.Model(finished.base, finished)
    asked = {"words": talking.Words("Hi."), "by": curator, "version_id": None}

    for models, why in (([], "one model or two"), ([model, model], "different")):
        with pytest.raises(TrainerError, match=why):
            talking.begin(models=models, key=uuid.uuid4(), **asked)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 20_001])
def test_what_cannot_be_asked_is_refused(begin, text):
    with pytest.raises(TrainerError):
        begin(text)


def test_odd_characters_are_made_fit_to_be_stored(begin):
    talk = begin("a\0b\ud800c")

    assert talk.turns.get().text == "a\N{REPLACEMENT CHARACTER}b?c"


# ---- how long it is kept ---------------------------------------------------------------


def test_talks_are_deleted_a_month_after_the_last_question(begin, fake):
    old, young = begin(), begin("Hi.")
    Talk.objects.filter(pk=old.pk).update(last_at=now() - timedelta(days=31))
    Talk.objects.filter(pk=young.pk).update(last_at=now() - timedelta(days=29))

    tasks.forget_talks()

    assert list(Talk.objects.all()) == [young]
    assert TalkAnswer.objects.count() == 2


def test_who_is_forgotten_leaves_no_talk(begin, curator, fake):
    talk = begin("Words that only I said.")
    folder = launch.folder_of_job(talk.job)
    folder.mkdir()
    (folder / "talk-asked.json").write_text("Words that only I said.")
    (folder / "talk-said.json").write_text("Yours")

    forgetting.forget(person_id=curator.pk, message_ids=[], uids=[])

    assert not Talk.objects.exists()
    assert list(folder.iterdir()) == []


def test_the_database_keeps_what_must_never_be_false(begin):
    turn = begin().turns.get()

    for row in (
        TalkTurn(talk=turn.talk, number=1, key=uuid.uuid4(), text="x", temperature=0,
                 max_new_tokens=1, seed=1),
        TalkTurn(talk=turn.talk, number=2, key=turn.key, text="x", temperature=0,
                 max_new_tokens=1, seed=1),
        TalkTurn(talk=turn.talk, number=2, key=uuid.uuid4(), text="", temperature=0,
                 max_new_tokens=1, seed=1),
        TalkAnswer(turn=turn, voice=turn.answers.first().voice),
    ):  # fmt: skip
        with pytest.raises(IntegrityError):
            row.save()
