"""A decision of a curator is taken back, while nobody has built on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from curation.actions import messages, moderation, reversals, versions
from curation.errors import CurationError
from curation.models import (
    Decision,
    Erasure,
    Event,
    Flag,
    Message,
    Notification,
    Tombstone,
    Withdrawal,
)
from tests.curation.cases import a_curator, flagged, queue_of, send, state_of
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


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def prompt(dataset):
    return MessageFactory(conversation__dataset=dataset, accepted=True, text="A hard one.")


@pytest.mark.parametrize("action", ["keep", "hold", "reject"])
@pytest.mark.parametrize("state", ["accepted", "submitted"])
def test_a_decision_is_undone_and_all_is_as_before(client, dataset, action, state):
    text = MessageFactory(conversation__dataset=dataset, accepted=state == "accepted")
    flag = flagged(text)
    curator = signed_in(client, dataset, "curator")
    send(client, dataset, text, action, curator)
    decision = Decision.objects.get()

    response = client.post(url("decision-undo", decision.pk), follow=True)

    assert "Undone: it waits again." in response.text
    assert state_of(text) == state
    assert Flag.objects.get().resolved_at is None
    assert queue_of(dataset) == [text]
    assert not Notification.objects.filter(person__in=[flag.by, text.author]).exists()
    assert Event.objects.filter(kind="moderation.undone", by=curator).exists()
    moderation.decide(message_id=text.pk, by=curator, action="hold")
    assert state_of(text) == "held"


def test_a_pair_is_put_back_as_one():
    answer = PairFactory()
    curator = a_curator(answer.conversation.dataset)
    flagged(answer)
    decision = moderation.decide(message_id=answer.pk, by=curator, action="reject")
    assert (state_of(answer), state_of(answer.parent)) == ("rejected", "rejected")

    reversals.take_back(decision_id=decision.pk, by=curator)

    assert (state_of(answer), state_of(answer.parent)) == ("submitted", "submitted")


def test_an_admins_taking_out_stays(client, dataset, prompt):
    flagged(prompt)
    admin = signed_in(client, is_staff=True)
    decision = moderation.decide(message_id=prompt.pk, by=admin, action="withdraw")

    with pytest.raises(CurationError, match="stays so"):
        reversals.take_back(decision_id=decision.pk, by=admin)

    page = client.get(url("flags", dataset.slug) + "?state=decided").text
    assert "A hard one." not in page
    assert url("decision-undo", decision.pk) not in page
    assert state_of(prompt) == "withdrawn"


def test_what_its_author_takes_back_meanwhile_is_not_put_back(dataset, prompt):
    flagged(prompt)
    curator = a_curator(dataset)
    decision = moderation.decide(message_id=prompt.pk, by=curator, action="hold")
    # Asked for, and a worker has not come to this text yet.
    Withdrawal.objects.create(person=prompt.author, asked_by=prompt.author, total=1)

    with pytest.raises(CurationError, match="taken it back since"):
        reversals.take_back(decision_id=decision.pk, by=curator)

    assert state_of(prompt) == "held"


def test_what_was_erased_is_not_put_back(dataset, prompt):
    flagged(prompt)
    curator = a_curator(dataset)
    decision = moderation.decide(message_id=prompt.pk, by=curator, action="hold")
    erasure = Erasure.objects.create(person=prompt.author, asked_by=prompt.author)
    Tombstone.objects.create(message=prompt, erasure=erasure)

    with pytest.raises(CurationError, match="taken it back since"):
        reversals.take_back(decision_id=decision.pk, by=curator)


def test_news_of_other_texts_stay(dataset, prompt):
    elsewhere = ReplyFactory(parent=prompt)
    flag = flagged(prompt)
    curator = a_curator(dataset)
    decision = moderation.decide(message_id=prompt.pk, by=curator, action="keep")
    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=elsewhere.pk, by=reviewer, verdict="accept")

    reversals.take_back(decision_id=decision.pk, by=curator)

    told = Notification.objects.filter(message=elsewhere, kind="accepted")
    assert told.get().person == elsewhere.author
    assert not Notification.objects.filter(person=flag.by).exists()


def test_nobody_is_told_any_more_that_it_is_complete():
    dataset = DatasetFactory(policy__replies_wanted=1, policy__max_depth=1)
    reply = held(dataset)
    Message.objects.filter(pk=reply.parent_id).update(state="accepted", decided_at=now())
    curator = a_curator(dataset)
    decision = moderation.decide(message_id=reply.pk, by=curator, action="release")
    complete = Notification.objects.filter(kind="complete")
    assert complete.exists()

    reversals.take_back(decision_id=decision.pk, by=curator)

    assert not complete.exists()


def test_undo_ends_after_half_an_hour(client, dataset, prompt):
    flagged(prompt)
    curator = signed_in(client, dataset, "curator")
    send(client, dataset, prompt, "hold", curator)
    Decision.objects.update(at=now() - timedelta(minutes=31))
    decision = Decision.objects.get()

    with pytest.raises(CurationError, match="half an hour"):
        reversals.take_back(decision_id=decision.pk, by=curator)
    page = client.get(url("flags", dataset.slug) + "?state=decided").text
    assert url("decision-undo", decision.pk) not in page


def test_what_somebody_went_on_with_is_not_undone(dataset):
    reply = held(dataset)
    curator = a_curator(dataset)
    decision = moderation.decide(message_id=reply.pk, by=curator, action="release")
    ReplyFactory(parent=reply, role="prompter")

    with pytest.raises(CurationError, match="gone on"):
        reversals.take_back(decision_id=decision.pk, by=curator)

    assert state_of(reply) == "accepted"


def test_what_a_version_holds_is_not_undone(dataset):
    reply = held(dataset)
    curator = a_curator(dataset)
    decision = moderation.decide(message_id=reply.pk, by=curator, action="release")
    versions.freeze(dataset_id=dataset.pk, by=curator)

    with pytest.raises(CurationError, match="frozen version"):
        reversals.take_back(decision_id=decision.pk, by=curator)


def test_a_newer_decision_stands_in_the_way(dataset, prompt):
    flagged(prompt)
    curator = a_curator(dataset)
    first = moderation.decide(message_id=prompt.pk, by=curator, action="hold")
    moderation.decide(message_id=prompt.pk, by=curator, action="release")

    with pytest.raises(CurationError, match="once more since"):
        reversals.take_back(decision_id=first.pk, by=curator)


@pytest.mark.django_db(transaction=True)
def test_two_undo_at_once_and_one_of_them_does():
    prompt = MessageFactory(accepted=True)
    dataset = prompt.conversation.dataset
    flagged(prompt)
    curators = [a_curator(dataset) for _ in range(2)]
    made = moderation.decide(message_id=prompt.pk, by=curators[0], action="hold")

    outcomes = together(
        *(lambda by=by: reversals.take_back(decision_id=made.pk, by=by) for by in curators)
    )

    assert outcomes.count(CurationError) == 1
    assert state_of(prompt) == "accepted"
    connection.close()


def test_only_curators_undo(client, dataset, prompt):
    flagged(prompt)
    made = moderation.decide(message_id=prompt.pk, by=a_curator(dataset), action="hold")
    signed_in(client, dataset)

    assert client.post(url("decision-undo", made.pk)).status_code == 404
