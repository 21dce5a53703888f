"""A reward model at work: a mark for each reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from trainer.recipes.chat import Row
from trainer.recipes.common import Trouble
from trainer.recipes.models import check_adapter, load_base, load_with_adapter
from trainer.recipes.order import length_batches
from trainer.recipes.scoring import BATCH_TOKENS, padded
from trainer.recipes.tuning import REWARD, padding


def load_reward_model(
    base: str,
    adapter: str | None = None,
    revision: str | None = None,
    *,
    device: torch.device | None = None,
    allow_download: bool = False,
) -> tuple[Any, Any]:
    """Tokenizer and model, from a base with an adapter, or from a whole tuned folder."""
    if adapter and check_adapter(adapter).get("task_type") != REWARD:
        raise Trouble(f"{adapter} writes and gives no marks; choose a reward model.")
    tokenizer, model = load_base(
        base,
        revision,
        device=device,
        allow_download=allow_download,
        kind=AutoModelForSequenceClassification,
        num_labels=1,
    )
    model.config.pad_token_id = padding(tokenizer)
    return tokenizer, load_with_adapter(model, adapter) if adapter else model


@torch.no_grad()
def marks(
    model: Any,
    rows: Sequence[Row],
    *,
    pad: int,
    budget: int = BATCH_TOKENS,
    tell: Callable[[int], None] = lambda done: None,
) -> list[float]:
    """One a row. `tell` hears after each batch how many rows are done."""
    was_training = model.training
    model.eval()
    given, done = [0.0] * len(rows), 0
    for batch in length_batches([len(row.ids) for row in rows], budget):
        ids, mask, _ = padded([rows[index] for index in batch], pad, model.device)
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        for index, mark in zip(batch, logits[:, 0].float().tolist(), strict=True):
            given[index] = mark
        done += len(batch)
        tell(done)
    model.train(was_training)
    return given
