"""Texts count wherever a version holds them: turns above an answer, and worse words."""

from __future__ import annotations

import pytest

from curation import intake, lineage
from curation.actions import messages, second_looks, versions
from curation.errors import CurationError
from curation.models import Notification
from tests.curation.deeds import here, take_back
from tests.factories import (
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
def me(dataset):
    return ContributorFactory(member=dataset)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def go_on(prompt):
    """A model answers, somebody asks back, somebody answers that: only this is chosen."""
    model = {"origin": "model", "author": None, "generator": "starter, run 3"}
    by_model = ReplyFactory(parent=prompt, accepted=True, **model)
    back = ReplyFactory(parent=by_model, accepted=True, role="prompter")
    return ReplyFactory(parent=back, accepted=True)


def freeze(dataset, by, **recipe):
    return versions.freeze(
        dataset_id=dataset.pk, by=by, recipe={"with_models": False, **recipe}
    )


def first_prompt(dataset, author, **fields):
    return MessageFactory(conversation__dataset=dataset, author=author, **fields)


def edited(dataset, author):
    """An answer that somebody replaced by better words."""
    reply = ReplyFactory(parent__conversation__dataset=dataset, author=author)
    messages.review(
        message_id=reply.pk,
        by=ContributorFactory(member=dataset),
        verdict="edit",
        edited_text="Better words.",
    )
    return reply


def test_a_first_prompt_counts_for_who_wrote_it(dataset, me, curator):
    answer = go_on(first_prompt(dataset, me, accepted=True))
    version = freeze(dataset, curator)
    assert version.items.get().reply == answer

    (held,) = lineage.of(me)

    assert (held.answers, held.prompts, held.kept) == (0, 1, 0)


def test_worse_words_count_for_who_wrote_them(dataset, me, curator):
    reply = edited(dataset, me)
    version = freeze(dataset, curator, edits=True)
    assert version.items.get().instead_of == reply

    (held,) = lineage.of(me)

    assert (held.answers, held.prompts) == (1, 0)


def test_a_text_in_many_examples_counts_once(dataset, me, curator):
    prompt = first_prompt(dataset, me, accepted=True, conversation__split="held_out")
    for _ in range(2):
        ReplyFactory(parent=prompt, accepted=True)
    go_on(prompt)
    assert freeze(dataset, curator).items.count() == 3

    (held,) = lineage.of(me)

    assert (held.prompts, held.kept, held.learned_from) == (1, 1, 0)


def test_everybody_is_told_of_a_model_with_all_that_it_read_of_them(dataset, me, curator):
    go_on(first_prompt(dataset, me, accepted=True))
    kept = {"accepted": True, "conversation__split": "held_out"}
    go_on(first_prompt(dataset, me, **kept))
    worse = ContributorFactory(member=dataset)
    edited(dataset, worse)
    version = freeze(dataset, curator, edits=True)

    intake.report_model(
        version_id=version.pk, source="run-1", name="tiny, 1", generator="tiny, 1"
    )

    told = Notification.objects.filter(kind=Notification.Kind.MODEL)
    texts = dict(told.values_list("person", "data__texts"))
    assert (texts[me.pk], texts[worse.pk]) == (1, 1)
    # And the rest of both conversations: it asked back, answered, asked and edited.
    assert sorted(texts.values()) == [1] * 6


def test_versions_with_a_prompt_far_above_are_named(dataset, me, curator):
    prompt = first_prompt(dataset, ContributorFactory())
    messages.review(message_id=prompt.pk, by=me, verdict="accept")
    go_on(prompt)
    version = freeze(dataset, curator)

    asked = second_looks.ask_again(
        dataset=dataset,
        reviews=second_looks.given_by(me, dataset),
        by=curator,
        why="Judged in haste.",
    )

    assert (asked.reopened, asked.versions) == (1, [version])


def test_no_decision_on_it_is_undone_once_a_version_holds_it(dataset, me, curator):
    prompt = first_prompt(dataset, ContributorFactory())
    before = here()
    messages.review(message_id=prompt.pk, by=me, verdict="accept")
    go_on(prompt)
    freeze(dataset, curator)

    with pytest.raises(CurationError, match="frozen version"):
        take_back(prompt, me, before)


def test_what_an_older_version_holds_is_no_reason(dataset, me, curator):
    prompt = first_prompt(dataset, ContributorFactory(), accepted=True)
    answer = go_on(prompt)
    freeze(dataset, curator)
    before = here()
    later = ReplyFactory(parent=answer.parent)
    messages.review(message_id=later.pk, by=me, verdict="accept")

    take_back(prompt, me, before)

    later.refresh_from_db()
    assert later.state == "submitted"
