"""Rankings as facts, and the pairs and labels that follow from them."""

from __future__ import annotations

import pytest

from curation.formats.preferences import facts, labels, preferences, pruned, soft

FOUND = facts(
    prompt="p",
    conversation="c",
    order=[["b"], ["d", "a"], ["c"]],
    tallies={("b", "a"): (2, 1, 0), ("c", "b"): (0, 3, 0), ("a", "d"): (1, 1, 1)},
    ballots=3,
    agreement=0.4649,
    status="consensus",
)


def pairs(policy):
    return {(one.chosen, one.rejected) for one in preferences(FOUND, policy)}


def test_facts_have_one_spelling():
    assert FOUND["order"] == [["b"], ["a", "d"], ["c"]]
    assert FOUND["tallies"] == [
        ["a", "b", 1, 2, 0],
        ["a", "d", 1, 1, 1],
        ["b", "c", 3, 0, 0],
    ]
    assert FOUND["agreement"] == 46


def test_each_policy_takes_its_pairs_and_none_takes_ties():
    assert pairs("best_worst") == {("b", "c")}
    assert pairs("adjacent") == {("b", "a"), ("b", "d"), ("a", "c"), ("d", "c")}
    assert pairs("all") == pairs("adjacent") | {("b", "c")}


def test_a_pair_says_how_clear_it_was():
    found = {(one.chosen, one.rejected): one[2:] for one in preferences(FOUND, "all")}

    assert found["b", "c"] == (3, 3, 1000)
    assert found["b", "a"] == (1, 3, 667)
    assert found["d", "c"] == (0, 0, 1000)  # nobody compared these two


def test_soft_labels_are_of_what_was_compared_also_where_it_is_a_tie():
    found = {(one.chosen, one.rejected): one.share for one in soft(FOUND)}

    assert found == {("b", "a"): 667, ("a", "d"): 500, ("b", "c"): 1000}


def test_the_ends_of_a_ranking_are_good_and_bad():
    assert labels(FOUND) == {"b": True, "a": None, "d": None, "c": False}
    assert labels({"order": [["a", "b"]]}) == {"a": None, "b": None}


@pytest.mark.parametrize(
    ("left", "order"), [("abc", [["b"], ["a"], ["c"]]), ("b", None), ("", None)]
)
def test_what_is_left_out_is_gone_from_the_facts(left, order):
    found = pruned(FOUND, set(left))

    assert (found and found["order"]) == order
    assert found is None or all(row[0] != "d" != row[1] for row in found["tallies"])
