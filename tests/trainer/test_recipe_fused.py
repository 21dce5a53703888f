"""The faster layers compute what peft's do."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tests.trainer.recipe_fixtures import tiny
from trainer.recipes import fused
from trainer.recipes.models import load_base

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def tuned(
    tiny,
    *,
    dropout: float = 0.0,
    targets: Any = "all-linear",
    dtype: torch.dtype = torch.float32,
) -> Any:
    """A model with an adapter that is not empty."""
    _, model = load_base(str(tiny), dtype=dtype)
    lora = LoraConfig(r=4, lora_alpha=8, lora_dropout=dropout, target_modules=targets)
    torch.manual_seed(3)
    model = get_peft_model(model, lora)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model


def run(model: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits, and all gradients one after another."""
    torch.manual_seed(5)
    model.zero_grad()
    ids = torch.randint(10, 500, (3, 17), generator=torch.Generator().manual_seed(1))
    logits = model(input_ids=ids, use_cache=False).logits
    logits.square().mean().backward()
    learned = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return logits.detach(), torch.cat(learned)


@pytest.mark.parametrize("targets", ["all-linear", ["q_proj", "v_proj"]])
def test_outputs_and_gradients_are_those_of_peft(tiny, targets):
    model = tuned(tiny, targets=targets)
    logits, gradients = run(model)

    fused.fuse(model)
    faster, theirs = run(model)

    assert torch.allclose(faster, logits, atol=1e-5)
    assert torch.allclose(theirs, gradients, rtol=1e-4, atol=1e-6)


def test_in_16_bits_they_are_as_near_to_32_as_pefts(tiny):
    wide, _ = run(tuned(tiny))
    model = tuned(tiny, dtype=torch.bfloat16)
    theirs, _ = run(model)

    fused.fuse(model)
    ours, gradients = run(model)

    assert model.config._attn_implementation == fused.WIDE_ATTENTION
    assert ours.dtype == torch.bfloat16
    assert (ours - wide).norm() < 1.2 * (theirs - wide).norm()
    assert gradients.isfinite().all()


def test_dropout_drops_its_share_and_keeps_the_mean():
    torch.manual_seed(1)
    rows = torch.ones(400, 301)

    kept, factor = fused.drawn(rows, 0.1)

    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert kept.shape == rows.shape
    assert abs(1 - kept.mean().item() - 0.1) < 0.005
    assert abs(kept.mean().item() * factor - 1) < 0.005
    assert fused.drawn(rows, 0.0) == (None, 1.0)


def test_gradients_with_dropout_are_those_of_the_same_mask():
    torch.manual_seed(1)
    x, weight, a, b = (
        torch.randn(*shape, requires_grad=True)
        for shape in [(40, 16), (24, 16), (4, 16), (24, 4)]
    )
    torch.manual_seed(2)
    made = fused.Adapted.apply(x, weight.detach(), None, a, b, 2.0, 0.25)
    made.square().sum().backward()
    ours = [value.grad.clone() for value in (x, a, b)]
    torch.manual_seed(2)
    kept, factor = fused.drawn(x, 0.25)

    for value in (x, a, b):
        value.grad = None
    plain = x @ weight.detach().T + 2.0 * (x * kept * factor) @ a.T @ b.T
    plain.square().sum().backward()

    assert torch.allclose(made, plain, atol=1e-4)
    for mine, value in zip(ours, (x, a, b), strict=True):
        assert torch.allclose(mine, value.grad, rtol=1e-4, atol=1e-3)


def test_training_drops_and_scoring_does_not(tiny):
    model = tuned(tiny, dropout=0.5)
    model.eval()
    calm, _ = run(model)
    fused.fuse(model)
    assert torch.allclose(run(model)[0], calm, atol=1e-5)

    model.train()

    assert not torch.allclose(run(model)[0], calm, atol=1e-3)


def test_without_its_adapter_it_is_the_base(tiny):
    _, base = load_base(str(tiny))
    ids = torch.randint(10, 500, (2, 9))
    expected = base(input_ids=ids).logits
    model = tuned(tiny)
    fused.fuse(model)

    with model.disable_adapter():
        bare = model(input_ids=ids).logits

    assert torch.allclose(bare, expected, atol=1e-5)
    assert not torch.allclose(model(input_ids=ids).logits, expected, atol=1e-3)


def test_a_row_may_name_its_adapter(tiny):
    model = tuned(tiny)
    ids = torch.randint(10, 500, (2, 9))
    model.eval()
    expected = model(input_ids=ids, adapter_names=["default", "__base__"]).logits

    fused.fuse(model)

    mixed = model(input_ids=ids, adapter_names=["default", "__base__"]).logits
    assert torch.allclose(mixed, expected, atol=1e-5)
