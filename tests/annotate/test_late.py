"""What becomes of work that arrives late, twice, or from somebody who lost their role."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.urls import reverse
from django.utils.timezone import now

from annotate import actions, planner
from annotate.models import Assignment, Draft
from curation.models import Ballot, Conversation, Review
from tests.annotate.work import claim, planned, slots, submit
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
KEY = "7a2b8d9e-3c4f-4d5e-8f60-718293a4b5c6"


def run_out():
    Assignment.objects.filter(state="leased").update(lease_until=now() - timedelta(hours=1))
    actions.expire_leases()


@pytest.fixture
def ranked_soon():
    dataset = DatasetFactory(policy__replies_wanted=2, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(2):
        ReplyFactory(parent=prompt, state="accepted", decided_at=prompt.decided_at)
    return planned(prompt)


def test_a_late_ballot_lands_on_the_answers_that_were_shown(client, ranked_soon):
    client.force_login(ContributorFactory(member=ranked_soon.conversation.dataset))
    slot = claim(client, kind="compare")
    run_out()

    submit(client, slot, choice="a2")

    entries = Ballot.objects.get().entries.order_by("position")
    assert list(entries.values_list("reply", flat=True)) == slot.shown


def test_a_ballot_on_answers_that_nobody_was_shown_does_not_count(client, ranked_soon):
    client.force_login(ContributorFactory(member=ranked_soon.conversation.dataset))
    never_opened = slots(kind="compare").first()

    submit(client, never_opened, choice="none_good")

    assert not Ballot.objects.exists()


def test_a_key_counts_for_one_task_only(client):
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    for _ in range(2):
        planned(MessageFactory(conversation__dataset=dataset))
    client.force_login(ContributorFactory(member=dataset))
    submit(client, claim(client, kind="review"), key=KEY, verdict="accept")

    response = submit(client, claim(client, kind="review"), key=KEY, verdict="accept")

    assert response.status_code == 409
    assert Review.objects.count() == 1


def test_the_same_task_sent_from_two_pages_keeps_the_second_text(client):
    dataset = DatasetFactory(pairs=True)
    CategoryFactory(dataset=dataset)
    planner.plan_writing(dataset)
    client.force_login(ContributorFactory(member=dataset))
    slot = claim(client, kind="write_pair")
    submit(client, slot, prompt="First?", reply="One.")

    response = submit(client, slot, prompt="Second?", reply="Two.")

    assert response.url == "/"
    assert Draft.objects.get().fields["reply"] == "Two."
    home = client.get("/").text
    assert "You have sent this task already" in home
    assert "Your text is here" in home


def test_somebody_who_lost_the_role_sees_no_task_and_loses_no_word(client):
    dataset = DatasetFactory(policy__replies_wanted=1)
    prompt = planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    slot = claim(client, kind="answer")
    person.memberships.all().delete()

    submit(client, slot, text="Written in good faith.")

    draft = Draft.objects.get()
    assert draft.fields["text"] == "Written in good faith."
    assert client.get(reverse("annotate:task", args=[slot.pk])).status_code == 302
    assert client.post(reverse("annotate:beat", args=[slot.pk])).status_code == 409
    run_out()
    again = client.post(reverse("annotate:kept-continue", args=[draft.pk]))
    assert again.url == reverse("annotate:kept", args=[draft.pk])
    assert prompt.replies.count() == 0


def test_a_task_of_others_is_not_shown_by_sending_it_empty(client):
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    secret = planned(
        MessageFactory(conversation__dataset=dataset, text="Held for reasons.")
    )
    client.force_login(ContributorFactory(member=dataset, member__roles=["writer"]))

    response = submit(client, slots(kind="review", message=secret).first())

    assert response.url == "/"
    assert not Draft.objects.exists()


def test_signing_in_again_leads_back_to_the_task(client):
    dataset = DatasetFactory(policy__replies_wanted=1)
    planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    client.force_login(ContributorFactory(member=dataset))
    slot = claim(client, kind="answer")

    # As a browser does after the sign-in page, whose `next` is where the form was sent.
    response = client.get(reverse("annotate:submit", args=[slot.pk]))

    assert response.url == reverse("annotate:task", args=[slot.pk])


def test_skipping_a_category_leads_to_another(client):
    dataset = DatasetFactory(pairs=True)
    CategoryFactory.create_batch(2, dataset=dataset)
    planner.plan_writing(dataset)
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    first = claim(client, kind="write_pair")

    response = client.post(reverse("annotate:skip", args=[first.pk]))

    second = Assignment.objects.held_by(person).get()
    assert f"/work/{second.address}/" in response.url
    assert second.category != first.category


def test_no_more_prompts_are_written_at_once_than_conversations_may_be_open():
    dataset = DatasetFactory(policy__open_conversations=2)
    CategoryFactory.create_batch(3, dataset=dataset)
    people = ContributorFactory.create_batch(5, member=dataset)

    claimed = [actions.claim(by=person, kind="write_prompt") for person in people]

    assert len([slot for slot in claimed if slot is not None]) == 2
    assert not Conversation.objects.exists()


def test_kept_words_for_a_new_text_move_to_a_free_slot_of_the_same_sort(client):
    pairs = DatasetFactory(pairs=True)
    person = ContributorFactory(member=pairs)
    client.force_login(person)
    category = CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    slot = claim(client, kind="write_pair")
    submit(client, slot, prompt="Why is it so?", reply="Because.")
    words = {"prompt": "Another question?", "reply": "Another answer."}
    submit(client, slot, **words)  # from another tab, where the page was still open
    kept = Draft.objects.get(person=person, assignment=slot)
    held = Assignment.objects.get(person=person, state="leased")
    actions.skip(assignment_id=held.pk, by=person)

    response = client.post(reverse("annotate:kept-continue", args=[kept.pk]))

    kept.refresh_from_db()
    assert response.url == reverse("annotate:task", args=[kept.assignment.pk])
    assert kept.assignment.pk != slot.pk
    assert kept.assignment.category == category
    assert kept.fields["prompt"] == "Another question?"


def test_what_was_sent_is_in_even_where_no_next_task_can_be_found(
    client, ranked_soon, monkeypatch
):
    client.force_login(ContributorFactory(member=ranked_soon.conversation.dataset))
    slot = claim(client, kind="compare")

    def fails(**wanted):
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(actions, "claim", fails)
    response = submit(client, slot, choice="a2")

    assert response.url.startswith(reverse("annotate:home"))
    assert Ballot.objects.count() == 1
