"""Known items, other work beside them, and a review of whatever comes."""

from __future__ import annotations

from curation.actions import gold
from tests.annotate.work import claim, planned, submit
from tests.factories import MessageFactory


def known(dataset, curator, verdict="accept", **fields):
    message = MessageFactory(accepted=True, conversation__dataset=dataset, **fields)
    return gold.make(message_id=message.pk, by=curator, verdict=verdict, why="It is clear.")


def waiting(dataset, count):
    return [planned(MessageFactory(conversation__dataset=dataset)) for _ in range(count)]


def review(client, **said):
    slot = claim(client, kind="review")
    response = submit(client, slot, **(said or {"verdict": "accept"}))
    assert response.status_code == 302
    return slot
