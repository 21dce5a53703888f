"""Answers of a loaded model to many prompts, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

ROWS = 32  # answers under way at once


@dataclass(frozen=True)
class Drawing:
    """How tokens are chosen; by itself always the likeliest."""

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0  # the share of the likeliest tokens that are drawn from
    seed: int = 0

    @property
    def options(self) -> dict[str, Any]:
        if self.temperature == 0:
            return {"do_sample": False}
        shape = {"temperature": self.temperature, "top_p": self.top_p, "top_k": 0}
        return {"do_sample": True, **shape}


class Reply(NamedTuple):
    """`ended` where the model stopped by itself, and not at the limit."""

    text: str
    tokens: int
    ended: bool


@torch.inference_mode()
def replies(
    model: Any,
    tokenizer: Any,
    asked: Sequence[list[int]],
    drawing: Drawing,
    *,
    answers: int = 1,
    rows: int = ROWS,
    adapters: Sequence[str] | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> list[list[Reply]]:
    """The answers to each prompt, those of one made together.

    `adapters` names one for each prompt; `tell` hears how many prompts are answered. An
    empty answer is an answer too.
    """
    model.eval()
    ends = end_tokens(model, tokenizer)
    found: list[list[Reply]] = [[] for _ in asked]
    at_once = max(1, rows // answers)
    by_length = sorted(range(len(asked)), key=lambda index: len(asked[index]))
    for start in range(0, len(by_length), at_once):
        batch = by_length[start : start + at_once]
        # Sown anew, so base and tuned draw alike and other prompts do not matter later on.
        torch.manual_seed(drawing.seed + start)
        ids, mask = left_padded([asked[i] for i in batch], int(tokenizer.pad_token_id))
        through = {"adapter_names": [adapters[i] for i in batch]} if adapters else {}
        made = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            max_new_tokens=drawing.max_new_tokens,
            num_return_sequences=answers,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=ends,
            **drawing.options,
            **through,
        )
        for number, row in enumerate(made[:, ids.shape[1] :].tolist()):
            said = until_end(row, ends)
            text = tokenizer.decode(said, skip_special_tokens=True)
            found[batch[number // answers]].append(
                Reply(text.strip(), len(said), ended=len(said) < len(row))
            )
        tell(start + len(batch))
    return found


def one_each(
    model: Any,
    tokenizer: Any,
    asked: Sequence[list[int]],
    drawing: Drawing,
    **options: Any,
) -> list[str]:
    """The words of one answer to each prompt; `options` are those of `replies`."""
    found = replies(model, tokenizer, asked, drawing, **options)
    return [one.text for (one,) in found]


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Chat models may end a turn with another token than a text."""
    named = model.generation_config.eos_token_id
    several = named if isinstance(named, list) else [named]
    return sorted({int(t) for t in [*several, tokenizer.eos_token_id] if t is not None})


def until_end(row: list[int], ends: list[int]) -> list[int]:
    for index, token in enumerate(row):
        if token in ends:
            return row[:index]
    return row


def left_padded(rows: list[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids, mask
