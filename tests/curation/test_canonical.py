"""Canonical JSON is the same, byte for byte, as another's reading of RFC 8785."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from curation.formats.record import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ONE = st.one_of(TEXT, st.booleans(), st.none(), st.integers(-(2**53) + 1, 2**53 - 1))
ONE_OR_FLOAT = st.one_of(ONE, st.floats(allow_nan=False, allow_infinity=False))


def nested(one):
    return st.recursive(
        one, lambda of: st.one_of(st.lists(of), st.dictionaries(TEXT, of)), max_leaves=20
    )


@given(nested(ONE))
def test_plain_values(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(nested(ONE_OR_FLOAT))
def test_values_with_floats(value):
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        {"\ue000": 1, "\U0001f600": 2},  # sorted by UTF-16, where the second comes first
        {"b": "\x7f\u2028\x1f\b", "a": ("é", '"\\')},
        {"of": 1.0, "small": 1e-7},
        {"": True, "1": 1, "B": None, "a": []},
    ],
)
def test_what_is_often_done_otherwise(value):
    assert canonical(value) == rfc8785.dumps(value)


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(rfc8785.IntegerDomainError):
        canonical({"n": 2**53})
    with pytest.raises(UnicodeEncodeError):
        canonical({"text": "\ud800"})
