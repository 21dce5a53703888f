"""How surprised a model is by replies: the loss that the charts show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from trainer.recipes.chat import IGNORE, Row
from trainer.recipes.order import length_batches

BATCH_TOKENS = 4096

# Their logits are the output layer's product and nothing else (no caps, no scaling), so the
# layer may be run on the labels alone. For other models the whole forward is taken.
PLAIN_HEADS = frozenset({"llama", "mistral", "qwen2", "qwen3", "smollm3", "olmo2"})


def has_plain_head(model: Any) -> bool:
    return model.config.model_type in PLAIN_HEADS


def reply_logits(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, wanted: torch.Tensor
) -> Any:
    """Logits of the positions before each wanted label, in order.

    A model that several processes train is called as a whole: that is when they wait for
    one another.
    """
    is_shared = isinstance(model, DistributedDataParallel)
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    if is_shared or not has_plain_head(causal):
        outputs = causal(input_ids=ids, attention_mask=mask, use_cache=False)
        return outputs.logits[:, :-1][wanted].float()
    body = causal.get_decoder()
    # No mask: padding stands on the right, where causal attention never looks.
    hidden = body(input_ids=ids, use_cache=False).last_hidden_state
    return causal.get_output_embeddings()(hidden[:, :-1][wanted]).float()


def reply_logps(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """The log-probability of each row's reply, to be learned from."""
    wanted = labels[:, 1:] != IGNORE
    logits = reply_logits(model, ids, mask, wanted)
    nll = F.cross_entropy(logits, labels[:, 1:][wanted], reduction="none")
    # Filled in and summed by row: adding up by index has no fixed order on a GPU.
    grid = torch.zeros(wanted.shape, dtype=nll.dtype, device=nll.device)
    return -grid.masked_scatter(wanted, nll).sum(dim=1)


@torch.no_grad()
def reply_losses(
    model: Any,
    rows: list[Row],
    *,
    pad: int,
    budget: int = BATCH_TOKENS,
    tell: Callable[[int], None] = lambda done: None,
) -> list[float]:
    """Per row the summed negative log-likelihood of its labels; lengths do not mix.

    `tell` hears after each batch how many rows are done.
    """
    was_training = model.training
    model.eval()
    losses, done = [0.0] * len(rows), 0
    for batch in length_batches([len(row.ids) for row in rows], budget):
        totals = batch_losses(
            model, *padded([rows[index] for index in batch], pad, model.device)
        )
        for index, total in zip(batch, totals, strict=True):
            losses[index] = total
        done += len(batch)
        tell(done)
    model.train(was_training)
    return losses


@torch.no_grad()
def batch_losses(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor
) -> list[float]:
    """The same of one batch, by a model that is not in training."""
    wanted = labels[:, 1:] != IGNORE
    logits = reply_logits(model, ids, mask, wanted)
    nll = F.cross_entropy(logits, labels[:, 1:][wanted], reduction="none").double()
    sums = torch.zeros(len(ids), dtype=torch.float64, device=ids.device)
    sums.index_add_(0, wanted.nonzero()[:, 0], nll)
    totals: list[float] = sums.tolist()
    return totals


def padded(
    rows: list[Row], pad: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, attention mask and labels, filled up on the right."""
    width = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), width), pad)
    labels = torch.full((len(rows), width), IGNORE)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        labels[number, : len(row.ids)] = torch.tensor(row.labels)
        mask[number, : len(row.ids)] = 1
    return ids.to(device), mask.to(device), labels.to(device)
