"""Tables as CSV: text stays text, and numbers are numbers in every language."""

from __future__ import annotations

from datetime import date

import pytest

from curation.formats.sheet import sheet


def lines(*rows, names=("a",)):
    return sheet(names, rows).removeprefix("\ufeff").splitlines()[1:]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_what_looks_like_a_formula_is_marked_as_text(text):
    assert lines([text]) == [f"'{text}"]


def test_numbers_below_zero_stay_numbers():
    assert lines([-0.5], [-3]) == ["-0.5", "-3"]


def test_days_numbers_and_what_is_not_there():
    assert lines([date(2026, 5, 2), 0.123456, None, 'a "b"']) == [
        '2026-05-02,0.1235,,"a ""b"""'
    ]


def test_excel_is_told_that_it_is_utf_8():
    assert sheet(["Größe"], []).encode().startswith(b"\xef\xbb\xbfGr\xc3\xb6")


def test_names_of_columns_are_text_too():
    assert sheet(["=x"], []).removeprefix("\ufeff") == "'=x\r\n"
