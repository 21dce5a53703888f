"""A run's memory is told from the base's files, before anything is loaded."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from tests.trainer.recipe_fixtures import ROOT, tiny
from tests.trainer.safetensors_bytes import safetensors, told
from trainer.recipes import models
from trainer.recipes.common import Trouble
from trainer.recipes.memory import estimate, shape_of

GIB = 2**30
NO_HEADS = '{"hidden_size": 8, "num_attention_heads": 0}'


def test_the_shape_is_that_of_the_loaded_model(tiny):
    shape = shape_of(tiny)
    _, model = models.load_base(str(tiny))

    assert shape.weights == sum(p.numel() for p in model.parameters())
    linear = [m for m in model.model.modules() if isinstance(m, torch.nn.Linear)]
    assert sorted(shape.matrices) == sorted(tuple(m.weight.shape) for m in linear)
    assert (shape.layers, shape.hidden, shape.vocabulary) == (2, 128, 1024)


@pytest.fixture
def files(tmp_path):
    """The files of a model of eight billion weights, without their weights."""
    layers, hidden, inner, keys, vocabulary = 32, 4096, 14336, 1024, 128256
    config = {
        "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": vocabulary,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    ends = ("model.embed_tokens.weight", "lm_head.weight")
    shapes = {name: [vocabulary, hidden] for name in ends} | {"model.norm.weight": [hidden]}
    for layer in range(layers):
        for name, shape in (
            ("q_proj", [hidden, hidden]), ("k_proj", [keys, hidden]),
            ("v_proj", [keys, hidden]), ("o_proj", [hidden, hidden]),
            ("gate_proj", [inner, hidden]), ("up_proj", [inner, hidden]),
            ("down_proj", [hidden, inner]),
        ):  # fmt: skip
            shapes[f"model.layers.{layer}.{name}.weight"] = shape
    (tmp_path / "model.safetensors").write_bytes(told(shapes))
    return tmp_path


@pytest.fixture
def eight(files):
    return shape_of(files)


def test_eight_billion_weights_need_what_they_are_known_to_need(eight):
    on_gpu = {"on_gpu": True, "batch_size": 4, "max_length": 1024, "lora_r": 16}
    small, lora, full = (
        estimate(eight, tuning=tuning, **on_gpu) for tuning in ("lora-4bit", "lora", "full")
    )

    assert lora.weights == pytest.approx(16.06e9, rel=0.01)
    assert full.weights + full.learning == pytest.approx(8.03e9 * 18, rel=0.01)
    assert 7 * GIB < small.weights < 8 * GIB
    assert small.total < lora.total < 30 * GIB < 130 * GIB < full.total


def test_more_text_at_once_takes_more(eight):
    few = estimate(eight, batch_size=4, on_gpu=True)
    many = estimate(eight, batch_size=8, on_gpu=True)

    assert many.activations == 2 * few.activations
    assert estimate(eight, batch_size=4, max_length=1024, on_gpu=True) == many
    assert estimate(eight, recipe="dpo", batch_size=4, on_gpu=True) == many
    ranked = estimate(eight, recipe="reward", batch_size=4, replies=2, on_gpu=True)
    assert (ranked.activations, ranked.logits) == (many.activations, 0)


def test_in_16_bits_it_takes_less(eight):
    wide, half = (estimate(eight, dtype=dtype) for dtype in ("fp32", "bf16"))

    assert half.weights == wide.weights / 2
    assert wide.activations / 2 < half.activations < wide.activations
    assert half.learning == wide.learning
    assert estimate(eight) == wide
    assert estimate(eight, dtype="fp32", on_gpu=True).weights == wide.weights
    assert estimate(eight, dtype="bf16", on_gpu=True) == estimate(eight, on_gpu=True)


def test_a_sharded_model_is_added_up_and_copies_beside_it_are_not(files):
    (files / "model.safetensors").rename(files / "model-00001-of-00002.safetensors")
    (files / "model-00002-of-00002.safetensors").write_bytes(
        told({"extra.weight": [10, 10]})
    )
    (files / "consolidated.safetensors").write_bytes(told({"copy.weight": [1000, 1000]}))
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors",
                            "b": "model-00002-of-00002.safetensors"}}  # fmt: skip
    (files / "model.safetensors.index.json").write_text(json.dumps(index))

    assert shape_of(files).weights == 8_029_999_104 + 100


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda config, weights: config.unlink(), "no readable config.json"),
        (lambda config, weights: config.write_text("{}"), "cannot be told"),
        (lambda config, weights: config.write_text(NO_HEADS), "cannot be told"),
        (lambda config, weights: weights.write_bytes(safetensors(b"[]")), "cannot be told"),
        (lambda config, weights: weights.unlink(), "no .safetensors weights"),
        (lambda config, weights: weights.write_bytes(b"\xff" * 99), "no safetensors"),
        (lambda config, weights: weights.write_bytes(b"12"), "Cannot read"),
    ],
)
def test_what_cannot_be_read_says_so(files, break_it, sentence):
    break_it(files / "config.json", files / "model.safetensors")

    with pytest.raises(Trouble, match=sentence):
        shape_of(files)


def test_it_needs_no_torch(tiny):
    code = "import sys; from pathlib import Path; from trainer.recipes import memory; "
    code += f"memory.estimate(memory.shape_of(Path({str(tiny)!r}))); "
    code += "print('torch' in sys.modules)"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.stdout.strip() == "False", ran.stderr
