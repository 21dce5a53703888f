"""What each format takes, what it refuses and why, and how a file's format is guessed."""

from __future__ import annotations

import json

import pytest

from curation.errors import BadLine
from curation.formats import page
from curation.formats.registry import FORMATS, WRITTEN, detect, look, suggested
from curation.formats.trees import Numbered, Terms, nodes
from tests.curation.lines import answer, node, read_line


def numbered(*found):
    return [Numbered(number, row) for number, row in enumerate(found, start=1)]


def chat(*contents, system=""):
    roles = ["user", "assistant"] * len(contents)
    first = [{"role": "system", "content": system}] if system else []
    said = zip(roles, contents, strict=False)
    return first + [{"role": role, "content": text} for role, text in said]


def read(format, *found):
    refused = {}
    lines = list(FORMATS[format].read(numbered(*found), refused.__setitem__))
    return [line.found for line in lines], {n: str(why) for n, why in refused.items()}


def outline(tree):
    """Texts with their ranks, a list below each."""
    made = {}
    for one, parent in nodes(tree.root):
        made[id(one)] = [one.text if one.rank is None else (one.text, one.rank)]
        if parent is not None:
            made[id(parent)].append(made[id(one)])
    return made[id(tree.root)]


# ---- chats -----------------------------------------------------------------------------
def test_an_instruction_before_a_chat_is_kept_as_its_context():
    row = {"messages": chat("Ask", "Answer", system="Be brief.")}
    ((tree,), refused) = read("chat", row)

    assert refused == {}
    assert (tree.root.context, tree.root.is_instruction) == ("Be brief.", True)
    assert list(FORMATS["chat"].write(tree, Terms())) == [row]


def test_a_passage_goes_out_below_its_question_not_as_an_instruction():
    ((tree,), _) = read("dolly", {"instruction": "Why?", "context": "It is so.",
                                  "response": "So."})  # fmt: skip

    (row,) = FORMATS["chat"].write(tree, Terms())

    assert row == {"messages": chat("Why?\n\nIt is so.", "So.")}


@pytest.mark.parametrize(
    "messages, problem",
    [
        ([{"role": "tool", "content": "7"}], "calls of tools are not taken"),
        ([{"role": "user", "content": "x", "tool_calls": [{}]}], "“tool_calls”"),
        ([{"role": "user", "content": "x", "thinking": "Hm"}], "“thinking”"),
        ([{"role": "narrator", "content": "x"}], "no role that is known"),
        ([{"role": "user", "content": [{"type": "image"}]}], "parts that are no text"),
        ([{"role": "user"}], "“content” is missing"),
        ([{"role": "user", "content": "a\0"}], "NUL"),
        ([{"role": "user", "content": "\ud800"}], "surrogate"),
        (
            [{"role": "assistant", "content": "x"}],
            "Turn 1 of “messages” is the assistant's",
        ),
        (chat("a", "b") + chat("c", "d", system="x"), "not at its beginning"),
        (chat("a") + chat("b"), "Turn 2 of “messages” is the user's, and the assistant's"),
        (chat(*"ab" * 51), "102 turns"),
        ([{"role": "system", "content": "x"}], "has no turns"),
        ([], "has no turns"),
        ("x", "a list is needed"),
        (["x"], "only objects"),
    ],
)
def test_what_a_chat_has_no_place_for_is_refused_with_a_reason(messages, problem):
    with pytest.raises(BadLine, match=problem):
        read_line(json.dumps({"messages": messages}), format="chat")


@pytest.mark.parametrize("key", ["chat", "prompt_completion", "preference", "unpaired"])
def test_answers_that_stand_on_tools_are_refused(key):
    row = {"messages": chat("a", "b"), "prompt": "a", "completion": "b", "chosen": "b",
           "rejected": "c", "label": True, "tools": [{"name": "clock"}]}  # fmt: skip

    with pytest.raises(BadLine, match="“tools” has no place here"):
        read_line(json.dumps(row), format=key)


def test_content_of_a_single_part_is_that_text():
    parts = [{"type": "text", "text": "Ask"}]

    (tree,) = read_line(
        json.dumps({"messages": [{"role": "user", "content": parts}]}), format="chat"
    )

    assert tree.root.text == "Ask"


def test_sharegpt_calls_people_and_models_otherwise():
    turns = [{"from": "system", "value": "Be kind."}, {"from": "human", "value": "Ask"},
             {"from": "gpt", "value": "Answer"}]  # fmt: skip
    ((tree,), _) = read("sharegpt", {"id": "7", "conversations": turns})

    assert list(FORMATS["sharegpt"].write(tree, Terms())) == [{"conversations": turns}]


def test_rows_that_begin_alike_become_one_tree():
    rows = [{"messages": chat(*said)} for said in ("abc", "abx", "ay", "qr")]

    found, _ = read("chat", *rows)

    assert [outline(tree) for tree in found] == [
        ["a", ["b", ["c"], ["x"]], ["y"]],
        ["q", ["r"]],
    ]


def test_rows_of_other_instructions_or_categories_stay_apart():
    rows = [
        {"messages": chat("a", "b")},
        {"messages": chat("a", "c", system="Be brief.")},
        {"messages": chat("a", "d"), "category": "open_qa"},
    ]

    found, _ = read("chat", *rows)

    assert len(found) == 3
    assert len({tree.key for tree in found}) == 3


# ---- preferences -----------------------------------------------------------------------
def better(chosen, rejected, prompt="a"):
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def test_comparisons_that_add_up_become_one_order_with_ties():
    rows = [better("b", "c"), better("b", "d"), better("c", "e"), better("d", "e")]

    ((tree,), _) = read("preference", *rows)

    assert outline(tree) == ["a", [("b", 0)], [("c", 1)], [("d", 1)], [("e", 2)]]
    # And what follows from the order is said as well.
    assert len(list(FORMATS["preference"].write(tree, Terms()))) == 5
    assert len(list(FORMATS["preference"].write(tree, Terms(pairs="best_worst")))) == 1


@pytest.mark.parametrize(
    "rows",
    [
        [better("b", "c"), better("c", "b")],
        [better("b", "c"), better("c", "d"), better("d", "b")],
        [better("b", "c"), better("d", "e")],  # nobody compared b with e
    ],
)
def test_comparisons_that_are_no_order_stay_a_conversation_each(rows):
    found, refused = read("preference", *rows)

    assert refused == {}
    again = [row for tree in found for row in FORMATS["preference"].write(tree, Terms())]
    assert [(r["chosen"][0]["content"], r["rejected"][0]["content"]) for r in again] == [
        (row["chosen"], row["rejected"]) for row in rows
    ]


def test_the_prompt_may_be_what_both_chats_begin_with():
    row = {"chosen": chat("a", "b", "c", "d"), "rejected": chat("a", "b", "c", "e")}

    ((tree,), _) = read("preference", row)

    assert outline(tree) == ["a", ["b", ["c", [("d", 0)], [("e", 1)]]]]


@pytest.mark.parametrize(
    "row, problem",
    [
        (better("b", "b "), "are the same"),
        (better("b", ""), "“rejected” is empty"),
        ({"chosen": "b", "rejected": "c"}, "“prompt” is missing"),
        (
            {"chosen": chat("a", "b"), "rejected": chat("x", "c")},
            "differ in their last turn",
        ),
        (better("b", "c", prompt=chat("a", "b")), "must end with a turn of the user's"),
        (better(chat("a"), "c"), "the user's, and the assistant's is due"),
        (better(chat("a", "b")[1:] + chat("c", "d"), "c"), "3 turns; one answer"),
    ],
)
def test_a_comparison_that_cannot_be_read_says_why(row, problem):
    with pytest.raises(BadLine, match=problem):
        read_line(json.dumps(row), format="preference")


def test_labels_are_verdicts_and_contradictions_decide_nothing():
    rows = [
        {"prompt": "a", "completion": text, "label": label}
        for text, label in [("b", True), ("c", False), ("d", True), ("d", False)]
    ]

    ((tree,), _) = read("unpaired", *rows)

    assert [one.verdict for one in tree.root.children] == [True, False, None]
    assert len(list(FORMATS["unpaired"].write(tree, Terms()))) == 2


# ---- Open Assistant's messages ---------------------------------------------------------
def flat(*found, tree="t", **fields):
    """Rows of (id, parent) pairs."""
    roles = {}
    for name, parent in found:
        is_reply = roles.get(parent) == "prompter"
        roles[name] = "assistant" if is_reply else "prompter"
        yield {"message_id": name, "parent_id": parent, "text": name, "role": roles[name],
               "lang": "en", "message_tree_id": tree, **fields.get(name, {})}  # fmt: skip


def test_messages_a_row_become_trees_again_in_any_order():
    first = list(flat(("a", None), ("b", "a"), ("c", "b"), ("d", "a")))
    second = list(flat(("x", None), ("y", "x"), tree="u"))

    found, refused = read("oasst_messages", *reversed(first), *second)

    assert refused == {}
    assert [outline(tree) for tree in found] == [["a", ["d"], ["b", ["c"]]], ["x", ["y"]]]


def test_a_bad_message_takes_only_what_hangs_on_it_with_it():
    rows = flat(("a", None), ("b", "a"), ("c", "b"), ("d", "a"), ("e", "nobody"),
                b={"text": ""})  # fmt: skip

    found, refused = read("oasst_messages", *rows)

    assert [outline(tree) for tree in found] == [["a", ["d"]]]
    assert refused == {
        2: "“text” is empty.",
        3: "The message b that it answers is not there.",
        5: "The message nobody that it answers is not there.",
    }


def test_deleted_messages_are_left_out_with_all_below_as_in_trees():
    rows = flat(("a", None), ("b", "a"), ("c", "b"), ("d", "a"), b={"deleted": True})

    found, refused = read("oasst_messages", *rows)

    assert [outline(tree) for tree in found] == [["a", ["d"]]]
    assert refused == {}


@pytest.mark.parametrize(
    "emojis", [{"name": ["+1"], "count": []}, {"name": [7], "count": [1]}, {"name": ["a"]}]
)
def test_lists_that_do_not_lie_side_by_side_are_refused(emojis):
    _, refused = read("oasst_messages", *flat(("a", None), a={"emojis": emojis}))

    assert list(refused) == [1]


def deep(levels):
    return {"x": deep(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    "extra, problem",
    [
        ({"detoxify": deep(40)}, "deeper than 32 levels"),
        ({"events": {"a\0": 1}}, "NUL"),
        ({"events": ["\ud800"]}, "surrogate"),
        ({"events": "x" * 100_001}, "longer than 100,000 characters"),
        ({"review_count": "3"}, "whole number"),
        ({"rank": 2**31}, "out of range"),
        ({"user_id": 7}, "a text is needed"),
    ],
)
def test_what_stands_beside_a_message_must_be_fit_to_be_kept(extra, problem):
    with pytest.raises(BadLine, match=problem):
        read_line(json.dumps({"prompt": node("Ask", **extra)}), format="oasst")


def test_a_number_that_is_infinite_is_refused():
    line = json.dumps({"prompt": node("Ask", answer("x", detoxify={"toxicity": 0}))})

    with pytest.raises(BadLine, match="A number is too large"):
        read_line(line.replace('"toxicity": 0', '"toxicity": 1e999'), format="oasst")


# ---- guessing --------------------------------------------------------------------------
SAMPLES = {
    "oasst": {"message_tree_id": "t", "tree_state": "x", "prompt": node("Ask")},
    "oasst_messages": {"message_id": "a", "text": "x", "role": "prompter", "lang": "en"},
    "dolly": {"instruction": "a", "context": "", "response": "b", "category": "open_qa"},
    "alpaca": {"instruction": "a", "input": "", "output": "b"},
    "chat": {"messages": chat("a", "b")},
    "sharegpt": {"id": "1", "conversations": [{"from": "human", "value": "a"}]},
    "prompt_completion": {"prompt": "a", "completion": "b"},
    "preference": {"prompt": "a", "chosen": "b", "rejected": "c"},
    "unpaired": {"prompt": "a", "completion": "b", "label": False},
    "responses": {"prompt": "a", "response": "b", "model": "m"},
}


def test_there_is_a_sample_of_each_format():
    assert set(SAMPLES) == set(FORMATS)


@pytest.mark.parametrize("key", SAMPLES)
def test_a_format_is_known_by_its_rows(key):
    best, *others = detect(numbered(SAMPLES[key]))

    assert (best.format.key, best.confidence, best.mapping) == (key, 1.0, {})
    assert all(other.confidence < 1 for other in others)


def test_columns_with_other_names_are_guessed_and_the_rest_named():
    rows = numbered(
        {"Question": "Why?", "Answer": "So.", "Topic": "open", "Page": "7"},
        {"Question": "x"},
    )

    guess = detect(rows)[0]

    assert guess.format.key == "dolly"
    assert guess.mapping == {"instruction": "Question", "response": "Answer",
                             "category": "Topic"}  # fmt: skip
    assert guess.unread == ["Page"]
    assert (guess.taken, guess.looked_at) == (1, 2)
    assert guess.refused == {2: "“response” is missing."}


def test_a_mapping_says_which_column_a_field_is_in():
    rows = numbered({"q": "Why?", "response": "Not this.", "a": "So."})

    found = look(rows, FORMATS["dolly"], {"instruction": "q", "response": "a"})

    assert (found.taken, found.refused) == (1, {})
    assert found.unread == ["response"]


def test_one_column_is_not_taken_for_two_fields():
    assert suggested(FORMATS["dolly"], ["input", "output"]) == {
        "instruction": "input",
        "response": "output",
    }


def test_nothing_is_guessed_of_nothing():
    assert detect([]) == []
    assert detect(numbered({"colour": "red"})) == []


def test_each_format_that_is_written_says_what_it_cannot_hold():
    assert [key for key, one in WRITTEN.items() if not one.losses] == []
    assert set(FORMATS) - set(WRITTEN) == {"responses"}


def test_the_page_on_formats_says_what_the_code_does():
    there = page.PAGE.read_text(encoding="utf-8")

    assert there == page.renewed(there), "Run python -m curation.formats.page."
    assert there.count("\n## ") == len(FORMATS)
