from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.clean.duplicates import compared, read, relation, sighting
from curation.clean.text import normalised

ASKED = "What is the best way to learn the piano as an adult with little time?"
APPLES = "Tom has 3 red apples and buys 5 more at the shop, how many has he?"
KIWI = "Why do people eat the skin of a kiwi when they have it for breakfast?"


@pytest.mark.parametrize(
    "other",
    [
        "What is the best way to learn the piano as an adult with so little time?",
        "Tell me what is the best way to learn the piano as an adult with little time?",
        "Waht is the best way to lern the piano as an adult wiht little time?",
        "What is the best way to learn the piano as an adult?",
        ASKED + " Please do not use lists.",
        ASKED + " Give me 3 ways.",
    ],
)
def test_nearly_the_same_words_are_a_duplicate(other):
    assert relation(ASKED, other) == relation(other, ASKED) == "duplicate"


def test_the_same_words_are_the_same_whatever_their_case_and_marks():
    assert relation(ASKED, ASKED.upper().replace("?", " !")) == "same"
    assert relation("What is a cat?", "what is a CAT") == "same"
    assert compared(read("???"), read("???")) == ("same", 1.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (APPLES, APPLES.replace("3", "4").replace("5", "7")),
        (APPLES, APPLES.replace("3", "5").replace("buys 5", "buys 3")),
        (APPLES, APPLES.replace("5", "5.5")),
        (APPLES, APPLES.replace("3", "three").replace("5", "six")),
        (KIWI, KIWI.replace("eat", "not eat")),
        (KIWI, KIWI.replace("do people", "don't people")),
        (KIWI, KIWI.replace("do people", "don’t people")),
        (KIWI + " Use lists and tables.", KIWI + " Never use lists and tables."),
        (APPLES, APPLES.replace("buys", "does not buy")),
        (KIWI, KIWI.replace("for breakfast", "for 2 breakfasts")),
        (
            "Ist es gut für eine Katze, wenn sie jeden Tag Milch trinkt?",
            "Ist es nicht gut für eine Katze, wenn sie jeden Tag Milch trinkt?",
        ),
    ],
)
def test_other_numbers_and_denials_make_a_sibling(one, other):
    assert relation(one, other) == relation(other, one) == "sibling"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ASKED, "Which violin should a child with much time begin to learn on, if any?"),
        ("What is a cat?", "What is a cow?"),
        ("Summarise this passage", "Summarise this text"),
        ("", ASKED),
    ],
)
def test_another_question_is_different(one, other):
    assert relation(one, other) == "different"


def test_the_same_number_can_be_spelled_in_several_ways():
    other = APPLES.replace("3", "three").replace("5", "five")

    assert relation(APPLES, other) == "duplicate"
    assert read("1,000 and 3.5").numbers == read("1000 and 3,5").numbers


def test_what_is_said_of_it_carries_the_version_and_the_likeness():
    seen = sighting(0.71649)

    assert (seen.check, seen.version, seen.score) == ("near_duplicate", 2, 0.716)


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_texts_have_the_words_that_they_have_beside_letters_of_any_script(text):
    assert normalised(f"{text} ß é") == f"{normalised(text)} ss é".strip()
