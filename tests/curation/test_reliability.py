"""Agreement on labels beyond chance: textbook numbers, and crowd-kit's."""

from __future__ import annotations

import pandas
import pytest
from crowdkit.metrics.data import alpha_krippendorff
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import interval_distance

from curation.aggregate.agreement import (
    agreement_with,
    mean_agreement,
    mean_rank_correlation,
)
from curation.aggregate.reliability import fleiss_kappa, krippendorff_alpha

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Krippendorff (2011): twelve units, four observers, some of them missing.
UNITS = [
    (1, 1, None, 1), (2, 2, 3, 2), (3, 3, 3, 3), (3, 3, 3, 3), (2, 2, 2, 2), (1, 2, 3, 4),
    (4, 4, 4, 4), (1, 1, 2, 1), (2, 2, 2, 2), (None, 5, 5, 5), (None, None, 1, 1),
    (None, 3, None, None),
]  # fmt: skip
# The example of the literature on Fleiss's kappa: ten subjects, fourteen raters.
COUNTS = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip
ROWS = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=3, max_size=3),
    min_size=2,
    max_size=8,
)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_of_the_textbooks_example(level, alpha):
    assert krippendorff_alpha(UNITS, level) == pytest.approx(alpha, abs=0.0005)


def test_kappa_of_the_textbooks_example():
    rows = [[v for v, n in enumerate(row) for _ in range(n)] for row in COUNTS]

    assert fleiss_kappa(rows) == pytest.approx(0.210, abs=0.0005)


@PATIENTLY
@given(ROWS)
def test_alpha_is_crowd_kits(rows):
    ours = krippendorff_alpha(rows)
    assume(ours is not None)
    # Theirs counts items with a single value into what chance gives; they are left out.
    shared = [row for row in rows if sum(value is not None for value in row) > 1]
    given_values = [
        (str(rater), str(item), str(value))
        for item, row in enumerate(shared)
        for rater, value in enumerate(row)
        if value is not None
    ]
    frame = pandas.DataFrame(given_values, columns=["worker", "task", "label"])

    assert ours == pytest.approx(alpha_krippendorff(frame))


@PATIENTLY
@given(ROWS)
def test_alpha_of_intervals_is_nltks(rows):
    ours = krippendorff_alpha(rows, "interval")
    assume(ours is not None)
    task = AnnotationTask(
        [
            (str(rater), str(item), value)
            for item, row in enumerate(rows)
            for rater, value in enumerate(row)
            if value is not None and sum(other is not None for other in row) > 1
        ],
        distance=interval_distance,
    )

    assert ours == pytest.approx(task.alpha())


@PATIENTLY
@given(ROWS, st.permutations([1, 2, 3, 4]))
def test_names_of_nominal_values_do_not_matter(rows, renamed):
    new = {None: None} | dict(zip([1, 2, 3, 4], "dbac", strict=True))
    there = [[new[value] for value in row] for row in rows]

    assert krippendorff_alpha(there) == pytest.approx(krippendorff_alpha(rows))
    assert fleiss_kappa(there) == pytest.approx(fleiss_kappa(rows))


@PATIENTLY
@given(ROWS)
def test_a_scale_turned_or_stretched_is_the_same_scale(rows):
    turned = [[None if v is None else 10 - 3 * v for v in row] for row in rows]

    for level in ("ordinal", "interval"):
        there = krippendorff_alpha(turned, level)
        assert there == pytest.approx(krippendorff_alpha(rows, level))


@pytest.mark.parametrize("rows", [[], [(1,)], [(1, None)], [(2, 2), (2, 2)]])
def test_without_two_values_agreement_is_undefined(rows):
    assert krippendorff_alpha(rows) is None
    assert fleiss_kappa(rows) is None


def test_full_agreement_is_one():
    rows = [("a", "a"), ("b", "b", "b")]

    assert krippendorff_alpha(rows) == pytest.approx(1)
    assert fleiss_kappa(rows) == pytest.approx(1)


def test_words_have_no_distance():
    with pytest.raises(ValueError, match="numbers"):
        krippendorff_alpha([("a", "b")], "interval")


def test_over_many_prompts_ballots_are_compared_within_each():
    same, turned = {1: 1, 2: 2}, {1: 2, 2: 1}

    assert mean_rank_correlation([[same, same], [same, turned]]) == 0
    assert mean_rank_correlation([[same], [turned]]) is None
    assert mean_rank_correlation([[same, same, turned]]) == mean_agreement(
        [same, same, turned]
    )


def test_one_persons_ballots_are_compared_with_those_of_others():
    same, turned = {1: 1, 2: 2}, {1: 2, 2: 1}

    assert agreement_with([(same, [same, turned]), (same, [same, same])]) == 0.5
    assert agreement_with([(same, [])]) is None
