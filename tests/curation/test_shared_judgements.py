"""How far people agree, by question, group and person: numbers worked out by hand."""

from __future__ import annotations

import pytest

from curation.aggregate.shared import Given, by_group, by_person, on_question, together

FIRST, SECOND = {1: 1, 2: 2, 3: 3}, {1: 3, 2: 2, 3: 1}


def said(item, *values, **part):
    """One answer a person, from person 1 on."""
    return [Given(item, person, value, **part) for person, value in enumerate(values, 1)]


def test_what_one_person_judged_alone_says_nothing():
    row = on_question([*said(1, "accept", "reject"), *said(2, "accept")])

    assert (row.items, row.answers) == (1, 2)


def test_of_several_answers_of_one_person_the_last_counts():
    assert together([Given(1, 1, "a"), Given(1, 2, "a"), Given(1, 1, "b")]) == {
        1: {1: "b", 2: "a"}
    }
    assert together([Given(1, 1, "a"), Given(1, 1, "b")]) == {}


def test_near_answers_on_a_scale_are_nearly_alike():
    rows = [*said(1, 1.0, 2.0), *said(2, 4.0, 5.0), *said(3, 2.0, 2.0)]

    assert on_question(rows, "ordinal").alpha > on_question(rows, "nominal").alpha


def test_each_group_is_measured_by_itself():
    verdicts = [
        *said(1, "accept", "accept", category=7),
        *said(2, "reject", "reject", category=7),
        *said(3, "accept", "reject", category=8),
        *said(4, "accept"),
    ]
    ballots = [*said(9, FIRST, FIRST, category=7), *said(10, FIRST, SECOND, category=8)]

    found = by_group(verdicts, ballots, lambda one: one.category)

    assert set(found) == {7, 8}
    assert (found[7].texts, found[7].alpha, found[7].kappa) == (2, 1, 1)
    assert (found[7].prompts, found[7].correlation) == (1, 1)
    assert (found[8].texts, found[8].prompts, found[8].correlation) == (1, 1, -1)


def test_a_text_judged_under_two_guidelines_is_shared_under_neither():
    verdicts = [Given(1, 1, "accept", guideline=1), Given(1, 2, "accept", guideline=2)]

    assert by_group(verdicts, [], lambda one: one.guideline) == {}


def test_each_person_stands_beside_the_others():
    verdicts = [*said(1, "accept", "accept", "reject"), *said(2, "accept", "accept")]

    found = by_person(verdicts, said(9, FIRST, SECOND))

    assert (found[1].texts, found[1].same) == (2, pytest.approx(2 / 3))
    assert (found[3].texts, found[3].same, found[3].prompts) == (1, 0, 0)
    assert (found[1].prompts, found[1].correlation) == (1, -1)
    assert found[3].correlation is None
