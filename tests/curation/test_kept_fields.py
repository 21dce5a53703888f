"""What stands beside a text is looked at quickly where that is enough, else closely."""

from __future__ import annotations

import pytest

from curation.clean.text import tidied
from curation.errors import BadLine
from curation.formats import jsonl
from curation.spelled import as_json


def nested(depth):
    return {"a": 1} if depth == 1 else {"a": nested(depth - 1)}


FIT = (
    {},
    {"labels": {"spam": {"value": 0.5, "count": 3}}, "none": {"a": None}},
    {"whole": 10**30, "long": "x" * 60_000, "signs": "{[" * 40, "word": "null"},
    {"backslash": "\\u0000"},
    nested(31),
)
UNFIT = (
    ({"a": ["\0"]}, "the character NUL"),
    ({"\0": 1}, "the character NUL"),
    ({"a": {"b": "\ud800"}}, "half of a surrogate pair"),
    ({"a": [float("inf")]}, "too large"),
    ({"a": "x" * 100_001}, "longer than 100,000"),
    (nested(32), "deeper than 32"),
)


@pytest.mark.parametrize("is_quick", [True, False])
def test_it_is_kept_or_refused_either_way(monkeypatch, is_quick):
    if not is_quick:
        monkeypatch.setattr(jsonl, "_is_surely_fit", lambda *_: False)
    for found in FIT:
        assert jsonl.kept(found | {"gone": None}, without=frozenset()) == found
    for found, why in UNFIT:
        with pytest.raises(BadLine, match=why):
            jsonl.kept(found, without=frozenset())


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", ""),
        (" \r\n\t", ""),
        ("a\r\nb ", "a\nb"),
        ("\0a\ud800\udfff", "a"),
        ("e\u0301", "é"),
        ("\u200b\u2800\u115f", ""),
        ("\u200bé\u2028", "\u200bé"),
        ("\U0001f600", "\U0001f600"),
        ("\x7f\x1f", ""),
    ],
)
def test_a_text_is_stored_as_it_can_be_seen(text, stored):
    assert tidied(text) == stored


@pytest.mark.parametrize(
    "value", ["\ud800", 10**30, {"a": [1, 0.1, None, True, "é\u2028\x07"]}, -0.0, 1e22]
)
def test_a_value_is_spelled_as_json_itself_would_read_it(value):
    assert jsonl.fields(f'{{"a": {as_json(value)}}}') == {"a": value}
