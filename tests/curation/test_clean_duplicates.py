from __future__ import annotations

import pytest

from curation.clean.duplicates import ALIKE_FROM, likeness, telling_words

ASKED = "What is the best way to learn the piano as an adult with little time?"


@pytest.mark.parametrize(
    "other",
    [
        "what is the best way to learn the piano as an adult, with little time",
        "What is the best way to learn the piano as an adult with so little time?",
        "Tell me what is the best way to learn the piano as an adult with little time?",
    ],
)
def test_nearly_the_same_words_are_alike(other):
    assert likeness(ASKED, other) >= ALIKE_FROM


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ASKED, "What is the best way to learn the violin as a child with much time?"),
        (
            "Tom has 3 red apples and buys 5 more at the shop, how many has he?",
            "Tom has 4 red apples and buys 7 more at the shop, how many has he?",
        ),
        ("What is a cat?", "What is a cow?"),
        ("Summarise this passage", "Summarise this text"),
    ],
)
def test_another_question_is_not(one, other):
    assert likeness(one, other) < ALIKE_FROM


def test_it_is_looked_for_by_its_longest_words():
    assert telling_words(ASKED, at_most=3) == ["little", "adult", "learn"]
    assert telling_words("the of and is 12 345") == []
