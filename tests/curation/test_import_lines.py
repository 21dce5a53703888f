"""No line from outside crashes the reader: it is taken, or refused with a reason."""

from __future__ import annotations

import contextlib
import json
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.errors import BadLine
from curation.formats import jsonl
from curation.formats.registry import FORMATS
from tests.curation.lines import read_line

NAMES = st.sampled_from(
    ["prompt", "replies", "message_id", "text", "role", "rank", "deleted", "synthetic",
     "model_name", "lang", "review_result", "message_tree_id", "tree_state", "instruction",
     "context", "response", "category", "model", "input", "output", "messages",
     "conversations", "completion", "chosen", "rejected", "label", "from", "value",
     "content", "emojis", "labels", "name", "count", "tools", "parent_id"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["prompter", "assistant", "user", "\ud800", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=20,
)  # fmt: skip
PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
READERS = [partial(read_line, format=key) for key in FORMATS]
PARSERS = pytest.mark.parametrize("parse", READERS, ids=FORMATS)


@PARSERS
@PATIENTLY
@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_odd_fields_are_refused_in_words(parse, fields):
    with contextlib.suppress(BadLine):
        parse(json.dumps(fields))


@PARSERS
@PATIENTLY
@given(st.binary(max_size=60))
def test_odd_bytes_are_refused_in_words(parse, line):
    with contextlib.suppress(BadLine):
        parse(jsonl.decoded(line))


@PARSERS
@pytest.mark.parametrize("opening", ["[", '{"prompt":', '{"replies":['])
def test_endless_nesting_is_refused_in_words(parse, opening):
    with pytest.raises(BadLine):
        parse(opening * 100_000)
