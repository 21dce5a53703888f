from __future__ import annotations

import random
import time

import pytest
from django.template import Context, Template

from curation.clean.differences import differences


def test_a_change_is_marked_by_whole_words():
    assert differences("Wat is a gnat?", "What is a gnat?") == [
        ("delete", "Wat"),
        ("insert", "What"),
        ("equal", " is a gnat?"),
    ]


def test_neighbouring_words_that_changed_are_one_change():
    assert differences("a b c d", "a x y d") == [
        ("equal", "a "),
        ("delete", "b c"),
        ("insert", "x y"),
        ("equal", " d"),
    ]


def test_signs_without_spaces_are_compared_one_by_one():
    assert differences("你好吗", "你们吗") == [
        ("equal", "你"),
        ("delete", "好"),
        ("insert", "们"),
        ("equal", "吗"),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("", "new"), ("old", ""), ("a\n\nb", "a\nb"), ("a  b", "a b"), ("😀", "😁"),
     ("same", "same"), ("it’s", "its"), (" x", "x "), ("one two", "two one")],
)  # fmt: skip
def test_both_texts_can_be_read_back_from_the_parts(before, after):
    parts = differences(before, after)

    assert "".join(text for change, text in parts if change != "insert") == before
    assert "".join(text for change, text in parts if change != "delete") == after
    assert all(text for _, text in parts)


def long_text(seed, words, length=20_000):
    chance = random.Random(seed)
    return " ".join(chance.choice(words) for _ in range(length))[:length]


@pytest.mark.parametrize(
    "words",
    [["a"], ["a", "b"], [f"w{n}" for n in range(110)], [f"word{n}." for n in range(500)],
     [chr(0x4E00 + n) for n in range(300)]],
)  # fmt: skip
def test_the_longest_texts_are_compared_in_a_moment(words):
    before, after = long_text(1, words), long_text(2, words) + "end"

    began = time.process_time()
    parts = differences(before, after)

    assert time.process_time() - began < 2
    assert "".join(text for change, text in parts if change != "delete") == after


def test_a_few_edits_in_a_long_text_are_found_one_by_one():
    words = long_text(3, [f"w{n}" for n in range(300)]).split(" ")
    edited = [f"NEW{n}" if n % 500 == 7 else word for n, word in enumerate(words)]

    parts = differences(" ".join(words), " ".join(edited))

    fresh = [word for word in edited if word.startswith("NEW")]
    assert [text for change, text in parts if change == "insert"] == fresh


def test_in_a_template_the_words_are_escaped():
    template = Template("{% load winnow %}{% word_diff before after %}")

    shown = template.render(Context({"before": "a <b> c", "after": "a <i> c"}))

    assert shown == ('a &lt;<del class="diff">b</del><ins class="diff">i</ins>&gt; c')
