"""All weights or an adapter, and what the machine must have for 4 bits."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer.preference_fixtures import write_preferences
from tests.trainer.recipe_fixtures import tiny, version
from trainer.recipes import common, dpo, evaluate, marks, models, reward, sft, tuning
from trainer.recipes.common import Trouble

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture
def config(tiny, version, tmp_path) -> sft.Config:
    return sft.Config(
        base=str(tiny), data=str(version), out=str(tmp_path / "run"), run="run-1", steps=6,
        batch_size=8, learning_rate=2e-3, eval_every=0, checkpoint_every=0, tuning="full",
    )  # fmt: skip


def test_a_full_fine_tune_leaves_a_model_that_is_a_base_itself(config, tmp_path, capsys):
    manifest = sft.main(config)

    folder = Path(config.out, "model")
    assert manifest["result"] == "model" and not Path(config.out, "adapter").exists()
    assert common.read_manifest(Path(config.out)) == manifest
    assert "model/model.safetensors" in manifest["files"]
    assert not [path for path in folder.iterdir() if path.suffix in (".bin", ".pt")]
    found = evaluate.main(
        evaluate.Config(base=config.base, model=str(folder), data=config.data,
                        out=str(tmp_path / "eval"))
    )  # fmt: skip
    after = found["after"]["loss"]
    assert after < found["before"]["loss"]
    assert after == pytest.approx(manifest["held_out"][-1]["loss"], abs=1e-3)
    again = replace(config, base=str(folder), out=str(tmp_path / "again"), tuning="lora")
    assert sft.main(again)["held_out"][0]["loss"] == pytest.approx(after, abs=1e-3)


def test_a_full_fine_tune_goes_on_from_a_parent(config, tmp_path, capsys):
    first = replace(config, tuning="lora", out=str(tmp_path / "first"))
    tuned = sft.main(first)
    parent = f"{first.out}/adapter"

    manifest = sft.main(replace(config, parent=parent))

    start, was = manifest["held_out"][0]["loss"], tuned["held_out"][-1]["loss"]
    assert start == pytest.approx(was, abs=1e-3)
    assert manifest["made"] == "all weights, from the base with the parent merged"


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_dropout_is_the_runs_own_and_not_its_parents(config, tmp_path, capsys, share):
    first = replace(config, tuning="lora", steps=1, out=str(tmp_path / "first"))
    sft.main(first)
    wanted = replace(first, parent=f"{first.out}/adapter", lora_dropout=share)

    _, model, _ = tuning.open_model(wanted, torch.device("cpu"))

    ids = torch.randint(10, 500, (2, 20))
    with torch.no_grad():
        calm = model.eval()(input_ids=ids).logits
        busy = model.train()(input_ids=ids).logits
    assert torch.equal(calm, busy) is (share == 0)
    assert model.peft_config["default"].lora_dropout == share


def test_a_whole_reward_model_marks_and_does_not_write(config, tmp_path, capsys):
    data = str(write_preferences(tmp_path))
    manifest = reward.main(
        reward.Config(base=config.base, data=data, out=config.out, steps=3, batch_size=4,
                      tuning="full", learning_rate=1e-3, checkpoint_every=0)
    )  # fmt: skip

    folder = f"{config.out}/model"
    tokenizer, model = marks.load_reward_model(folder)
    cfg = reward.Config(base=folder, data=data, out="")
    items = reward.read_items(cfg, tokenizer)[1].kept
    facts = reward.watch(model, items, tuning.padding(tokenizer))
    assert facts["loss"] == pytest.approx(manifest["held_out"][-1]["loss"], abs=1e-4)
    with pytest.raises(Trouble, match="gives marks and writes nothing"):
        models.load_base(folder)


def test_all_weights_learn_from_preferences_against_the_base(config, tmp_path, capsys):
    data = str(write_preferences(tmp_path))
    manifest = dpo.main(
        dpo.Config(base=config.base, data=data, out=config.out, steps=6, batch_size=4,
                   tuning="full", learning_rate=3e-4, checkpoint_every=0)
    )  # fmt: skip

    before, *_, after = manifest["held_out"]
    assert before["accuracy"] == 0.5 and after["margin"] > 0.05


def test_four_bits_need_a_gpu_and_say_so(config):
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(Trouble, match="needs an NVIDIA GPU and the package bitsandbytes"):
        sft.main(replace(config, tuning="lora-4bit"))


def test_no_other_tuning_is_known(config):
    with pytest.raises(Trouble, match="'tuning' must be one of lora, full, lora-4bit"):
        replace(config, tuning="half")


def test_a_parent_of_another_shape_is_refused(config, tmp_path, capsys):
    first = replace(config, tuning="lora", steps=1, out=str(tmp_path / "first"))
    sft.main(first)
    weights = Path(first.out, "adapter", "adapter_config.json")
    saved = json.loads(weights.read_text())
    weights.write_text(json.dumps(saved | {"r": 2}))

    for task in (tuning.CAUSAL, tuning.REWARD):
        with pytest.raises(Trouble, match="does not fit this base model"):
            tuning.open_model(
                replace(config, parent=f"{first.out}/adapter"), torch.device("cpu"), task
            )


def test_the_parents_bytes_are_part_of_what_a_run_is(config, tmp_path, capsys):
    first = replace(config, tuning="lora", steps=1, out=str(tmp_path / "first"))
    sft.main(first)
    parent = f"{first.out}/adapter"
    sft.main(replace(config, steps=1, parent=parent))

    with pytest.raises(Trouble, match="belongs to another run"):
        sft.main(replace(config, steps=1))
