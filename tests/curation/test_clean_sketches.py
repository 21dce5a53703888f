from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.clean import sketches

ASKED = "What is the best way to learn the piano as an adult with little time?"
LONG = " ".join(f"word{n} stands in place {n * n}" for n in range(700))


def test_a_signature_is_the_same_on_every_machine():
    row = sketches.signature(ASKED)

    assert row[:4].tolist() == [96376545, 77083782, 39595532, 56591734]
    assert sketches.bands(row[None])[0][:3].tolist() == [
        -314016805,
        1289485602,
        -2138702982,
    ]


def test_case_marks_and_spacing_change_nothing():
    shouted = f"  {ASKED.upper().replace(' ', '   ')}!!"

    assert np.array_equal(sketches.signature(ASKED), sketches.signature(shouted))


@given(st.lists(st.text(max_size=200), max_size=30))
def test_texts_sketched_together_are_as_sketched_alone(texts):
    together = sketches.signatures(texts)

    assert together.shape == (len(texts), 128)
    for text, row in zip(texts, together, strict=True):
        assert np.array_equal(row, sketches.signature(text))


def test_also_when_they_are_too_many_for_one_portion(monkeypatch):
    texts = [ASKED, LONG, "short", ASKED[5:], LONG[100:]]
    whole = sketches.signatures(texts)
    monkeypatch.setattr(sketches, "_CHARACTERS_AT_ONCE", 100)
    monkeypatch.setattr(sketches, "_RUNS_AT_ONCE", 64)

    assert np.array_equal(sketches.signatures(texts), whole)


def test_short_texts_agree_everywhere_or_hardly_anywhere():
    cat, again, cow = sketches.signatures(
        ["What is a cat?", "what is a CAT", "What is a cow?"]
    )

    assert sketches.estimates(cat, np.stack([again, cow])).tolist() == [1.0, 0.0]


def test_estimates_are_as_good_as_128_places_allow():
    words = LONG.split()
    parts = [" ".join(words[:count]) for count in range(300, 2_700, 40)]
    whole = " ".join(words)
    exact = np.array(
        [
            sketches.jaccard(sketches.runs_of(part), sketches.runs_of(whole))
            for part in parts
        ]
    )

    off = sketches.estimates(sketches.signature(whole), sketches.signatures(parts)) - exact

    assert abs(off.mean()) < 0.04  # one draw of 128 orders for all of them
    assert np.sqrt((off**2).mean()) < 0.06


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("abcdef", "abcdef", 1.0), ("abcdef", "bcdefg", 1 / 3), ("abcdef", "uvwxyz", 0.0)],
)
def test_jaccard_counts_runs_of_five(one, other, shared):
    assert sketches.jaccard(sketches.runs_of(one), sketches.runs_of(other)) == shared


def test_equal_places_in_other_bands_are_no_match():
    row = np.full((1, 128), 7, np.uint32)

    assert len(set(sketches.bands(row)[0].tolist())) == 32
