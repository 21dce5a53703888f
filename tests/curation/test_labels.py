"""From votes on labels to one value, to shares, and to the voters' skills."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
from crowdkit.aggregation.classification.dawid_skene import DawidSkene
from crowdkit.aggregation.classification.majority_vote import MajorityVote

from curation.aggregate.dawid_skene import dawid_skene
from curation.aggregate.labels import Vote, majority, shares, shares_by_group

# crowd-kit 1.4.2 calls pandas as versions before 3.1 were called.
OLD_PANDAS = pytest.mark.filterwarnings("ignore:The (inplace|copy) keyword")


def crowd(*, items, people, values, votes, seed=1):
    """Voters of unequal skill, some of whom prefer one value: the truth, and the votes."""
    random = np.random.default_rng(seed)
    frequency = random.dirichlet([2.0] * values)
    truth = random.choice(values, items, p=frequency)
    skills = random.choice([0.9, 0.6, 0.3], people, p=[0.5, 0.3, 0.2])
    favourites = random.integers(0, values, people)
    cast = []
    for item in range(items):
        for person in random.choice(people, votes, replace=False).tolist():
            is_right = random.random() < skills[person]
            value = truth[item] if is_right else favourites[person]
            cast.append(Vote(item, person, int(value)))
    return dict(enumerate(truth.tolist())), cast


def frame(votes):
    return pandas.DataFrame(votes, columns=["task", "worker", "label"])


def right(found, truth):
    return sum(found[item] == value for item, value in truth.items()) / len(truth)


def most_likely(estimate):
    return {item: max(parts, key=parts.get) for item, parts in estimate.shares.items()}


def test_a_majority_is_more_than_half_and_else_nobody_decides():
    votes = [Vote(1, "a", "x"), Vote(1, "b", "x"), Vote(1, "c", "y")]
    split = [Vote(2, "a", "x"), Vote(2, "b", "y")]
    three_ways = [
        Vote(3, "a", "x"),
        Vote(3, "b", "x"),
        Vote(3, "c", "y"),
        Vote(3, "d", "z"),
    ]

    assert majority([*votes, *split, *three_ways]) == {1: "x", 2: None, 3: None}


def test_who_weighs_more_can_decide():
    votes = [Vote(1, "a", "x"), Vote(1, "b", "y"), Vote(1, "new", "y")]

    assert majority(votes, {"a": 2.5, "b": 0.5}) == {1: "x"}
    assert shares(votes, {"a": 2.5, "b": 0.5})[1] == {"x": 0.625, "y": 0.375}


def test_votes_that_weigh_nothing_decide_nothing():
    assert majority([Vote(1, "a", "x")], {"a": 0}) == {1: None}


@OLD_PANDAS
def test_a_majority_is_crowd_kits_where_there_is_one():
    _, votes = crowd(items=200, people=20, values=4, votes=5)
    theirs = MajorityVote().fit_predict(frame(votes))

    clear = {item: value for item, value in majority(votes).items() if value is not None}

    assert len(clear) > 100
    assert all(theirs[item] == value for item, value in clear.items())


def test_shares_keep_what_a_majority_hides():
    votes = [Vote(1, person, value) for person, value in enumerate("xxxy")]

    assert shares(votes) == {1: {"x": 0.75, "y": 0.25}}


def test_each_group_has_its_own_shares():
    votes = [Vote(1, "a", "x"), Vote(1, "b", "y"), Vote(1, "c", "y"), Vote(1, "d", "x")]
    found = shares_by_group(votes, {"a": "north", "b": "south", "c": "south"})

    assert found == {1: {"north": {"x": 1}, "south": {"y": 1}, None: {"x": 1}}}


@OLD_PANDAS
def test_the_estimate_is_crowd_kits():
    _, votes = crowd(items=300, people=20, values=3, votes=5)
    ours = dawid_skene(votes, rounds=20, smoothing=1e-10)
    theirs = DawidSkene(n_iter=20, tol=0).fit_predict_proba(frame(votes))

    for item, parts in ours.shares.items():
        for value, share in parts.items():
            assert share == pytest.approx(theirs.loc[item, value], abs=0.01)


def test_with_many_values_and_unequal_skills_it_is_right_more_often_than_a_majority():
    truth, votes = crowd(items=1500, people=60, values=5, votes=3)
    estimate = dawid_skene(votes)

    assert right(most_likely(estimate), truth) > right(majority(votes), truth) + 0.03


def test_it_tells_the_skilled_from_the_rest():
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 300)
    votes = [
        Vote(item, person, int(value if random.random() < skill else 1 - value))
        for item, value in enumerate(truth)
        for person, skill in enumerate([0.95, 0.9, 0.8, 0.5, 0.1])
    ]
    skills = dawid_skene(votes).skills

    assert [skills[person] for person in range(5)] == pytest.approx(
        [0.95, 0.9, 0.8, 0.5, 0.1], abs=0.08
    )


def test_names_of_values_do_not_matter():
    _, votes = crowd(items=100, people=10, values=3, votes=3)
    renamed = [vote._replace(value="cab"[vote.value]) for vote in votes]
    ours, there = dawid_skene(votes), dawid_skene(renamed)

    for item, parts in ours.shares.items():
        for value, share in parts.items():
            assert there.shares[item]["cab"[value]] == pytest.approx(share)


def test_shares_add_up_and_nothing_gives_nothing():
    _, votes = crowd(items=50, people=8, values=3, votes=3)
    estimate = dawid_skene(votes)

    assert sum(estimate.frequencies.values()) == pytest.approx(1)
    assert all(sum(p.values()) == pytest.approx(1) for p in estimate.shares.values())
    assert dawid_skene([]) == ({}, {}, {})
    assert majority([]) == {}
