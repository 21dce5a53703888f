"""Threads on a real PostgreSQL: what the locks are for."""

from __future__ import annotations

import json

import pytest

from curation import intake
from curation.actions import imports, judgements, messages, versions, withdrawals
from curation.models import (
    Ballot,
    Conversation,
    DatasetVersion,
    Event,
    Message,
    Review,
    Settlement,
)
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_deciding_reviews_at_once_make_one_decision():
    message = MessageFactory()
    people = ContributorFactory.create_batch(2, member=message.conversation.dataset)

    together(
        *(
            lambda p=person: messages.review(message_id=message.pk, by=p, verdict="accept")
            for person in people
        )
    )

    assert Review.objects.count() == 1
    assert Event.objects.filter(kind="message.accepted").count() == 1
    assert Message.objects.get().state == "accepted"


def test_accepting_and_taking_back_at_once_end_in_one_of_the_legal_states():
    message = MessageFactory()
    reviewer = ContributorFactory(member=message.conversation.dataset)

    together(
        lambda: messages.review(message_id=message.pk, by=reviewer, verdict="accept"),
        lambda: withdrawals.take_back(message_id=message.pk, by=message.author),
    )

    assert Message.objects.get().state == "withdrawn"
    assert Conversation.objects.get().state == "rejected"


def test_two_freezes_at_once_make_one_version():
    reply = ReplyFactory(accepted=True)
    admins = ContributorFactory.create_batch(2, is_staff=True)

    made = together(
        *(
            lambda a=admin: versions.freeze(dataset_id=reply.conversation.dataset_id, by=a)
            for admin in admins
        )
    )

    assert made[0] == made[1]
    assert DatasetVersion.objects.count() == 1


def test_freezing_does_not_make_writers_wait():
    reply = ReplyFactory(accepted=True)
    dataset = reply.conversation.dataset
    admin = ContributorFactory(is_staff=True)
    writer = ContributorFactory(member=dataset)

    outcomes = together(
        lambda: versions.freeze(dataset_id=dataset.pk, by=admin),
        *(
            lambda: messages.reply(parent_id=reply.parent.pk, by=writer, text="Me too.")
            for _ in range(3)
        ),
    )

    assert len(outcomes) == 4


def test_ballots_cast_at_once_are_all_counted():
    prompt = MessageFactory(accepted=True, conversation__dataset__policy__rankings_wanted=4)
    a, b = (ReplyFactory(parent=prompt, accepted=True) for _ in range(2))
    people = ContributorFactory.create_batch(4, member=prompt.conversation.dataset)

    together(
        *(
            lambda p=person: judgements.rank(
                prompt_id=prompt.pk,
                by=p,
                outcome="ranked",
                shown=[a.pk, b.pk],
                positions={a.pk: 1, b.pk: 2},
            )
            for person in people
        )
    )

    assert Ballot.objects.count() == 4
    settled = Settlement.objects.get()
    assert (settled.ballots, settled.status, settled.margins) == (
        4,
        "consensus",
        [[a.pk, b.pk, 4]],
    )


def test_the_same_answers_offered_twice_at_once_arrive_once():
    prompt = MessageFactory(accepted=True)
    proposals = [intake.Proposal(str(prompt.uid), f"Answer {n}") for n in range(3)]

    together(
        *(
            lambda: intake.offer_replies(proposals, generator="m", source="run 1")
            for _ in range(2)
        )
    )

    assert prompt.replies.count() == 3


@pytest.mark.parametrize("format", ["dolly", "responses"])
def test_one_file_imported_twice_at_once_arrives_once(format, monkeypatch):
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 3)
    dataset = DatasetFactory()
    curator = ContributorFactory(is_staff=True)
    lines = [
        json.dumps(
            {"instruction": f"{n}?", "prompt": "Why?", "response": f"{n}.", "model": "m"}
        ).encode()
        for n in range(9)
    ]

    together(
        *(
            lambda: imports.import_lines(
                dataset=dataset, lines=lines, format=format, by=curator
            )
            for _ in range(2)
        )
    )

    assert Message.objects.filter(role="assistant").count() == 9
