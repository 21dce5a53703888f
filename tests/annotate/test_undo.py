"""What was sent or skipped a moment ago is taken back and there again, with its words."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from annotate import actions, planner, undo
from annotate.models import Assignment, Draft, Skip, Submission
from curation.actions import flags, revisions
from curation.models import Ballot, Flag, Message, Review
from tests.annotate.work import claim, planned, slots, submit
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
CARD = {"X-Requested-With": "card"}


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=1)


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


def take_back(client, key, **extra):
    return client.post(reverse("annotate:undo", args=[key]), **extra)


@pytest.fixture
def reviewed(client, dataset, person):
    """A prompt that the person accepted a moment ago: its slot and the key it went with."""
    planned(MessageFactory(conversation__dataset=dataset))
    slot, key = claim(client, kind="review"), uuid.uuid4()
    submit(client, slot, key=key, verdict="accept", note="Fine.")
    return slot, key


def test_a_verdict_is_taken_back_and_the_task_is_there_again(client, person, reviewed):
    slot, key = reviewed
    assert slots(kind="answer", state="open").exists()

    response = take_back(client, key)

    assert response.url == reverse("annotate:task", args=[slot.pk])
    slot.refresh_from_db()
    assert (slot.state, slot.person, slot.done_at) == ("leased", person, None)
    assert not Review.objects.exists()
    assert not slots(kind="answer", state="open").exists()
    assert Draft.objects.get().fields["note"] == "Fine."


def test_it_can_be_sent_again_with_another_verdict(client, reviewed):
    slot, key = reviewed
    take_back(client, key)

    submit(client, slot, verdict="reject", reason="spam")

    assert Message.objects.get().state == "rejected"
    assert Review.objects.get().verdict == "reject"


def test_pressed_twice_it_is_undone_once(client, reviewed):
    slot, key = reviewed
    take_back(client, key)

    response = take_back(client, key)

    assert response.url == reverse("annotate:task", args=[slot.pk])


def test_a_new_pair_is_withdrawn_and_its_words_are_in_the_form(client):
    dataset = DatasetFactory(pairs=True)
    CategoryFactory(dataset=dataset)
    planner.plan_writing(dataset)
    writer = ContributorFactory(member=dataset)
    client.force_login(writer)
    slot, key = claim(client, kind="write_pair"), uuid.uuid4()
    submit(client, slot, key=key, prompt="Why is it wet?", reply="It rained.")
    assert slots(kind="review").exists()

    take_back(client, key)

    assert set(Message.objects.values_list("state", flat=True)) == {"withdrawn"}
    slot.refresh_from_db()
    assert (slot.state, slot.person, slot.conversation) == ("leased", writer, None)
    assert Draft.objects.get().fields["reply"] == "It rained."
    assert not slots(kind="review", state="open").exists()
    submit(client, slot, prompt="Why is it wet?", reply="It rained all night.")
    assert Message.objects.filter(state="submitted").count() == 2


def test_an_answer_is_withdrawn_and_its_place_is_free_for_nobody_else(client, dataset):
    prompt = planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    slot, key = claim(client, kind="answer"), uuid.uuid4()
    submit(client, slot, key=key, text="Two of them.")

    take_back(client, key)

    assert prompt.replies.get().state == "withdrawn"
    assert not slots(kind="answer", state="open").exists()
    assert actions.claim(by=person, kind="answer").pk == slot.pk


def test_a_ballot_is_taken_back(client):
    dataset = DatasetFactory(policy__replies_wanted=3, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(3):
        ReplyFactory(parent=prompt, accepted=True)
    planned(prompt)
    client.force_login(ContributorFactory(member=dataset, member__roles=["reviewer"]))
    slot, key = claim(client, kind="rank"), uuid.uuid4()
    submit(client, slot, key=key, outcome="none_good")
    assert Ballot.objects.exists()

    take_back(client, key)

    assert not Ballot.objects.exists()
    assert not slots(kind="improve", state="open").exists()
    submit(client, slot, outcome="none_good")
    assert Ballot.objects.count() == 1


def test_after_half_an_hour_it_stays(client, reviewed):
    _slot, key = reviewed
    Submission.objects.update(at=now() - timedelta(minutes=31))

    response = take_back(client, key, headers=CARD)

    assert response.status_code == 409
    assert "too long ago" in response.json()["problem"]
    assert Review.objects.exists()


def test_what_was_kept_for_it_is_forgotten_in_time(reviewed):
    assert Submission.objects.get().fields
    assert undo.forget() == 0
    Submission.objects.update(at=now() - timedelta(minutes=31))

    assert undo.forget() == 1

    assert Submission.objects.get().fields == {}


def test_it_is_refused_while_somebody_works_on_what_follows(client, dataset, reviewed):
    slot, key = reviewed
    actions.claim(by=ContributorFactory(member=dataset), kind="answer")

    response = take_back(client, key)

    assert response.url == "/"
    assert "Somebody is at work on what comes after it" in client.get("/").text
    slot.refresh_from_db()
    assert slot.state == "done"
    assert Submission.objects.get().undone_at is None


def test_what_builds_on_it_comes_off_first(client, reviewed):
    _slot, key = reviewed
    second = uuid.uuid4()
    submit(client, claim(client, kind="answer"), key=second, text="Two of them.")

    refused = take_back(client, key, headers=CARD)
    assert refused.status_code == 409
    assert "Take that back first" in refused.json()["problem"]

    assert take_back(client, second, headers=CARD).status_code == 200
    assert take_back(client, key, headers=CARD).status_code == 200
    assert list(Message.objects.order_by("pk").values_list("state", flat=True)) == [
        "submitted",
        "withdrawn",
    ]


def test_nobody_takes_back_what_somebody_else_sent(client, dataset, reviewed):
    _slot, key = reviewed
    client.force_login(ContributorFactory(member=dataset))

    assert take_back(client, key).status_code == 404
    assert Review.objects.exists()


def test_what_was_skipped_comes_back_when_it_is_taken_back(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client, kind="review")
    client.post(reverse("annotate:skip", args=[slot.pk]))

    response = client.post(reverse("annotate:undo-skip", args=[Skip.objects.get().pk]))

    assert response.url == reverse("annotate:task", args=[slot.pk])
    assert Assignment.objects.held_by(person).get() == slot
    assert not Skip.objects.exists()


def test_a_skip_stays_when_somebody_else_has_the_task(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client, kind="review")
    client.post(reverse("annotate:skip", args=[slot.pk]))
    actions.claim(by=ContributorFactory(member=dataset), kind="review")

    client.post(reverse("annotate:undo-skip", args=[Skip.objects.get().pk]))

    assert Skip.objects.exists()
    assert "Somebody else has this task by now" in client.get("/").text


def test_words_typed_before_a_skip_are_kept_without_scripts_too(client, person, dataset):
    planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    slot = claim(client, kind="answer")

    client.post(
        reverse("annotate:skip", args=[slot.pk]),
        {"text": "Half an answer", "skip_reason": "long"},
    )

    assert Draft.objects.get().fields["text"] == "Half an answer"
    slot.refresh_from_db()
    assert slot.state == "open"


def test_an_empty_skip_keeps_nothing(client, person, dataset):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client, kind="review")

    client.post(
        reverse("annotate:skip", args=[slot.pk]), {"edited_text": slot.message.text}
    )

    assert not Draft.objects.exists()


def test_the_next_page_offers_the_way_back_without_scripts(client, dataset, person):
    for _ in range(2):
        planned(MessageFactory(conversation__dataset=dataset))
    key = uuid.uuid4()
    response = submit(client, claim(client, kind="review"), key=key, verdict="accept")

    page = client.get(response.url).text

    assert page.count(f'action="{reverse("annotate:undo", args=[key])}"') == 2  # and strip
    assert "just-done" in page


def test_only_what_was_sent_is_taken_back_and_later_words_stay(client):
    dataset = DatasetFactory(policy__replies_wanted=2)
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    mine = ReplyFactory(author=person, accepted=True, parent__conversation__dataset=dataset)
    other = planned(ReplyFactory(parent=mine.parent))
    key = uuid.uuid4()
    submit(client, claim(client, kind="review"), key=key, verdict="accept")
    anew = revisions.amend(message_id=mine.pk, by=person, text="Brand new words.")

    assert take_back(client, key, headers=CARD).status_code == 200

    anew.refresh_from_db()
    other.refresh_from_db()
    assert (anew.state, other.state) == ("submitted", "submitted")


def test_somebody_who_flags_the_text_does_not_stop_it(client, dataset, reviewed):
    slot, key = reviewed
    flags.raise_flag(
        message_id=slot.message_id,
        by=ContributorFactory(member=dataset),
        reason=Flag.Reason.values[0],
    )

    assert take_back(client, key, headers=CARD).status_code == 200
    assert not Review.objects.exists()


def test_what_arrives_once_more_after_it_was_taken_back_is_not_said_to_be_saved(
    client, reviewed
):
    slot, key = reviewed
    take_back(client, key)
    actions.save_draft(
        assignment_id=slot.pk, by=slot.person, fields={"note": "Newer words."}
    )

    again = {"key": str(key), "verdict": "accept", "note": "Fine."}
    address = reverse("annotate:submit", args=[slot.pk])
    answer = client.post(address, again, headers=CARD).json()

    assert answer == {"next": None, "home": reverse("annotate:home")}  # no proof
    assert "You have taken this back" in client.get("/").text
    assert not Review.objects.exists()
    assert Draft.objects.get().fields["note"] == "Newer words."


def test_a_skip_stays_when_its_person_has_no_part_in_the_dataset_any_more(
    client, dataset, person
):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client, kind="review")
    client.post(reverse("annotate:skip", args=[slot.pk]))
    dataset.memberships.filter(contributor=person).delete()

    client.post(reverse("annotate:undo-skip", args=[Skip.objects.get().pk]))

    assert Skip.objects.exists()
    slot.refresh_from_db()
    assert slot.state == "open"


def test_the_words_come_along_when_a_skipped_text_gets_another_slot(client):
    pairs = DatasetFactory(pairs=True)
    person = ContributorFactory(member=pairs)
    client.force_login(person)
    CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    slot = claim(client, kind="write_pair")
    typed = {"prompt": "Why is it so?", "reply": "Because."}
    client.post(reverse("annotate:skip", args=[slot.pk]), typed)
    # Somebody else takes the very slot meanwhile.
    other = ContributorFactory(member=pairs)
    Assignment.objects.filter(pk=slot.pk).update(
        state="leased", person=other, lease_until=now() + timedelta(hours=1)
    )

    again = undo.take_back_skip(skip_id=Skip.objects.get().pk, by=person)

    assert again.pk != slot.pk
    assert Draft.objects.get(person=person).assignment == again


def test_a_skipped_task_that_was_taken_ahead_again_is_the_one_that_comes_back(client):
    pairs = DatasetFactory(pairs=True)
    person = ContributorFactory(member=pairs)
    client.force_login(person)
    CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    slot = claim(client, kind="write_pair")
    client.post(reverse("annotate:skip", args=[slot.pk]), {"prompt": "Why is it so?"})
    Assignment.objects.filter(pk=slot.pk).update(
        state="leased",
        person=person,
        is_ahead=True,
        lease_until=now() + timedelta(minutes=3),
    )

    assert undo.take_back_skip(skip_id=Skip.objects.get().pk, by=person).pk == slot.pk
