"""A model on questions with known answers: what is likely, what it says, what matches."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json

import pytest

from tests.trainer.recipe_fixtures import tiny, tiny_tokenizer
from trainer.recipes import benchmark, models
from trainer.recipes.chat import render
from trainer.recipes.common import Trouble, read_manifest
from trainer.recipes.data import Example
from trainer.recipes.matching import is_exact
from trainer.recipes.scoring import reply_losses

ASKED = [
    {"id": "open", "prompt": "Rewrite politely: Bring Ada the map.", "options": [],
     "answer": "Could you please bring Ada the map?"},
    {"id": "choice", "prompt": "Which is polite?", "options": ["No!", "Yes, please."],
     "answer": 1},
    {"id": "unread", "prompt": "Which?", "options": ["<|end|>", "b"], "answer": 1},
]  # fmt: skip


@pytest.fixture
def asked(tiny, tmp_path):
    def asked(lines=ASKED, **more):
        path = tmp_path / "questions.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        cfg = benchmark.Config(
            base=str(tiny), questions=str(path), out=str(tmp_path / "out"), max_length=64,
            max_new_tokens=8, **more,
        )  # fmt: skip
        benchmark.main(cfg)
        text = (tmp_path / "out" / benchmark.ANSWERED).read_text()
        return [json.loads(line) for line in text.splitlines()]

    return asked


def test_losses_are_those_of_the_reference_alone_and_the_likeliest_option_counts(
    asked, tiny, tmp_path
):
    one, choice, unread = asked()

    tokenizer, model = models.load_base(str(tiny))

    def loss(prompt, text):
        turn = {"role": "assistant", "content": text}
        turns = [{"role": "user", "content": prompt}]
        row = render(tokenizer, Example("", "", "", turns, turn), 64)
        return reply_losses(model, [row], pad=0)[0], row.learned

    expected, tokens = loss(ASKED[0]["prompt"], ASKED[0]["answer"])
    assert (one["tokens"], one["is_right"]) == (tokens, None)
    assert one["loss"] == pytest.approx(expected, abs=1e-3)
    assert one["is_exact"] in (True, False)
    by_byte = [
        loss(ASKED[1]["prompt"], text)[0] / len(text) for text in ASKED[1]["options"]
    ]
    assert choice["is_right"] == (by_byte[1] < by_byte[0])
    assert choice["is_exact"] is None
    assert unread["is_right"] is None  # an option with a control token is not read
    kept = (tmp_path / "out" / benchmark.ANSWERED).read_text()
    assert "polite" not in kept
    assert read_manifest(tmp_path / "out")["questions"] == 3


@pytest.mark.parametrize(
    "line",
    [
        {"id": 1, "prompt": "a", "answer": "b"},
        {"id": "1", "prompt": None, "answer": "b"},
        {"id": "1", "prompt": "a", "answer": None},
        {"id": "1", "prompt": "a", "options": "ab", "answer": 0},
        {"id": "1", "prompt": "a", "options": ["a", "b"], "answer": 2},
        {"id": "1", "prompt": "a", "options": ["a", "b"], "answer": True},
    ],
)
def test_a_line_that_is_no_question_is_refused(tmp_path, line):
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(line))
    with pytest.raises(Trouble, match="line 1"):
        benchmark.read_questions(path)


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("  The River. ", "the river", True),
        ("The ri-ver", "the river", False),
        ("Ｒｉｖｅｒ！", "river", True),
        ("", "river", False),
        ("...", "...", True),
        ("..", "...", False),
        ("So it is 18.", "Nine eggs at 2 each.\n#### 18", True),
        ("It is 1,800.00 dollars", "#### 1800", True),
        ("#### 7 of 9", "#### 7", False),
        ("7 and then\n#### 9", "#### 9", True),
        ("-0.50", "#### -.5", False),
        ("-0.50", "#### -0.5", True),
        ("no number", "#### 18", False),
        ("18 then 19", "#### 18", False),
        ("anything", "####", False),
    ],
)  # fmt: skip
def test_what_counts_as_the_same(answer, reference, same):
    assert is_exact(answer, reference) is same
