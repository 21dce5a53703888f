from __future__ import annotations

import pytest
from django.urls import reverse

from curation.models import Ballot, Conversation, Settlement
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def prompt():
    dataset = DatasetFactory(policy__replies_wanted=3, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(3):
        ReplyFactory(parent=prompt, state="accepted", decided_at=prompt.decided_at)
    return planned(prompt)


@pytest.fixture
def ranker(client, prompt):
    ranker = ContributorFactory(member=prompt.conversation.dataset)
    client.force_login(ranker)
    return ranker


def test_an_order_with_a_tie_settles_the_prompt(client, prompt, ranker):
    slot = claim(client)
    first, second, third = slot.shown

    submit(
        client,
        slot,
        outcome="ranked",
        **{f"position_{third}": 1, f"position_{first}": 2, f"position_{second}": 2},
    )

    settlement = Settlement.objects.get(prompt=prompt)
    assert settlement.order == [[third], sorted([first, second])]
    prompt.conversation.refresh_from_db()
    assert prompt.conversation.state == Conversation.State.COMPLETE


def test_the_order_shown_is_stored_and_the_same_on_reload(client, prompt, ranker):
    slot = claim(client)
    url = reverse("annotate:task", args=[slot.pk])
    pages = [client.get(url).text for _ in range(2)]
    texts = {m.pk: m.text for m in prompt.replies.all()}

    for page in pages:
        shown = sorted(texts, key=lambda pk: page.index(texts[pk]))
        assert shown == slot.shown


def test_people_see_answers_in_different_orders(client, prompt):
    orders = set()
    dataset = prompt.conversation.dataset
    dataset.policy.rankings_wanted = 8
    dataset.policy.save()
    planned(prompt)
    for person in ContributorFactory.create_batch(8, member=dataset):
        client.force_login(person)
        orders.add(tuple(claim(client).shown))

    assert len(orders) > 1


def test_none_is_good_prefers_nothing(client, prompt, ranker):
    submit(client, claim(client), outcome="none_good")

    assert Ballot.objects.get().outcome == "none_good"
    assert not Settlement.objects.exists()


def test_an_order_with_a_gap_is_refused(client, prompt, ranker):
    slot = claim(client)

    response = submit(client, slot, outcome="ranked", **{f"position_{slot.shown[0]}": 1})

    assert response.status_code == 422
    assert "Give each answer a place" in response.text
    assert not Ballot.objects.exists()


def test_cannot_judge_asks_why(client, prompt, ranker):
    slot = claim(client)

    assert submit(client, slot, outcome="cannot_judge").status_code == 422
    assert (
        submit(client, slot, outcome="cannot_judge", note="It is in Latin.").status_code
        == 302
    )
    assert Ballot.objects.get().note == "It is in Latin."


def test_who_wrote_an_answer_is_not_offered_its_ranking(client, prompt):
    author = prompt.replies.first().author
    author.memberships.create(dataset=prompt.conversation.dataset, role="reviewer")
    client.force_login(author)

    assert claim(client, kind="rank") is None


def test_neither_people_nor_models_are_named(client, prompt, ranker):
    reply = prompt.replies.first()
    reply.origin, reply.generator, reply.author = "model", "harbour-1", None
    reply.save()

    page = client.get(reverse("annotate:task", args=[claim(client).pk]))

    assert "harbour-1" not in page.text
