"""The loss of a comparison, whatever the two sides are measured by."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from trainer.recipes.items import Item


def surprise(margins: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of `sigmoid(margin)` with how many people were for the better one."""
    return -shares * F.logsigmoid(margins) - (1 - shares) * F.logsigmoid(-margins)


def mean_surprise(items: Sequence[Item], margins: Sequence[float]) -> float:
    """The loss over items as in training; `margins` in the order of their pairs."""
    total, at = 0.0, 0
    for item in items:
        ours = torch.tensor(margins[at : at + len(item.pairs)])
        shares = torch.tensor([pair.share for pair in item.pairs])
        total += float(surprise(ours, shares).mean())
        at += len(item.pairs)
    return total / len(items)
