from __future__ import annotations

import pytest
from django.db import connection

from annotate.models import Assignment
from curation import facts, judged
from curation.actions import messages, moderation, second_looks, turns, versions
from curation.errors import CurationError, NotAllowed
from curation.models import Event, Message, Notification, Review, VersionItem
from tests.annotate.work import planned
from tests.curation.pages import held, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db

WHY = "Judged in haste."


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def judge(dataset):
    return ContributorFactory(member=dataset)


def state_of(message):
    return Message.objects.get(pk=message.pk).state


def review(message, by, verdict="accept", **fields):
    if verdict == "reject":
        fields = {"reason": "wrong", **fields}
    return messages.review(message_id=message.pk, by=by, verdict=verdict, **fields)


def look_again(judge, by, dataset, **fields):
    reviews = second_looks.given_by(judge, dataset)
    return second_looks.ask_again(
        dataset=dataset, reviews=reviews, by=by, why=WHY, **fields
    )


def a_prompt(dataset, **fields):
    return MessageFactory(conversation__dataset=dataset, **fields)


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_what_they_alone_decided_waits_for_others(dataset, curator, judge, verdict):
    prompt = a_prompt(dataset)
    review(prompt, judge, verdict)

    asked = look_again(judge, curator, dataset)

    assert (asked.reopened, asked.standing, asked.left) == (1, 0, 0)
    assert state_of(prompt) == "submitted"
    assert Review.objects.get().set_aside_at is not None
    told = Event.objects.get(kind="review.set_aside", by=curator)
    assert (told.subject_id, told.data["why"]) == (prompt.pk, WHY)
    assert Notification.objects.filter(person=prompt.author, kind="reopened").exists()
    planned(prompt)
    assert Assignment.objects.filter(message=prompt, state="open").count() == 1
    other = ContributorFactory(member=dataset)
    review(prompt, other, "reject", note="It is not so.")
    assert state_of(prompt) == "rejected"
    assert Message.objects.get(pk=prompt.pk).why.endswith("It is not so.")


def test_who_judged_it_judges_it_once(dataset, curator, judge):
    prompt = a_prompt(dataset)
    review(prompt, judge)
    look_again(judge, curator, dataset)

    with pytest.raises(CurationError, match="already reviewed"):
        review(prompt, judge)


def test_what_others_decided_as_well_stands(curator, judge):
    dataset = DatasetFactory(policy__reviews_wanted=3, policy__approvals_needed=1)
    prompt, other = a_prompt(dataset), a_prompt(dataset)
    first, second, boss = (
        ContributorFactory(member=dataset),
        ContributorFactory(member=dataset),
        ContributorFactory(member=dataset, member__roles=["curator"]),
    )
    dataset.policy.approvals_needed = 2
    dataset.policy.save()
    for by in (first, second):
        review(prompt, by)
    review(other, first)
    review(other, second)
    Review.objects.create(message=prompt, reviewer=boss, verdict="accept")

    asked = look_again(boss, boss, dataset)
    assert (asked.reopened, asked.standing) == (0, 1)
    assert state_of(prompt) == "accepted"
    asked = look_again(first, boss, dataset)
    assert asked.reopened == 2
    assert (state_of(prompt), state_of(other)) == ("submitted", "submitted")
    review(prompt, ContributorFactory(member=dataset))
    assert state_of(prompt) == "accepted"


def test_an_undecided_text_asks_for_one_more_verdict():
    dataset = DatasetFactory(policy__reviews_wanted=3, policy__approvals_needed=2)
    prompt, judge = a_prompt(dataset), ContributorFactory(member=dataset)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    review(prompt, judge)
    look_again(judge, boss, dataset)

    planned(prompt)

    assert Assignment.objects.filter(message=prompt, state="open").count() == 3


def ask_about(message, by):
    second_looks.ask_about(message_id=message.pk, by=by, why=WHY)


def test_one_text_is_put_before_others_whoever_judged_it(curator):
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    prompt = a_prompt(dataset)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    for _ in range(2):
        review(prompt, ContributorFactory(member=dataset))
    assert state_of(prompt) == "accepted"

    with pytest.raises(NotAllowed):
        ask_about(prompt, curator)  # of another dataset
    ask_about(prompt, boss)

    assert state_of(prompt) == "submitted"
    assert not Review.objects.filter(set_aside_at=None).exists()
    told = Event.objects.filter(kind="review.set_aside", by=boss)
    assert [line.data["why"] for line in told] == [WHY, WHY]
    with pytest.raises(CurationError, match="already"):
        ask_about(prompt, boss)  # it waits for review


def test_an_imported_text_that_nobody_judged_is_judged(dataset, curator):
    reply = ReplyFactory(conversation__dataset=dataset, accepted=True)
    boss = ContributorFactory(is_staff=True)
    ask_about(reply, boss)
    assert state_of(reply) == "submitted"


def test_the_words_of_an_edit_are_judged_by_others(dataset, curator, judge):
    prompt = a_prompt(dataset, text="What is a kat?")
    revision = review(prompt, judge, "edit", edited_text="What is a cat?")

    ask_about(revision, curator)

    assert (state_of(prompt), state_of(revision)) == ("rejected", "submitted")
    assert Review.objects.get().set_aside_at is not None


def test_what_a_curator_said_last_is_not_set_aside(dataset, curator, judge):
    prompt = a_prompt(dataset, accepted=True)
    final = Review.objects.create(
        message=prompt, reviewer=judge, verdict="accept", is_final=True
    )
    with pytest.raises(CurationError, match="A curator has decided"):
        ask_about(prompt, curator)
    final.refresh_from_db()
    assert (final.set_aside_at, state_of(prompt)) == (None, "accepted")


def test_an_edit_no_longer_approves_its_own_words(dataset, curator, judge):
    prompt = a_prompt(dataset, text="What is a kat?")
    revision = review(prompt, judge, "edit", edited_text="What is a cat?")
    assert state_of(revision) == "accepted"

    look_again(judge, curator, dataset)

    assert (state_of(prompt), state_of(revision)) == ("rejected", "submitted")


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_a_pair_waits_again_as_one(verdict):
    answer = PairFactory()
    dataset = answer.conversation.dataset
    judge = ContributorFactory(member=dataset)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    review(answer, judge, verdict)

    look_again(judge, boss, dataset)

    assert (state_of(answer), state_of(answer.parent)) == ("submitted", "submitted")
    planned(answer)
    assert Assignment.objects.filter(kind="review", state="open").count() == 1


def test_what_a_curator_decided_stands(dataset, curator, judge):
    reply = held(dataset)
    Review.objects.create(message=reply, reviewer=judge, verdict="accept")
    moderation.decide(message_id=reply.pk, by=curator, action="release")

    assert look_again(judge, curator, dataset).standing == 1
    assert state_of(reply) == "accepted"


def test_frozen_versions_are_named_and_stay(client, dataset, judge):
    prompt = a_prompt(dataset, accepted=True)
    reply = ReplyFactory(parent=prompt)
    review(reply, judge)
    curator = signed_in(client, dataset, "curator")
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    page = client.post(url("person-again", dataset.slug, judge.pk))

    assert page.status_code == 200
    assert "1 text waits for review again." in page.text
    assert url("version", dataset.slug, version.number) in page.text
    assert VersionItem.objects.filter(version=version, reply=reply).exists()
    assert state_of(reply) == "submitted"


def test_what_was_set_aside_counts_nowhere(dataset, curator, judge):
    dataset.policy.improve_below = 3
    dataset.policy.save()
    text = ReplyFactory(parent__conversation__dataset=dataset, parent__accepted=True)
    messages.review(message_id=text.pk, by=judge, verdict="accept", labels={"quality": 1})
    other = ContributorFactory(member=dataset)
    Review.objects.create(message=text, reviewer=other, verdict="accept")
    reviews_from = {"reviews_from": 2}
    before = versions.freeze(dataset_id=dataset.pk, by=curator, recipe=reviews_from)
    [turn] = [one for one in turns.turns_of([text.conversation])[text.conversation_id]
              if one.id == text.pk]  # fmt: skip
    assert turn.is_lacking

    second_looks.ask_again(
        dataset=dataset, reviews=Review.objects.filter(reviewer=judge), by=curator, why=WHY
    )

    with pytest.raises(CurationError, match="Nothing is accepted"):
        versions.freeze(dataset_id=dataset.pk, by=curator, recipe=reviews_from)
    now = versions.freeze(dataset_id=dataset.pk, by=curator)
    assert (facts.of(before).reviews, facts.of(now).reviews) == (2, 1)
    assert [one.person for one in judged.judged_in(dataset).verdicts] == [other.pk]
    [turn] = [one for one in turns.turns_of([text.conversation])[text.conversation_id]
              if one.id == text.pk]  # fmt: skip
    assert not turn.is_lacking


def test_so_many_at_a_time(dataset, curator, judge):
    for _ in range(3):
        review(a_prompt(dataset), judge)

    assert look_again(judge, curator, dataset, at_most=2)[:3] == (2, 0, 1)
    assert look_again(judge, curator, dataset, at_most=2)[:3] == (1, 0, 0)


def test_verdicts_elsewhere_are_not_touched(dataset, curator, judge):
    other = a_prompt(DatasetFactory())
    Review.objects.create(message=other, reviewer=judge, verdict="accept")

    asked = second_looks.ask_again(
        dataset=dataset, reviews=Review.objects.all(), by=curator, why=WHY
    )

    assert asked.left == 0
    assert Review.objects.get().set_aside_at is None
    with pytest.raises(NotAllowed):
        look_again(judge, judge, dataset)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_ask_once():
    dataset = DatasetFactory()
    judge = ContributorFactory(member=dataset)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    review(a_prompt(dataset), judge)

    outcomes = together(*(lambda: look_again(judge, boss, dataset) for _ in range(3)))

    assert sum(one.reopened for one in outcomes) == 1
    assert Event.objects.filter(kind="review.set_aside").count() == 1
    connection.close()
