"""The page of a conversation shows each judgement to curators, and where texts went."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation import trails
from curation.actions import judgements, messages
from curation.models import Message, Review, VersionItem
from tests.curation.pages import frozen, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


def page(client, message):
    number = message.conversation_id
    return client.get(url("conversation", message.conversation.dataset.slug, number))


def test_curators_see_who_judged_and_how(client):
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    message = MessageFactory(conversation__dataset=dataset)
    reviewer = ContributorFactory(member=dataset, name="Grace Hopper")
    messages.review(
        message_id=message.pk,
        by=reviewer,
        verdict="reject",
        reason="unclear",
        note="Which harbour?",
        labels={"quality": 2},
    )
    signed_in(client, dataset, "curator")
    html = page(client, message).content.decode()
    assert "Grace Hopper: Reject, Unclear or badly written" in html
    assert "Which harbour?" in html
    assert "Quality: 2" in html
    signed_in(client, dataset)
    assert "Which harbour?" not in page(client, message).content.decode()


def test_ballots_name_the_answers_by_their_numbers(client):
    dataset = DatasetFactory()
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    first, second, third = (ReplyFactory(accepted=True, parent=prompt) for _ in range(3))
    judgements.rank(
        prompt_id=prompt.pk,
        by=ContributorFactory(member=dataset),
        outcome="ranked",
        positions={third.pk: 1, first.pk: 2, second.pk: 3},
        shown=[first.pk, second.pk, third.pk],
    )
    signed_in(client, dataset, "curator")
    answer = page(client, prompt)
    (node,) = [n for n in answer.context["nodes"] if n.message.pk == prompt.pk]
    assert node.trail.judgements == 1
    number = answer.context["numbers"][third.pk]
    assert f"Answer {number}: place 1" in answer.content.decode()


def test_members_see_which_versions_hold_an_answer_and_its_prompt(client):
    dataset = DatasetFactory()
    version = frozen(dataset, count=1)
    item = VersionItem.objects.select_related("reply").get(version=version)
    signed_in(client, dataset)
    answer = page(client, Message.objects.get(pk=item.reply.pk))
    assert [len(node.trail.places) for node in answer.context["nodes"]] == [1, 1]
    assert url("version", dataset.slug, version.number) in answer.content.decode()


def test_all_that_was_said_before_an_answer_and_the_worse_words_are_in_its_version(client):
    dataset = DatasetFactory()
    elsewhere = frozen(dataset, count=1)
    first = MessageFactory(accepted=True, conversation__dataset=dataset)
    answer = ReplyFactory(accepted=True, parent=first)
    second = ReplyFactory(accepted=True, parent=answer, role="prompter")
    worse = ReplyFactory(accepted=True, parent=second)
    better = ReplyFactory(accepted=True, parent=second)
    alone = ReplyFactory(accepted=True, parent=first)
    VersionItem.objects.create(
        version=elsewhere,
        position=99,
        reply=better,
        instead_of=worse,
        split="train",
        digest="0" * 64,
    )
    signed_in(client, dataset)
    nodes = page(client, first).context["nodes"]
    parts = {
        node.message.pk: [place.part for place in node.trail.places]
        for node in nodes
        if node.trail
    }
    before = [trails.BEFORE]
    assert parts[first.pk] == parts[answer.pk] == parts[second.pk] == before
    assert parts[worse.pk] == [trails.WORSE]
    assert parts[better.pk] == [trails.ANSWER]
    assert not parts.get(alone.pk)


def test_ratings_and_what_was_set_aside_are_told(client):
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    one, two = (ReplyFactory(accepted=True, parent=prompt) for _ in range(2))
    judgements.rank(
        prompt_id=prompt.pk,
        by=ContributorFactory(member=dataset),
        outcome="ranked",
        positions={one.pk: 1, two.pk: 2},
        shown=[one.pk, two.pk],
        ratings={one.pk: 6},
    )
    waiting = ReplyFactory(parent=prompt)
    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=waiting.pk, by=reviewer, verdict="accept")
    Review.objects.update(set_aside_at=now())
    signed_in(client, dataset, "curator")
    html = page(client, prompt).content.decode()
    assert "place 1, rated 6 of 7" in html
    assert "place 2<" in html
    assert "set aside: it no longer counts" in html
