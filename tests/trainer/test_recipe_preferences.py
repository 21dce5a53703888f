"""Rankings, pairs and edits are read as the tables write them."""

from __future__ import annotations

import json

import pytest

from curation.formats import tables
from curation.formats.recipe import Recipe
from tests.trainer.preference_fixtures import (
    edit,
    pair,
    pairs_of,
    ranking,
    said,
    write,
    write_preferences,
)
from trainer.recipes import preferences
from trainer.recipes.common import Trouble
from trainer.recipes.preferences import Before


@pytest.fixture
def read(tmp_path):
    """`read(rankings=[…], pairs=[…])` reads these rows back as rankings."""

    def read(rankings=(), pairs=()):
        write(tmp_path / "rankings_train.jsonl", list(rankings))
        write(tmp_path / "pairs_train.jsonl", list(pairs))
        return preferences.read_ranked(tmp_path, "train")

    return read


def test_every_two_of_a_ranking_are_compared_once_and_edits_beside_it(read):
    found = read([ranking(1)], [*pairs_of(ranking(1)), edit(1)])

    whole, edited = found.kept
    assert (whole.id, whole.group) == ("p1", "c1")
    assert whole.pairs == [Before(0, 1, 1), Before(0, 2, 1), Before(1, 2, 1)]
    assert (edited.id, [reply.content for reply in edited.replies][1]) == (
        "p1-0:edited",
        "Bring it!",
    )
    assert edited.pairs == [Before(0, 1, 1)]


def test_equal_places_prefer_nothing(read):
    tied = ranking(1)
    tied["answers"][1]["place"] = 0
    for answer in (level := ranking(2))["answers"]:
        answer["place"] = 0

    found = read([tied, level])

    assert [item.pairs for item in found.kept] == [[Before(0, 2, 1), Before(1, 2, 1)]]
    reason = "nobody prefers one of these replies to another"
    assert found.dropped == [{"id": "p2", "reason": reason}]


def test_without_a_winner_the_shares_of_the_pairs_count(read):
    soft = ranking(1, status="contested")
    for answer in soft["answers"]:
        answer["place"] = None
    a, b, c = soft["answers"]
    pairs = [pair(soft, b, a, share=667), pair(soft, b, c, share=500)]
    pairs += [pair(soft, a, c, share=250)]

    [found] = read([soft], pairs).kept

    assert found.pairs == [
        Before(1, 0, 0.667),
        Before(2, 0, 0.75),
    ]  # and of b and c as many prefer the one as the other


def test_groups_of_people_keep_their_own_order(read):
    mine, theirs = ranking(1, raters="a"), ranking(1, raters="b")
    theirs["answers"].reverse()
    for place, answer in enumerate(theirs["answers"]):
        answer["place"] = place
    pairs = [*pairs_of(mine), *pairs_of(theirs)]

    found = read([mine, theirs], pairs)

    assert [(item.id, len(item.pairs)) for item in found.kept] == [("p1:a", 3), ("p1:b", 3)]


def test_without_rankings_pairs_are_rankings_of_two(tmp_path):
    write(tmp_path / "pairs_train.jsonl", list(pairs_of(ranking(1))))

    found = preferences.read_ranked(tmp_path, "train")

    assert [item.id for item in found.kept] == ["p1-0:p1-1", "p1-0:p1-2", "p1-1:p1-2"]


def test_good_and_bad_are_read_and_an_edit_has_two_names(tmp_path):
    write_preferences(tmp_path)
    found = preferences.read_judged(tmp_path / "preferences", "train")

    assert len(found) == 24
    assert (found[0].is_good, found[1].is_good) == (True, False)
    assert found[1].id == "p0-2:bad"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answers": []}, "line 1: a ranking needs two answers at least"),
        ({"prompt": "?"}, "line 1, prompt: expected a list of messages"),
        ({"category": None}, "line 1: 'category' must be a string"),
    ],
)
def test_a_bad_ranking_is_named(read, change, reason):
    with pytest.raises(Trouble, match=reason):
        read([ranking(1, **change)])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"share": 1001}, "line 1: 'share' must be from 0 to 1000"),
        ({"chosen": said("a") * 2}, "line 1: 'chosen' must be one message"),
    ],
)
def test_a_bad_pair_is_named(read, change, reason):
    a, b, _ = ranking(1)["answers"]

    with pytest.raises(Trouble, match=reason):
        read([], [pair(ranking(1), a, b, **change)])


def test_what_the_tables_write_is_what_is_read(tmp_path):
    """Through the very code that writes a version's rows."""
    examples = [example(number) for number in range(3)]
    facts = {
        "prompt_id": "p", "conversation": "c", "status": "settled", "ballots": 3,
        "agreement": 80, "order": [["a0"], ["a1", "a2"]],
        "tallies": [["a0", "a1", 3, 0, 0], ["a0", "a2", 2, 1, 0], ["a1", "a2", 0, 0, 3]],
    }  # fmt: skip
    terms = tables.Terms("CC0", Recipe(pairs="all"))
    for table in ("rankings", "pairs", "unpaired"):
        rows = list(tables.rows(table, examples, [facts], terms))
        write(tmp_path / f"{table}_train.jsonl", json.loads(json.dumps(rows)))

    [found] = preferences.read_ranked(tmp_path, "train").kept
    pairs = preferences.read_pairs(tmp_path, "train").kept
    judged = preferences.read_judged(tmp_path, "train")

    assert found.pairs == [Before(0, 1, 1), Before(0, 2, 1)]
    assert [(one.id, one.pairs[0].share) for one in pairs] == [
        ("a0:a1", 1),
        ("a0:a2", 0.667),
    ]
    assert [one.is_good for one in judged] == [True, False, False]


def example(number: int) -> tables.Example:
    record = {
        "id": f"a{number}", "prompt_id": "p", "conversation": "c", "category": "talk",
        "language": "en", "prompt": [{"role": "user", "content": "Hello?"}],
        "completion": said(f"Hello {number}."),
    }  # fmt: skip
    return tables.Example(record, group="g")
