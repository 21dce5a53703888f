"""In 16 bits a run learns what it learns in 32, and goes on as exactly."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.trainer.preference_fixtures import write_preferences
from tests.trainer.recipe_fixtures import tiny, write_version
from trainer.recipes import dpo, outputs, reward, sft, unpaired
from trainer.recipes.common import Trouble
from trainer.recipes.models import dtype_on

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

RECIPES = {"sft": sft, "reward": reward, "dpo": dpo, "unpaired": unpaired}
ALL = {"tuning": "full"}
CPU, GPU = torch.device("cpu"), torch.device("cuda")


def config_of(name: str, base: Path, folder: Path, **settings: Any) -> Any:
    folder.mkdir()
    data = write_version(folder) if name == "sft" else write_preferences(folder)
    return RECIPES[name].Config(
        base=str(base), data=str(data), out=str(folder / "run"), run="run-1", steps=6,
        batch_size=4, learning_rate=2e-3, checkpoint_every=3, eval_every=3, **settings,
    )  # fmt: skip


def losses(printed: str) -> list[float]:
    events = [json.loads(line) for line in printed.splitlines()]
    return [event["loss"] for event in events if event["event"] in ("step", "held_out")]


@pytest.mark.parametrize(
    ("name", "how"), [*((name, {}) for name in RECIPES), ("sft", ALL), ("reward", ALL)]
)
def test_losses_are_those_of_32_bits_within_a_hundredth(name, how, tiny, tmp_path, capsys):
    main = RECIPES[name].main
    main(config_of(name, tiny, tmp_path / "wide", **how))
    wide = capsys.readouterr().out
    made = main(config_of(name, tiny, tmp_path / "narrow", dtype="bf16", **how))
    narrow = capsys.readouterr().out

    started = next(line for line in narrow.splitlines() if '"started"' in line)
    assert made["dtype"] == json.loads(started)["dtype"] == "bf16"
    assert losses(narrow) == pytest.approx(losses(wide), rel=0.01, abs=0.01)
    assert losses(narrow) != losses(wide)


@pytest.mark.parametrize("name", RECIPES)
def test_gone_on_from_a_checkpoint_it_ends_with_the_same_bytes(
    name, tiny, tmp_path, capsys, monkeypatch
):
    main = RECIPES[name].main
    calm, torn = (
        config_of(name, tiny, tmp_path / folder, dtype="bf16")
        for folder in ("calm", "torn")
    )
    whole = main(calm)
    with monkeypatch.context() as power:
        power.setattr(outputs, "save", cut_off)
        with pytest.raises(PowerCut):
            main(torn)
    shutil.rmtree(Path(torn.out, "checkpoints", "checkpoint-6"))

    again = main(torn)

    assert (whole["resumed_at"], again["resumed_at"]) == (0, 3)
    assert again["adapter_sha256"] == whole["adapter_sha256"]
    assert again["held_out"] == whole["held_out"]


class PowerCut(Exception):
    pass


def cut_off(*args: Any) -> None:
    raise PowerCut


def test_what_was_learned_is_kept_in_32_bits(tiny, tmp_path, capsys):
    config = config_of("sft", tiny, tmp_path / "narrow", dtype="bf16")

    sft.main(config)

    kept = load_file(Path(config.out, "adapter", outputs.WEIGHTS))
    assert {weights.dtype for weights in kept.values()} == {torch.float32}


def test_left_open_it_is_the_16_bits_of_a_gpu_that_has_them(monkeypatch):
    assert dtype_on(CPU) == torch.float32
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    assert dtype_on(GPU) == torch.bfloat16
    assert dtype_on(GPU, "fp32") == torch.float32
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    assert dtype_on(GPU) == torch.float32
    with pytest.raises(Trouble, match="This GPU does not compute in bf16; choose fp32"):
        dtype_on(GPU, "bf16")


def test_another_name_is_refused(tiny, tmp_path):
    with pytest.raises(Trouble, match="'dtype' must be one of auto, fp32, bf16"):
        config_of("sft", tiny, tmp_path / "odd", dtype="fp16")
