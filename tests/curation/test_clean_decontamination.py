from __future__ import annotations

import subprocess
import sys
from random import Random

import numpy as np
import pytest

from curation.clean.decontamination import (
    Index,
    index_of,
    match,
    overlapping,
    packed,
    seen,
    united,
    unpacked,
)

QUESTION = (
    "Natalia sold clips to forty-eight of her friends in April, and then she sold half as "
    "many clips in May. How many clips did Natalia sell altogether?"
)
RUN = "she sold half as many clips in May. How many clips did Natalia sell altogether"
SHORT = "Name the three primary colours, please"
INDEX = index_of([QUESTION, SHORT])


def sightings(text, index=INDEX):
    return [
        (s.check, [text[start:end] for start, end in s.spans]) for s in seen(text, index)
    ]


def test_a_run_of_thirteen_words_blocks_where_it_stands():
    text = f"My sister asks: {RUN}? She is six."

    assert sightings(text) == [("contamination.block", [RUN])]


def test_a_run_of_eight_words_is_only_flagged():
    text = "Tell me, in May how many clips did Natalia sell, and to whom?"

    assert sightings(text) == [
        ("contamination.flag", ["in May how many clips did Natalia sell"])
    ]
    assert sightings("Then how many clips did Natalia sell altogether?") == []


@pytest.mark.parametrize(
    "disguised",
    [
        QUESTION.upper(),
        QUESTION.replace(",", " —").replace(" ", "\n"),
        "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in QUESTION),
    ],
)
def test_case_width_and_marks_hide_nothing(disguised):
    ((check, (passage,)),) = sightings(disguised)

    assert (check, passage) == ("contamination.block", disguised.rstrip("?"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "How many clips did she sell?",
        "Natalia",
        "Name the three primary colours, please, and mix two of them.",
        "A text of more than thirteen words that says nothing of what is in it at all.",
    ],
)
def test_other_words_pass(text):
    assert sightings(text) == []


def test_an_item_too_short_for_a_run_is_flagged_where_it_is_the_whole_text():
    assert sightings("name the THREE primary colours - please!") == [
        ("contamination.flag", ["name the THREE primary colours - please"])
    ]


def test_where_characters_stand_for_words_runs_are_twice_as_long():
    question = "请用三句话解释为什么海水是咸的而河水却不是咸的并且举出两个例子来说明"
    index = index_of([question])

    assert sightings(f"问：{question}", index) == [("contamination.block", [question])]
    assert sightings(f"问：{question[:14]}？", index) == []
    assert [check for check, _ in sightings(f"问：{question[:18]}？", index)] == [
        "contamination.flag"
    ]


def planted(share):
    random = Random(7)
    words = [f"w{n}" for n in range(5_000)]
    items = [" ".join(random.choices(words, k=60)) for _ in range(400)]
    edited = [
        " ".join(
            random.choice(words) if random.random() < share else word
            for word in item.split()
        )
        for item in items
    ]
    index = index_of(items)
    found = [match(text, index) for text in edited]
    blocks = sum(bool(one.blocks) for one in found) / len(found)
    return sum(bool(one) for one in found) / len(found), blocks


def test_planted_texts_are_found_though_words_were_changed():
    assert planted(0) == (1, 1)
    assert planted(0.05) > (0.98, 0.9)
    assert planted(0.15) > (0.9, 0.5)


def test_an_index_is_stored_and_read_back():
    back = unpacked(packed(INDEX))

    assert back.items == INDEX.items == 2
    for one, other in zip(back[1:], INDEX[1:], strict=True):
        np.testing.assert_array_equal(one, other)
    assert sightings(QUESTION, back) == sightings(QUESTION)


def test_an_empty_set_finds_nothing():
    empty = index_of([])

    assert sightings(QUESTION, empty) == sightings(QUESTION, unpacked(packed(empty))) == []
    assert sightings(QUESTION, united([])) == []


def test_sets_are_looked_up_together():
    both = united([index_of([QUESTION]), index_of([SHORT])])

    assert isinstance(both, Index)
    assert packed(both) == packed(INDEX)


@pytest.mark.parametrize(
    "data", [b"", b"torn", packed(INDEX)[:-8], packed(INDEX) + bytes(8), bytes(64)]
)
def test_what_is_no_index_is_refused(data):
    with pytest.raises(ValueError, match="index"):
        unpacked(data)


def test_another_process_makes_the_same_index():
    code = (
        "import sys\n"
        "from curation.clean.decontamination import index_of, packed\n"
        f"sys.stdout.buffer.write(packed(index_of([{QUESTION!r}, {SHORT!r}])))"
    )
    made = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

    assert made.stdout == packed(INDEX)


# ---- questions that a text gives away ---------------------------------------------------

MAPS = "which of the old maps in the long hall shows the river before the great flood"


def overlap(questions, *texts, answers=None):
    return overlapping(questions, answers or [""] * len(questions), texts)


def test_a_question_in_a_longer_text_is_found_in_other_spelling():
    said = f"I wonder: {MAPS.title().replace(' ', '  ')}? Nobody knows."
    assert overlap(["Where is it?", MAPS], said) == {1}
    assert overlap([MAPS], " ".join(MAPS.split()[:12])) == set()


def test_an_answer_gives_its_question_away():
    assert overlap(["Why?", "How?"], MAPS, answers=["", MAPS + " and after it"]) == {1}


def test_a_short_question_is_found_where_it_is_the_whole_text():
    ferry = "Where does the ferry land?"
    assert overlap([ferry], "where does the ferry land") == {0}
    assert overlap([ferry], "Tell me where does the ferry land.") == set()
    assert overlap(["Why so?"], "Why so?") == set()  # three words are in many texts


def test_questions_that_share_their_words_are_all_found():
    both = [MAPS, MAPS + " of last year", "Which river is it that one sees there?"]
    assert overlap(both, MAPS) == {0, 1}


def test_a_short_answer_gives_nothing_away():
    assert overlap(["Q"], "Yes, it is so.", answers=["Yes, it is so."]) == set()


def test_where_there_is_nothing_nothing_is_found():
    assert overlap([]) == overlap([], MAPS) == overlap([MAPS]) == overlap([""], "") == set()
