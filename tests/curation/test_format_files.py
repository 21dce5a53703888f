"""What is written in a format is read again as the same, in every kind of file."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.clean.text import tidied
from curation.errors import BadLine
from curation.formats import columns, rows, written
from curation.formats.registry import FORMATS, WRITTEN
from curation.formats.trees import Node, Terms, Tree, spelling

PATIENTLY = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
EXACT = [(key, kind) for key, one in WRITTEN.items() for kind in one.files]
ODD = ["=1+1", "'=1", "''-x", "@a", "a,b", 'say "so"', "two\nlines", "a\r\nb", "ends \n",
       "السلام عليكم", "👩‍👩‍👧", "e\u0301", "[1]", "{}", "[{}]",
       "a\\", '\\"', "－1", ";", "\ta"]  # fmt: skip
STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = (st.sampled_from(ODD) | st.text(STORABLE, max_size=12)).filter(tidied)
WORDS = st.lists(TEXTS, min_size=8, max_size=8, unique_by=tidied)


def refuse(number, reason):
    raise BadLine(f"{number}: {reason}")


def node(role, text, *children, **fields):
    return Node(
        key="", role=role, text=tidied(text), spelled=spelling(text=text), language="en",
        children=list(children), **fields,
    )  # fmt: skip


@st.composite
def grown(draw):
    """A question with two or three answers, ranked perhaps, one of them continued."""
    words = draw(WORDS)
    ranks = draw(st.sampled_from([(None,) * 3, (0, 1, 2), (1, 0, 0), (2, 1, 0)]))
    below = [node("assistant", text) for text in words[4 : 4 + draw(st.integers(0, 2))]]
    follow_up = [node("prompter", words[3], *below)] if draw(st.booleans()) else []
    answers = [
        node("assistant", text, *more, rank=rank)
        for text, more, rank in zip(words[:3], (follow_up, [], []), ranks, strict=True)
    ]
    system = draw(st.sampled_from(["", *words[6:7]]))
    prompt = node("prompter", words[7], *answers, context=tidied(system))
    prompt.is_instruction = bool(system)
    prompt.spelled |= spelling(context=system)
    number_nodes(prompt)
    return Tree(key="tree", format="", root=prompt, category="open_qa", is_ready=True)


def number_nodes(root):
    waiting, number = [root], 0
    while waiting:
        found = waiting.pop()
        found.key, number = f"00000000-0000-4000-8000-{number:012}", number + 1
        waiting += found.children


def as_file(found, format, kind):
    out = io.BytesIO()
    written.write(out, found, format, kind)
    return out.getvalue()


def read_file(content, format, kind, mapping=None):
    there = rows.of_file(io.BytesIO(content), kind, refuse)
    return list(rows.named(there, format, mapping))


def through(tree, format, kind):
    """Rows as they were written, and those of what they were read as."""
    first = list(format.write(tree, Terms()))
    there = read_file(as_file(first, format, kind), format, kind)
    again = [row for line in format.read(there, refuse)
             for row in format.write(line.found, Terms())]  # fmt: skip
    return first, again


def spelled(found):
    return {json.dumps(row, sort_keys=True) for row in found}


@pytest.mark.parametrize("key, kind", EXACT)
@PATIENTLY
@given(tree=grown())
def test_rows_come_back_to_the_letter(key, kind, tree):
    first, again = through(tree, FORMATS[key], kind)

    if key == "unpaired":  # what stands only in what was said before counts as good
        extra = [json.loads(one) for one in spelled(again) - spelled(first)]
        assert all(row["label"] for row in extra)
        assert spelled(first) <= spelled(again)
    else:
        assert spelled(first) == spelled(again)


@pytest.mark.parametrize("key", ["chat", "sharegpt", "prompt_completion", "preference"])
@PATIENTLY
@given(tree=grown())
def test_rows_of_one_conversation_grow_together_again(key, tree):
    first = list(FORMATS[key].write(tree, Terms()))
    there = read_file(as_file(first, FORMATS[key], "jsonl"), FORMATS[key], "jsonl")

    found = list(FORMATS[key].read(there, refuse))

    assert len(found) == (1 if first else 0)


@PATIENTLY
@given(tree=grown())
def test_a_table_for_spreadsheets_has_no_formula_in_it(tree):
    content = as_file(FORMATS["dolly"].write(tree, Terms()), FORMATS["dolly"], "csv")

    lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    cells = [cell for line in lines for cell in line]
    assert not [one for one in cells if one.startswith(("=", "+", "-", "@", "\t", "\r"))]


FACTS = st.dictionaries(
    st.sampled_from(["events", "detoxify", "another"]),
    st.recursive(
        st.booleans() | st.integers(-(2**53), 2**53) | st.text(STORABLE, max_size=5)
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=2)
        | st.dictionaries(st.text(STORABLE, max_size=3), inner, max_size=2),
        max_leaves=5,
    ),
)  # fmt: skip


@PATIENTLY
@given(facts=FACTS, words=WORDS, date=st.datetimes())
def test_an_open_assistant_tree_comes_back_with_all_that_it_says(facts, words, date):
    answers = [
        {
            "message_id": f"m{number}", "parent_id": "m", "text": text, "role": "assistant",
            "lang": "de", "review_count": number, "review_result": number != 1,
            "deleted": False, "rank": number * 2, "synthetic": True, "model_name": "chip",
            "emojis": {"+1": number}, "labels": {"spam": {"value": 0.25, "count": 4}},
            "user_id": "somebody", "created_date": date.isoformat(), "replies": [], **facts,
        }
        for number, text in enumerate(words[1:4])
    ]  # fmt: skip
    prompt = {"message_id": "m", "text": words[0], "role": "prompter", "lang": "de",
              "replies": answers}  # fmt: skip
    raw = {"message_tree_id": "m", "tree_state": "growing", "prompt": prompt, "origin": "x"}
    format = FORMATS["oasst"]

    for kind in format.files:
        there = read_file(as_file([raw], format, kind), format, kind)
        (line,) = format.read(there, refuse)
        assert list(format.write(line.found, Terms())) == [raw]


def test_messages_a_row_have_their_signs_side_by_side():
    format = FORMATS["oasst_messages"]
    row = {"message_id": "m", "text": "Ask", "role": "prompter", "lang": "en",
           "review_result": True, "emojis": {"name": ["+1", "-1"], "count": [2, 1]},
           "labels": {"name": ["spam"], "value": [0.0], "count": [3]},
           "message_tree_id": "m", "tree_state": "growing"}  # fmt: skip

    for kind in format.files:
        there = read_file(as_file([row], format, kind), format, kind)
        (line,) = format.read(there, refuse)
        assert line.found.root.facts["labels"] == {"spam": {"value": 0.0, "count": 3}}
        assert list(format.write(line.found, Terms())) == [row]


# ---- files that are not as they should be ----------------------------------------------
def read_bytes(content, kind):
    refused = []
    there = rows.of_file(io.BytesIO(content), kind, lambda *said: refused.append(said))
    return [(row.number, row.fields) for row in there], refused


def test_a_json_list_is_read_an_element_at_a_time():
    content = json.dumps([{"a": f'[{{"\\" , {n}'} for n in range(9_000)]).encode()

    found, refused = read_bytes(b"\xef\xbb\xbf \n" + content, "json")

    assert len(content) > 3 * rows.READ_AT_ONCE
    assert refused == []
    assert found[-1] == (9_000, {"a": '[{"\\" , 8999'})


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"", "holds no list"),
        (b'{"a": 1}', "holds no list"),
        (b'[{"a": 1}', "cut off"),
        (b'[{"a": "', "cut off"),
        (b"[" + b"[" * 6_000_000, "longer than 5 MB"),
        (b"[\xff]", "not UTF-8"),
    ],
)
def test_a_json_list_that_cannot_be_read_on_says_why(content, problem):
    with pytest.raises(BadLine, match=problem):
        read_bytes(content, "json")


def test_one_bad_element_of_a_list_is_refused_and_no_other():
    found, refused = read_bytes(b'[{"a": 1}, 7, {"b" 2}, , {"c": 3}]', "json")

    assert [number for number, _ in found] == [1, 5]
    assert [number for number, _ in refused] == [2, 3, 4]


def test_an_empty_list_has_no_rows():
    assert read_bytes(b" [ ] ", "json") == ([], [])


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_table_may_be_separated_as_in_any_language(sign):
    content = f'\ufeffa{sign}b\r\n"x{sign}\r\ny"{sign}\r\n'.encode()

    assert read_bytes(content, "csv") == ([(3, {"a": f"x{sign}\r\ny"})], [])


def test_a_row_with_too_many_cells_is_refused_with_what_to_do():
    found, refused = read_bytes(b"a,b\n1,2,3\n\n4,5\n", "csv")

    assert found == [(4, {"a": "4", "b": "5"})]
    assert refused[0][0] == 2
    assert "quotation marks" in str(refused[0][1])


@pytest.mark.parametrize(
    "content, problem",
    [(b"a,a\n", "“a” is there twice"), (b",\n1,2\n", "names of the columns"),
     (b"\xff\n", "not UTF-8"), (b"a\n\xff\n", "not UTF-8"),
        (b"a\n" + b"x" * 6_000_000, "longer than 5 MB"),
     (",".join(f"c{n}" for n in range(501)).encode(), "more than 500 columns")],
)  # fmt: skip
def test_a_table_that_cannot_be_read_says_why(content, problem):
    with pytest.raises(BadLine, match=problem):
        read_bytes(content, "csv")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_a_damaged_parquet_file_says_so(content):
    with pytest.raises(BadLine, match="no Parquet file"):
        read_bytes(content, "parquet")


def test_a_parquet_group_that_would_fill_the_memory_is_refused(monkeypatch):
    format = FORMATS["alpaca"]
    row = {"instruction": "x", "input": "", "output": "y" * 9_000}
    content = as_file([row], format, "parquet")
    monkeypatch.setattr(columns, "GROUP_AT_MOST", 5_000)

    with pytest.raises(BadLine, match="row group is larger"):
        read_bytes(content, "parquet")
