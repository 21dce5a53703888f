"""Prompts whose answers have a known order, others beside them, and who is asked."""

from __future__ import annotations

import pytest

from curation.actions import gold_rankings
from tests.annotate.work import planned
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory


@pytest.fixture
def dataset():
    return DatasetFactory(
        policy__gold_every=3, policy__replies_wanted=2, policy__rankings_wanted=1,
        policy__max_depth=2,
    )  # fmt: skip


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def reviewer(client, dataset):
    reviewer = ContributorFactory(member=dataset, member__roles=["reviewer"], name="Rex R")
    client.force_login(reviewer)
    return reviewer


def answered(dataset, count=3, author=None, **fields):
    """A prompt with accepted answers, the best first, and who wrote them."""
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset, **fields)
    written = {"author": author} if author else {}
    for _ in range(count):
        ReplyFactory(parent=prompt, accepted=True, **written)
    return prompt


def answers_of(prompt):
    return list(prompt.replies.order_by("pk").values_list("pk", flat=True))


def known(dataset, by, places=(1, 2, 3), **fields):
    prompt = answered(dataset, len(places), **fields)
    placed = dict(zip(answers_of(prompt), places, strict=True))
    return gold_rankings.make(prompt_id=prompt.pk, by=by, placed=placed, why="It is plain.")


def waiting(dataset, count, answers=3):
    return [planned(answered(dataset, answers)) for _ in range(count)]


# ---- what it says of people ------------------------------------------------------------
def given(item, by, *places, outcome="ranked"):
    answers = item.answers
    return gold_rankings.answer(
        prompt_id=item.prompt_id, by=by, outcome=outcome, shown=answers,
        positions=dict(zip(answers, places, strict=True)) if places else None,
    )  # fmt: skip
