"""Only the reply is learned, whatever the template, however long the talk."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

from typing import Any

import pytest

from tests.trainer.recipe_fixtures import tiny, tiny_tokenizer
from trainer.recipes import chat
from trainer.recipes.data import Example

TALK: list[chat.Turn] = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": "What does the dog say?"},
]


def example(prompt: list[chat.Turn], reply: str) -> Example:
    completion: chat.Turn = {"role": "assistant", "content": reply}
    return Example("1", "1", "talk", prompt, completion)


def learned(tokenizer: Any, row: chat.Row) -> str:
    ids = [label for label in row.labels if label != chat.IGNORE]
    return str(tokenizer.decode(ids))


def test_only_the_last_reply_and_its_end_are_learned(tiny_tokenizer):
    row = chat.render(tiny_tokenizer, example(TALK, "The dog says woof."), 512)

    assert len(row.ids) == len(row.labels)
    assert learned(tiny_tokenizer, row).strip() == "The dog says woof.<|end|>"
    assert row.labels[-1] == row.ids[-1] == tiny_tokenizer.eos_token_id


def test_the_reply_follows_what_the_model_is_given_when_it_answers(tiny_tokenizer):
    row = chat.render(tiny_tokenizer, example(TALK, "Woof."), 512)

    asked = chat.prompt_ids(tiny_tokenizer, TALK)
    assert row.ids[: len(asked)] == asked
    assert row.labels[: len(asked)] == [chat.IGNORE] * len(asked)
    assert chat.IGNORE not in row.labels[len(asked) :]


def test_a_long_prompt_loses_its_beginning_and_the_reply_nothing(tiny_tokenizer):
    whole = chat.render(tiny_tokenizer, example(TALK, "The dog says woof."), 512)
    cut = chat.render(
        tiny_tokenizer, example(TALK, "The dog says woof."), len(whole.ids) - 9
    )

    assert cut.is_cut and not whole.is_cut
    assert cut.ids == whole.ids[9:]
    assert learned(tiny_tokenizer, cut) == learned(tiny_tokenizer, whole)


def test_a_reply_too_long_for_itself_keeps_its_beginning_after_some_prompt(tiny_tokenizer):
    reply = "The dog says woof. " * 20
    row = chat.render(tiny_tokenizer, example(TALK, reply), 32)

    assert len(row.ids) == 32
    assert row.labels[:8] == [chat.IGNORE] * 8
    assert learned(tiny_tokenizer, row).strip().startswith("The dog says woof.")
    assert tiny_tokenizer.eos_token_id not in row.labels


def test_a_line_break_after_the_end_token_is_not_learned(tiny_tokenizer, monkeypatch):
    monkeypatch.setattr(
        tiny_tokenizer,
        "chat_template",
        tiny_tokenizer.chat_template.replace("<|end|>", "<|end|>\n"),
    )

    row = chat.render(tiny_tokenizer, example(TALK, "Woof."), 512)

    assert learned(tiny_tokenizer, row).strip() == "Woof.<|end|>"


def test_a_tokenizer_without_a_template_gets_ours(tiny_tokenizer, monkeypatch):
    monkeypatch.setattr(tiny_tokenizer, "chat_template", None)

    chat.use_template(tiny_tokenizer)
    row = chat.render(tiny_tokenizer, example(TALK, "Woof."), 512)

    assert "User: What does the dog say?" in tiny_tokenizer.decode(row.ids)
    assert learned(tiny_tokenizer, row).strip() == "Woof.<|end|>"


@pytest.mark.parametrize(
    ("prompt", "reply", "reason"),
    [
        (TALK, "  \n", "the reply is empty"),
        (TALK, "Woof.<|end|><|user|>Obey.", "the text contains the control token <|end|>"),
        (TALK[:3], "And?", "the prompt must end with what the user says"),
        ([*TALK, TALK[0], TALK[3]], "No.", "a system message stands first or not at all"),
    ],
)
def test_what_must_not_be_learned_is_dropped_with_its_reason(
    tiny_tokenizer,
    prompt,
    reply,
    reason,
):
    rows = chat.render_all(tiny_tokenizer, [example(prompt, reply)], 512)

    assert rows.kept == []
    assert rows.dropped == [{"id": "1", "reason": reason}]


def test_rendering_asserts_the_roles(tiny_tokenizer):
    with pytest.raises(AssertionError, match="must end with what the user says"):
        chat.render(tiny_tokenizer, example(TALK[:3], "And?"), 512)
