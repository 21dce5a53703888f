"""The file of a benchmark: what is read, and what is refused."""

from __future__ import annotations

import pytest

from curation.errors import BadLine
from tests.trainer.benchmark_lines import CHOICE, OPEN, file
from trainer import benchmark_files
from trainer.benchmark_files import BadFile, Question, packed, read, unpacked


def test_a_file_is_read_with_answers_and_with_options():
    spider, blue = read(file(OPEN | {"category": "animals"}, CHOICE))
    assert spider == Question("How many legs has a spider?", "Eight.", (), "animals")
    assert (blue.answer, blue.right, blue.options) == ("The sky", 1, ("Grass", "The sky"))


@pytest.mark.parametrize("answer", [1, "B", "b", "The sky", " The sky "])
def test_the_right_option_is_named_in_three_ways(answer):
    assert read(file(CHOICE | {"answer": answer}))[0].right == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"[1, 2]", "no object in braces"),
        (b'"' + b"x" * 30 + b'"', "no object in braces"),
        (b"{", "not JSON"),
        (b'{"prompt": "a", "answer": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"prompt": "a", "answer": ' + b"9" * 5000 + b"}", "not JSON"),
        (file({"prompt": "", "answer": "x"}), "“prompt” is missing or empty"),
        (file({"answer": "x"}), "“question” is missing or empty"),
        (file({"prompt": "x"}), "“answer” is missing or empty"),
        (file({"prompt": {"a": 1}, "answer": "x"}), "“prompt” must be a text"),
        (file({"prompt": "x", "answer": 3}), "“answer” must be a text"),
        (file({"prompt": "x" * 20_001, "answer": "x"}), "20001 letters"),
        (b'{"prompt": "\\ud800", "answer": "x"}', "half a character"),
        (b'{"prompt": "a\\u0000b", "answer": "x"}', "a NUL character"),
        (file(OPEN | {"category": "c" * 51}), "“category” has 51 letters"),
        (file(OPEN | {"code": "rm"}), "no field “code”"),
        (file(OPEN | {"options": ["one"]}), "a list of 2 to 26"),
        (file(OPEN | {"options": ["a"] * 27}), "a list of 2 to 26"),
        (file(OPEN | {"options": "ab"}), "a list of 2 to 26"),
        (file(OPEN | {"options": ["a", ""]}), "is empty"),
        (file(OPEN | {"options": ["a", 1]}), "“options” must be a text"),
        (file(OPEN | {"options": ["a", " a"]}), "the same"),
        (file(CHOICE | {"answer": 2}), "must be the number of an option"),
        (file(CHOICE | {"answer": True}), "must be the number of an option"),
        (file(CHOICE | {"answer": "C"}), "must be the number of an option"),
        (file(CHOICE | {"answer": ["A"]}), "must be the number of an option"),
        (file(CHOICE | {"answer": -1}), "must be the number of an option"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named(line, said):
    with pytest.raises(BadFile, match="Line 2: .*" + said):
        read(file(OPEN) + line)


def test_all_bad_lines_are_named_up_to_ten():
    with pytest.raises(BadFile) as bad:
        read(file(OPEN, {"prompt": "x"}, CHOICE, {"answer": "x"}))
    assert [one.split(":")[0] for one in bad.value.problems] == ["Line 2", "Line 4"]
    with pytest.raises(BadFile) as bad:
        read(file(*[{"prompt": "x"}] * 50))
    assert len(bad.value.problems) == 11


def test_the_same_question_twice_is_refused():
    with pytest.raises(BadFile, match="Line 3: it asks the same as line 1"):
        read(file(OPEN, CHOICE, {"question": OPEN["prompt"], "answer": "Eight."}))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\xff\xfe{}", "Line 1 is not UTF-8"),
        (b"\x1f\x8b\x08\x00binary", "not UTF-8"),
        (b"PK\x03\x04\x00\x00", "no text file"),
    ],
)
def test_what_is_no_text_is_refused(data, said):
    with pytest.raises(BadLine, match=said):
        read(data)


def test_too_many_questions_are_refused(monkeypatch):
    monkeypatch.setattr(benchmark_files, "QUESTIONS_AT_MOST", 2)
    with pytest.raises(BadLine, match="at most 2"):
        read(file(OPEN, CHOICE, {"prompt": "x", "answer": "y"}))


def test_what_is_packed_comes_back_and_has_one_digest():
    # What some call the end of a line is part of a text here.
    odd = {"prompt": "One\u2028two\x85three?", "answer": "four\x0b"}
    questions = read(b"\xef\xbb\xbf" + file(OPEN, CHOICE, odd))
    first, again = packed(questions), packed(questions)
    assert unpacked(first.data) == questions
    assert first == again
    assert (first.questions, first.with_options) == (3, 1)
    assert packed(questions[:2]).digest != first.digest
