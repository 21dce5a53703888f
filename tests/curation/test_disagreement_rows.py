"""Where people disagree: shares in place of an order, or an order for each group."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from curation import handoff
from curation.actions import judgements, versions
from curation.forms.versions import FreezeForm, recipe_lines
from curation.models import Message, Profile, Settlement
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db

TEXTS = ("One.", "Two.", "Three.")


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2, licence="CC0-1.0")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path


@pytest.fixture
def freeze(dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])

    def frozen(**recipe):
        version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
        assert versions.verify(version) == []
        return version

    return frozen


def speaks(dataset, *languages, topics=()):
    person = ContributorFactory(member=dataset)
    Profile.objects.create(
        contributor=person, languages=list(languages), topics=list(topics)
    )
    return person


def ranked(dataset, *ballots, texts=TEXTS):
    """Answers to one prompt; each ballot is a person and the texts' numbers in order."""
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    replies = [ReplyFactory(parent=prompt, accepted=True, text=text) for text in texts]
    for person, order in ballots:
        judgements.rank(
            prompt_id=prompt.pk,
            by=person,
            outcome="ranked",
            shown=[reply.pk for reply in replies],
            positions={replies[n].pk: place for place, n in enumerate(order, start=1)},
        )
    return prompt


def two_camps(dataset, **fields):
    """Three who read German order them one way, three who read French the other."""
    germans = [(speaks(dataset, "de", **fields), [0, 1, 2]) for _ in range(3)]
    french = [(speaks(dataset, "fr", **fields), [2, 1, 0]) for _ in range(3)]
    prompt = ranked(dataset, *germans, *french)
    assert Settlement.objects.get(prompt=prompt).status == "contested"
    return prompt


def preferred(rows):
    """Who prefers what: raters, better, worse, and how clearly."""
    return {
        (row["raters"], row["chosen"][0]["content"], row["rejected"][0]["content"])
        for row in rows
    }


# ---- soft ------------------------------------------------------------------------------
def test_soft_rankings_have_shares_and_how_often_each_place_was_given(dataset, freeze):
    people = [ContributorFactory(member=dataset) for _ in range(4)]
    orders = [[0, 1, 2], [0, 1, 2], [2, 1, 0], [1, 2, 0]]
    ranked(dataset, *zip(people, orders, strict=True))
    assert Settlement.objects.get().status == "contested"

    version = freeze(pairs="all", contested="soft")

    [row] = handoff.rankings(version.pk)
    found = {one["content"]: one for one in row["answers"]}
    assert {one["place"] for one in row["answers"]} == {None}
    assert {text: found[text]["positions"] for text in TEXTS} == {
        "One.": [2, 0, 2], "Two.": [1, 3], "Three.": [1, 1, 2],
    }  # fmt: skip
    # One beats Two on 2 of 4 ballots and Three on 2 of 4; Two beats Three on 3 of 4.
    assert {text: found[text]["share"] for text in TEXTS} == {
        "One.": 500, "Two.": 625, "Three.": 375,
    }  # fmt: skip
    assert (row["status"], row["raters"], row["votes"]) == ("contested", "", 4)
    pairs = list(handoff.preference_pairs(version.pk))
    assert len(pairs) == 3
    [row] = [row for row in pairs if row["share"] != 500]
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == (
        "Two.",
        "Three.",
    )
    assert (row["share"], row["margin"], row["votes"]) == (750, 2, 4)


def test_where_people_agree_they_have_places_whatever_the_recipe_says(dataset, freeze):
    people = [ContributorFactory(member=dataset) for _ in range(2)]
    ranked(dataset, *((person, [1, 0, 2]) for person in people))

    for contested in ("soft", "groups"):
        version = freeze(pairs="all", contested=contested)
        [row] = handoff.rankings(version.pk)
        places = {one["content"]: one["place"] for one in row["answers"]}
        assert places == {"Two.": 0, "One.": 1, "Three.": 2}
        assert {one["raters"] for one in handoff.preference_pairs(version.pk)} == {""}


# ---- by group --------------------------------------------------------------------------
def test_each_group_has_an_order_of_its_own(dataset, freeze):
    two_camps(dataset)

    version = freeze(pairs="best_worst", contested="groups")

    rows = list(handoff.preference_pairs(version.pk))
    assert preferred(rows) == {("de", "One.", "Three."), ("fr", "Three.", "One.")}
    assert {(row["margin"], row["votes"], row["share"]) for row in rows} == {(3, 3, 1000)}
    assert {row["status"] for row in rows} == {"contested"}
    orders = {
        row["raters"]: [one["content"] for one in row["answers"]]
        for row in handoff.rankings(version.pk)
    }
    assert orders == {"de": ["One.", "Two.", "Three."], "fr": ["Three.", "Two.", "One."]}
    assert list(handoff.unpaired(version.pk)) == []


def test_groups_can_be_by_topic(dataset, freeze):
    cooks = [(speaks(dataset, topics=["cooking"]), [0, 1, 2]) for _ in range(3)]
    others = [(speaks(dataset), [2, 1, 0]) for _ in range(3)]
    ranked(dataset, *cooks, *others)

    version = freeze(pairs="best_worst", contested="groups", groups_by="topic")

    rows = list(handoff.preference_pairs(version.pk))
    assert preferred(rows) == {("cooking", "One.", "Three.")}


def test_a_group_of_two_is_not_heard_by_itself(dataset, freeze):
    germans = [(speaks(dataset, "de"), [0, 1, 2]) for _ in range(2)]
    french = [(speaks(dataset, "fr"), [2, 1, 0]) for _ in range(2)]
    ranked(dataset, *germans, *french)

    version = freeze(pairs="all", contested="groups")

    rows = list(handoff.preference_pairs(version.pk))
    assert {(row["raters"], row["share"]) for row in rows} == {("", 500)}
    assert "groups" in version.rankings.get().facts
    assert version.rankings.get().facts["groups"] == []


def test_a_group_that_disagrees_in_itself_has_shares(dataset, freeze):
    mixed = [
        (speaks(dataset, "de"), o) for o in ([0, 1, 2], [2, 1, 0], [0, 2, 1], [2, 0, 1])
    ]
    ranked(dataset, *mixed)

    [row] = handoff.rankings(freeze(pairs="all", contested="groups").pk)

    assert row["raters"] == "de"
    assert {one["place"] for one in row["answers"]} == {None}


def test_what_is_frozen_names_nobody_and_a_changed_profile_changes_nothing(dataset, freeze):
    two_camps(dataset)
    version = freeze(pairs="all", contested="groups")
    before = list(handoff.preference_pairs(version.pk))
    facts = version.rankings.get().facts
    assert {group["group"] for group in facts["groups"]} == {"de", "fr"}
    assert "ranker" not in str(facts)

    Profile.objects.update(languages=["it"])

    assert list(handoff.preference_pairs(version.pk)) == before
    assert versions.verify(version) == []


def test_only_the_answers_that_are_taken_are_in_each_group(dataset, freeze):
    prompt = two_camps(dataset)
    mine = prompt.replies.order_by("pk").first()
    others = prompt.replies.exclude(pk=mine.pk).values("pk")
    Message.objects.filter(pk__in=others).update(author=ContributorFactory())

    version = freeze(pairs="all", contested="groups", cap_per_author=1)

    rows = list(handoff.preference_pairs(version.pk))
    assert len(rows) == 2
    assert {row["raters"] for row in rows} == {"de", "fr"}


def test_ballots_that_were_set_aside_are_in_no_group(dataset, freeze):
    prompt = two_camps(dataset)
    german = prompt.ballots.filter(ranker__profile__languages=["de"]).first()
    german.set_aside_at = german.created_at
    german.save()

    rows = list(handoff.preference_pairs(freeze(pairs="all", contested="groups").pk))

    assert {row["raters"] for row in rows} == {"fr"}


def test_the_file_has_the_same_columns(dataset, freeze):
    two_camps(dataset)
    version = freeze(pairs="all", contested="groups")

    folder = handoff.files(version.pk)

    written = pq.read_table(folder / "rankings_train.parquet").to_pylist()
    assert written == list(handoff.rankings(version.pk))
    assert len(written) == 2


def test_the_form_says_it(dataset):
    sent = {
        "contested": "groups",
        "groups_by": "topic",
        "pairs": "all",
        "with_models": "on",
    }
    form = FreezeForm(dataset, sent)
    assert form.is_valid(), form.errors

    lines = {str(label): said for label, said in recipe_lines(form.recipe)}

    assert lines["Groups of people"] == "By the topics of their profile"
    assert FreezeForm(dataset, {"pairs": ""}).says_more is False
