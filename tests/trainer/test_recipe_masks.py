"""The loss falls on what the assistant says last and its end, whatever the template."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer.recipe_fixtures import line, tiny, tiny_tokenizer, version
from trainer.recipes import chat, scoring, sft, tuning
from trainer.recipes.chat import IGNORE
from trainer.recipes.data import Example, read_examples
from trainer.recipes.reporting import Reporter

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

OWN = (
    "{{ bos_token }}{% for message in messages %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
BREAKS = OWN.replace("<|end|>", "<|end|>\n")
MARKED = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}"
    "{% else %}{{ message['content'] }}<|end|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# What opens an answer stands in the prompt alone, as with models that think first.
OPENED = OWN.replace("<|assistant|>{% endif %}", "<|assistant|>Hm. {% endif %}")
TEMPLATES = {
    "own": OWN, "line breaks": BREAKS, "generation": MARKED, "opened": OPENED,
    "plain": chat.PLAIN_TEMPLATE,
}  # fmt: skip

ASKED = "Where is the old map?\n\nThe old map is in the library."
TALK: list[chat.Turn] = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": ASKED},
]
REPLY = "You will find the old map in the library."


@pytest.fixture(params=TEMPLATES)
def tokenizer(request, tiny_tokenizer, monkeypatch) -> Any:
    monkeypatch.setattr(tiny_tokenizer, "chat_template", TEMPLATES[request.param])
    return tiny_tokenizer


def render(tokenizer: Any, max_length: int = 512, reply: str = REPLY) -> chat.Row:
    said: chat.Turn = {"role": "assistant", "content": reply}
    return chat.render(tokenizer, Example("1", "1", "talk", TALK, said), max_length)


def words(tokenizer: Any, ids: list[int]) -> str:
    return str(tokenizer.decode(ids)).strip()


def test_the_last_reply_and_its_end_are_learned_and_nothing_else(tokenizer):
    row = render(tokenizer)

    learned = [label for label in row.labels if label != IGNORE]
    assert words(tokenizer, learned) == f"{REPLY}<|end|>"
    assert row.labels == [IGNORE] * (len(row.ids) - len(learned)) + learned
    assert row.ids[-len(learned) :] == learned


def test_context_system_turn_and_earlier_turns_are_read_and_not_learned(tokenizer):
    row = render(tokenizer)

    read = words(tokenizer, row.ids[: row.labels.count(IGNORE)])
    for text in (ASKED, "Answer briefly.", "What is the capital of France?", "Paris."):
        assert text in read


def test_however_short_labels_are_the_reply_from_its_beginning(tokenizer):
    whole = render(tokenizer)
    reply = whole.ids[whole.labels.count(IGNORE) :]

    for max_length in range(16, len(whole.ids) + 2):
        row = render(tokenizer, max_length)
        start = row.labels.count(IGNORE)
        assert len(row.ids) == len(row.labels) <= max_length
        assert start > 0 and row.labels[start:] == row.ids[start:]
        assert row.labels[start:] == reply[: len(row.ids) - start]
        # The prompt loses its beginning: what stands before the reply is its end.
        assert row.ids[:start] == whole.ids[len(whole.ids) - len(reply) - start :][:start]
        assert row.is_cut == (len(row.ids) < len(whole.ids))
        assert (row.ids[-1] == tokenizer.eos_token_id) == (
            len(row.ids) - start == len(reply)
        )


def test_marks_of_a_template_say_the_same(tiny_tokenizer, monkeypatch):
    monkeypatch.setattr(tiny_tokenizer, "chat_template", MARKED)
    messages = [*TALK, {"role": "assistant", "content": REPLY}]
    marked = tiny_tokenizer.apply_chat_template(
        messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    row = render(tiny_tokenizer)

    assert row.ids == marked["input_ids"]
    ours = [label != IGNORE for label in row.labels]
    theirs = [bool(mark) for mark in marked["assistant_masks"]]
    # "Paris." is the assistant's too, and an example of its own.
    last = len(theirs) - theirs[::-1].index(False)
    assert ours == [False] * last + theirs[last:]


def test_padding_is_never_learned_on_the_way_to_the_loss(tiny, version, tmp_path):
    config = sft.Config(base=str(tiny), data=str(version), out=str(tmp_path), batch_size=25)
    with (version / "train.jsonl").open("a") as file:
        file.write(
            line(99, "Rewrite politely: Bring Mia the red map and the old lamp.", REPLY)
        )
    tokenizer, model, _ = tuning.open_model(config, torch.device("cpu"))
    rows = chat.render_all(tokenizer, read_examples(version / "train.jsonl"), 512).kept
    reporter = Reporter(config, [], lambda model: None)
    trainer = sft.build_trainer(config, model, tokenizer, rows, list(range(25)), reporter)

    batch = next(iter(trainer.get_train_dataloader()))

    assert len({len(row.ids) for row in rows}) > 1  # so some of it is padding
    assert (batch["labels"][batch["attention_mask"] == 0] == IGNORE).all()
    assert (batch["labels"] != IGNORE).sum() == sum(row.learned for row in rows)
    _, _, labels = scoring.padded(rows, tokenizer.pad_token_id, torch.device("cpu"))
    assert torch.equal(labels, batch["labels"])


def test_another_prompt_changes_no_label_and_another_reply_only_labels(tokenizer):
    one, other = render(tokenizer), render(tokenizer, reply="It is in the park.")

    start = one.labels.count(IGNORE)
    assert other.labels.count(IGNORE) == start
    assert one.ids[:start] == other.ids[:start]
