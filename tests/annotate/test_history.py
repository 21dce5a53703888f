"""The strip of what one did last."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from annotate import history, planner
from annotate.models import Submission
from curation.actions import withdrawals
from curation.models import Message
from tests.annotate.work import claim, planned, submit
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


def test_a_verdict_is_listed_with_its_reason(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset, text="Is this spam or not?"))
    submit(client, claim(client, kind="review"), verdict="reject", reason="spam")

    [line] = history.lately(person)

    assert line.words == "Is this spam or not?"
    assert line.decided == "Reject: Spam"
    assert line.undo_url
    assert not line.edit_url


def test_words_are_quoted_without_the_marks_around_them(client, dataset, person):
    text = "## Why *is* the\n\n- [sky](https://sky.example) `blue`\n- and **not** green?"
    planned(MessageFactory(conversation__dataset=dataset, text=text))
    submit(client, claim(client, kind="review"), verdict="accept")

    [line] = history.lately(person)

    assert line.words == "Why is the sky blue and not green?"


def test_a_colleagues_words_are_not_quoted_once_they_were_taken_back(
    client, dataset, person
):
    prompt = planned(MessageFactory(conversation__dataset=dataset, text="My home address"))
    submit(client, claim(client, kind="review"), verdict="accept")
    assert history.lately(person)[0].words == "My home address"

    withdrawals.take_back(message_id=prompt.pk, by=prompt.author)

    [line] = history.lately(person)
    assert line.words == ""
    assert line.decided == "Accept"


def test_a_text_is_listed_with_its_state_and_may_be_changed(client, person):
    pairs = DatasetFactory(pairs=True)
    CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    person.memberships.create(dataset=pairs, role="writer")
    slot = claim(client, kind="write_pair")
    submit(client, slot, prompt="Why is the sea salt?", reply="Rivers bring it.")
    prompt = Message.objects.get(role="prompter")

    [line] = history.lately(person)

    assert line.words == "Why is the sea salt?"
    assert line.decided == "Waiting for review"
    assert line.edit_url == reverse("curation:amend", args=[prompt.pk])


def test_a_ballot_is_listed_with_its_outcome(client):
    dataset = DatasetFactory(policy__replies_wanted=3, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(3):
        ReplyFactory(parent=prompt, accepted=True)
    planned(prompt)
    ranker = ContributorFactory(member=dataset, member__roles=["reviewer"])
    client.force_login(ranker)
    submit(client, claim(client, kind="rank"), outcome="none_good")

    [line] = history.lately(ranker)

    assert str(line.decided).lower().startswith("none")


def test_what_was_skipped_is_listed_and_comes_back(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    client.post(reverse("annotate:skip", args=[claim(client, kind="review").pk]))

    [line] = history.lately(person)

    assert line.decided == "Skipped"
    assert "/work/skip/" in line.undo_url


def test_the_newest_comes_first_and_ten_are_enough(client, dataset, person):
    for _ in range(12):
        planned(MessageFactory(conversation__dataset=dataset))
        submit(client, claim(client, kind="review"), verdict="accept")

    lines = history.lately(person)

    assert len(lines) == 10
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)


def test_after_half_an_hour_there_is_no_way_back(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    submit(client, claim(client, kind="review"), verdict="accept")
    Submission.objects.update(at=now() - timedelta(minutes=31))

    assert history.lately(person)[0].undo_url == ""


def test_what_was_taken_back_is_off_the_list(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    key = uuid.uuid4()
    submit(client, claim(client, kind="review"), key=key, verdict="accept")
    client.post(reverse("annotate:undo", args=[key]))

    assert history.lately(person) == []


def test_nobody_sees_what_others_did(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    submit(client, claim(client, kind="review"), verdict="accept")

    assert history.lately(ContributorFactory(member=dataset)) == []


def test_the_strip_alone_is_a_page_part(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset, text="What is a gnat?"))
    submit(client, claim(client, kind="review"), verdict="accept")

    part = client.get(reverse("annotate:history")).text

    assert "What is a gnat?" in part
    assert "<html" not in part


def test_it_costs_the_same_however_much_was_done(
    client, dataset, person, django_assert_max_num_queries
):
    for _ in range(6):
        planned(MessageFactory(conversation__dataset=dataset))
        submit(client, claim(client, kind="review"), verdict="accept")

    with django_assert_max_num_queries(3):  # sent, skipped, verdicts
        history.lately(person)
