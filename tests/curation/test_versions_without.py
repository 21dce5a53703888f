"""A version like an earlier one, without what was taken back since, and nothing besides."""

from __future__ import annotations

import pytest

from curation import renewal
from curation.actions import judgements, versions, withdrawals
from curation.errors import CurationError
from curation.formats.recipe import Recipe, of_all_now, without_those_gone
from curation.models import Conversation, Message
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(pairs=True)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def talk(dataset, category, split="train"):
    conversation = ConversationFactory(dataset=dataset, category=category, split=split)
    prompt = MessageFactory(conversation=conversation, accepted=True)
    return [ReplyFactory(parent=prompt, accepted=True) for _ in range(2)]


@pytest.fixture
def category(dataset):
    return CategoryFactory(dataset=dataset, slug="thanks")


@pytest.fixture
def answers(dataset, category):
    """Two answers each to six prompts; the first two prompts are held out."""
    splits = ["held_out"] * 2 + ["train"] * 4
    return [talk(dataset, category, split) for split in splits]


@pytest.fixture
def before(dataset, curator, answers):
    for pair in answers:
        for _ in range(2):
            judgements.rank(
                prompt_id=pair[0].parent_id, by=ContributorFactory(member=dataset),
                outcome="ranked", shown=[one.pk for one in pair],
                positions={pair[0].pk: 1, pair[1].pk: 2},
            )  # fmt: skip
    return versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"pairs": "all"})


def freeze_without(before, curator):
    asked = renewal.ask_without_those_gone(before.pk, by=curator)
    made = renewal.carry_on(asked)
    assert made.version_id is not None, made.why
    return before.dataset.versions.get(pk=made.version_id)


def take_back(text):
    withdrawals.take_back(message_id=text.pk, by=text.author)


FACTS = ("reply", "instead_of", "split", "group", "category", "rank", "digest")


def facts(version):
    return {row[0]: row for row in version.items.values_list(*FACTS)}


def test_it_is_the_old_items_without_the_one_taken_back(before, curator, answers):
    gone = answers[3][1]
    take_back(gone)

    after = freeze_without(before, curator)

    expected = facts(before)
    assert expected.pop(gone.pk)
    assert facts(after) == expected
    assert versions.verify(after) == []
    assert after.recipe == {**before.recipe, "like": before.digest}


def test_a_prompt_takes_all_its_answers_along(before, curator, answers):
    take_back(answers[3][0].parent)

    after = freeze_without(before, curator)

    left = set(facts(before)) - {one.pk for one in answers[3]}
    assert set(facts(after)) == left


def test_rankings_stay_as_they_were_but_for_what_is_gone(before, curator, answers):
    take_back(answers[3][1])
    judgements.rank(  # said since: not part of what is compared
        prompt_id=answers[4][0].parent_id, outcome="ranked",
        by=ContributorFactory(member=before.dataset),
        shown=[one.pk for one in answers[4]],
        positions={answers[4][0].pk: 2, answers[4][1].pk: 1},
    )  # fmt: skip

    after = freeze_without(before, curator)

    def ranked(version):
        return {one.prompt_id: one.facts for one in version.rankings.all()}

    expected = ranked(before)
    del expected[answers[3][0].parent_id]
    assert ranked(after) == expected


def test_what_came_or_changed_since_slips_in_nowhere(before, curator, answers, category):
    take_back(answers[3][1])
    talk(before.dataset, category)
    ReplyFactory(parent=answers[5][0].parent, accepted=True)
    other = CategoryFactory(dataset=before.dataset, slug="other")
    moved = Conversation.objects.filter(pk=answers[5][0].conversation_id)
    moved.update(category=other, split="held_out")

    after = freeze_without(before, curator)

    expected = facts(before)
    del expected[answers[3][1].pk]
    assert facts(after) == expected
    assert versions.verify(after) == []


def test_what_was_rejected_since_is_not_frozen_once_more(before, curator, answers):
    Message.objects.filter(pk=answers[2][0].pk).update(state="rejected")

    assert answers[2][0].pk not in facts(freeze_without(before, curator))


def test_the_same_again_is_the_same_version(before, curator, answers):
    take_back(answers[3][1])

    first = freeze_without(before, curator)
    again = freeze_without(before, curator)

    assert again == first
    take_back(answers[4][0])
    assert freeze_without(before, curator).digest != first.digest


def test_one_after_the_other(before, curator, answers):
    take_back(answers[3][1])
    after = freeze_without(before, curator)
    take_back(answers[4][0])

    last = freeze_without(after, curator)

    assert set(facts(before)) - set(facts(last)) == {answers[3][1].pk, answers[4][0].pk}
    assert last.recipe["like"] == after.digest


def test_a_text_taken_back_while_it_is_made_is_not_in_it(before, curator, answers):
    take_back(answers[3][1])
    asked = renewal.ask_without_those_gone(before.pk, by=curator)
    take_back(answers[4][0])

    made = renewal.carry_on(asked)

    assert answers[4][0].pk not in facts(before.dataset.versions.get(pk=made.version_id))


def test_a_schedule_takes_what_is_new_again(before, curator, answers, category):
    take_back(answers[3][1])
    freeze_without(before, curator)
    new = talk(before.dataset, category)

    made = renewal.carry_on(renewal.ask(before.dataset_id, by=curator))

    version = before.dataset.versions.get(pk=made.version_id)
    assert {one.pk for one in new} <= set(facts(version))
    assert "like" not in version.recipe


def test_the_page_says_where_it_is_from(client, before, curator, answers):
    take_back(answers[3][1])
    after = freeze_without(before, curator)
    client.force_login(curator)

    page = client.get(f"/datasets/{before.dataset.slug}/versions/{after.number}/").text

    assert "what of it still stood" in page
    assert f'href="/datasets/{before.dataset.slug}/versions/{before.number}/"' in page


@pytest.mark.parametrize("like", ["1", "Z" * 64, 7, None])
def test_what_is_no_digest_is_refused(like):
    with pytest.raises(CurationError, match="64 hex digits"):
        Recipe.parse({"like": like})


def test_a_version_that_is_not_there_is_refused(before, curator):
    recipe = without_those_gone(before.recipe, "0" * 64)
    with pytest.raises(CurationError, match="no version with the digest"):
        versions.freeze(dataset_id=before.dataset_id, by=curator, recipe=recipe)


def test_a_recipe_that_says_nothing_of_it_keeps_its_digest():
    assert "like" not in Recipe.parse({}).as_json()
    recipe = {"pairs": "all", "like": "a" * 64}
    assert of_all_now(recipe) == {"pairs": "all"}
