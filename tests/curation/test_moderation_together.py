"""Several curators at one queue: a text is one's at a time, and decided once."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import pytest
from django.db import connection

from curation.actions import moderation
from curation.errors import CurationError, NotAllowed
from curation.models import Case, Decision, Event, Notification
from tests.curation.cases import (
    a_curator,
    dataset,
    flagged,
    prompt,
    send,
    state_of,
    value_of,
)
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, MessageFactory
from tests.races import together

pytestmark = pytest.mark.django_db


def test_who_comes_second_with_an_old_page_is_refused(client, dataset, prompt):
    flagged(prompt)
    curator = signed_in(client, dataset, "curator")
    sent = {"item": value_of(prompt, curator), "action": "reject", "note": "Out with it."}
    moderation.decide(message_id=prompt.pk, by=a_curator(dataset), action="hold")

    response = client.post(url("flags", dataset.slug), sent)

    assert response.status_code == 409
    assert "Somebody has decided on this already." in response.text
    assert state_of(prompt) == "held"


@pytest.mark.django_db(transaction=True)
def test_two_curators_decide_at_once_and_one_of_them_does():
    prompt = MessageFactory(accepted=True)
    dataset = prompt.conversation.dataset
    flagged(prompt)
    sign = moderation.sign_of("accepted", None)
    curators = [a_curator(dataset) for _ in range(3)]

    outcomes = together(
        *(
            lambda curator=curator, action=action: moderation.decide(
                message_id=prompt.pk, by=curator, action=action, seen=sign
            )
            for curator, action in zip(curators, ("keep", "hold", "reject"), strict=True)
        )
    )

    assert Decision.objects.count() == 1
    assert outcomes.count(CurationError) == 2
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_curators_take_at_once_and_one_of_them_has_it():
    prompt = MessageFactory(accepted=True)
    flagged(prompt)
    curators = [a_curator(prompt.conversation.dataset) for _ in range(3)]

    outcomes = together(
        *(lambda by=by: moderation.take(message_id=prompt.pk, by=by) for by in curators)
    )

    assert Case.objects.count() == 1
    assert outcomes.count(CurationError) == 2
    connection.close()


def test_a_text_is_taken_given_and_let_go(client, dataset, prompt):
    flagged(prompt)
    other = a_curator(dataset, name="Otto Other")
    curator = signed_in(client, dataset, "curator")
    path = url("flags", dataset.slug)

    send(client, dataset, prompt, "take", curator)
    assert "A hard one." in client.get(path + "?who=me").text
    assert "A hard one." not in client.get(path + "?who=nobody").text
    send(client, dataset, prompt, "give", curator, assignee=other.pk)
    assert "Otto Other looks after it" in client.get(path).text
    assert Notification.objects.filter(person=other, kind="allotted").exists()
    assert send(client, dataset, prompt, "take", curator).status_code == 409
    send(client, dataset, prompt, "let_go", curator)
    assert "Nobody looks after it yet" in client.get(path).text
    assert Event.objects.filter(kind="moderation.assigned").count() == 3


def test_only_curators_are_given_texts(client, dataset, prompt):
    flagged(prompt)
    writer = ContributorFactory(member=dataset)
    curator = signed_in(client, dataset, "curator")

    response = send(client, dataset, prompt, "give", curator, assignee=writer.pk)

    assert response.status_code == 422
    with pytest.raises(NotAllowed):
        moderation.give(message_id=prompt.pk, to=writer, by=curator)
