"""On a CPU: a layer and its adapter as one operation, by oneDNN, with cheap dropout.

torch sends 32-bit products to MKL, which runs at half speed on processors that are not
Intel's, and draws a random number for each value that it may drop. The sums are the same
sums; tests/trainer/test_recipe_fused.py holds them to peft's. Of a base in 16 bits the
products are in 16 bits, and attention in 32: its way back is three times slower in 16.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
from peft.tuners.lora import Linear as LoraLinear
from torch import nn
from torch.autograd import Function
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

LEVELS = 256  # dropout is drawn as bytes
WIDE_ATTENTION = "sdpa_in_32_bits"


def fuse(model: nn.Module) -> None:
    """Give each linear layer of a frozen model its faster forward."""
    if not is_possible(model):
        return
    if model.dtype == torch.bfloat16 and model.config._attn_implementation == "sdpa":
        model.set_attn_implementation(WIDE_ATTENTION)
    adapted = [module for module in model.modules() if isinstance(module, LoraLinear)]
    theirs = {layer.base_layer for layer in adapted}  # peft's own forward still asks them
    for layer in adapted:
        layer.forward = MethodType(_adapted, layer)
    for module in model.modules():
        is_frozen = type(module) is nn.Linear and not module.weight.requires_grad
        if is_frozen and module not in theirs:
            module.forward = MethodType(_frozen, module)


def is_possible(model: nn.Module) -> bool:
    first = next(model.parameters())
    has_product = hasattr(torch.ops.mkldnn, "_linear_pointwise")
    is_known = first.dtype in (torch.float32, torch.bfloat16)
    is_plain = first.device.type == "cpu" and is_known
    return is_plain and has_product and torch.backends.mkldnn.is_available()


def _attended(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    with torch.autocast("cpu", enabled=False):
        wide = (query.float(), key.float(), value.float())
        made, _ = sdpa_attention_forward(module, *wide, mask, **kwargs)
    return made.to(query.dtype), None


AttentionInterface.register(WIDE_ATTENTION, _attended)
AttentionMaskInterface.register(WIDE_ATTENTION, sdpa_mask)


def _frozen(layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    if layer.weight.requires_grad or _is_cast(x, layer.weight):
        return nn.functional.linear(x, layer.weight, layer.bias)
    made: torch.Tensor = Frozen.apply(x, layer.weight, layer.bias)
    return made


def _adapted(layer: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    names, base = layer.active_adapters, layer.base_layer
    is_usual = (
        not (args or kwargs or layer.merged or base.weight.requires_grad)
        and not _is_cast(x, base.weight)
        and len(names) == 1
        and names[0] in layer.lora_A
        and names[0] not in layer.lora_variant
        and layer.lora_B[names[0]].bias is None
    )
    if not is_usual:
        made: torch.Tensor = LoraLinear.forward(layer, x, *args, **kwargs)
    elif layer.disable_adapters:
        made = Frozen.apply(x, base.weight, base.bias)
    else:
        made = Adapted.apply(x, base.weight, base.bias, *_adapter(layer, names[0]))
    return made


def _is_cast(x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether autocast would change what is multiplied."""
    is_wide = weight.dtype == torch.float32 and torch.is_autocast_enabled("cpu")
    return is_wide or x.dtype != weight.dtype


def _adapter(layer: Any, name: str) -> tuple[torch.Tensor, torch.Tensor, float, float]:
    """Its two matrices, its scale, and the share of inputs to drop just now."""
    dropout = layer.lora_dropout[name]
    share = dropout.p if layer.training and isinstance(dropout, nn.Dropout) else 0.0
    return layer.lora_A[name].weight, layer.lora_B[name].weight, layer.scaling[name], share


class Frozen(Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: Any) -> Any:
        ctx.save_for_backward(weight)
        return _product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        (weight,) = ctx.saved_tensors
        return _product(gradient, weight.t().contiguous()), None, None


class Adapted(Function):
    """x W' + bias + scale * dropped(x) A' B'. The adapter may be wider than the rest."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: Any,
        a: torch.Tensor,
        b: torch.Tensor,
        scale: float,
        share: float,
    ) -> Any:
        rows = x.reshape(-1, x.shape[-1])
        a, b = a.to(x.dtype), b.to(x.dtype)
        kept, factor = drawn(rows, share)
        dropped = rows if kept is None else rows * kept
        inner = _product(dropped, a).mul_(scale * factor)
        made = _product(rows, weight, bias).addmm_(inner, b.t())
        ctx.save_for_backward(dropped, kept, inner, weight, a, b)
        ctx.scale = scale * factor
        return made.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        dropped, kept, inner, weight, a, b = ctx.saved_tensors
        rows = gradient.reshape(-1, gradient.shape[-1])
        for_b = (inner.t() @ rows).t()
        for_inner = _product(rows, b.t().contiguous()).mul_(ctx.scale)
        for_a = for_inner.t() @ dropped
        for_x = None
        if ctx.needs_input_grad[0]:
            for_x = _product(rows, weight.t().contiguous())
            if kept is None:
                for_x.addmm_(for_inner, a)
            else:
                for_x.addcmul_(for_inner @ a, kept)
            for_x = for_x.view(*gradient.shape[:-1], -1)
        return for_x, None, None, for_a, for_b, None, None


def drawn(rows: torch.Tensor, share: float) -> tuple[torch.Tensor | None, float]:
    """Ones and zeros, and what keeps the mean; None for all ones."""
    limit = round(share * LEVELS)
    if limit == 0:
        return None, 1.0
    words = torch.empty(-(-rows.numel() // 8), dtype=torch.int64).random_(
        torch.iinfo(torch.int64).min, None
    )
    drawn = words.view(torch.uint8)[: rows.numel()].view(rows.shape)
    return (drawn >= limit).to(rows.dtype), LEVELS / (LEVELS - limit)


def _product(x: torch.Tensor, weight: torch.Tensor, bias: Any = None) -> torch.Tensor:
    made: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return made
