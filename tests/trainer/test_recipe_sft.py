"""A fine-tune learns, tells what it does, and survives kill -9 to the same bytes."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from tests.trainer.recipe_fixtures import (
    ROOT,
    finish,
    line,
    start,
    tiny,
    version,
    write_config,
    write_version,
)
from trainer.recipes import common, models, scoring, sft, tuning
from trainer.recipes.chat import render_all
from trainer.recipes.common import Trouble
from trainer.recipes.data import read_examples
from trainer.recipes.reporting import Reporter

# peft asks transformers for a name that it has just renamed.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def settings(base: Path, data: Path, out: Path) -> sft.Config:
    return sft.Config(
        base=str(base), data=str(data), out=str(out), run="run-1", steps=12,
        batch_size=8, learning_rate=5e-3, checkpoint_every=4, eval_every=6,
        replay=str(base / "replay.jsonl"),
    )  # fmt: skip


@pytest.fixture
def config(tiny, version, tmp_path) -> sft.Config:
    return settings(tiny, version, tmp_path / "run")


@pytest.fixture(scope="module")
def undisturbed(tiny, tmp_path_factory) -> tuple[sft.Config, list[dict[str, Any]]]:
    """A run of twelve steps in a process of its own, as a worker starts it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    config = settings(tiny, write_version(folder), folder / "run")
    return config, finish(started(config, folder))


def started(config: sft.Config, folder: Path) -> Any:
    return start("sft", write_config(folder, **vars(config)))


def weights(out: Path) -> bytes:
    return (out / "adapter" / "adapter_model.safetensors").read_bytes()


def test_a_run_tells_of_each_step_and_learns(undisturbed):
    _, events = undisturbed

    opened, steps = events[0], [e for e in events if e["event"] == "step"]
    assert (opened["event"], opened["examples"], opened["held_out"]) == ("started", 24, 6)
    assert opened["resumed_at"] == 0 and opened["device"] == "cpu"
    assert [event["step"] for event in steps] == list(range(1, 13))
    assert steps[-1]["tokens"] > steps[0]["tokens"] > 0
    watched = [(e["step"], e["loss"]) for e in events if e["event"] == "held_out"]
    assert [step for step, _ in watched] == [0, 6, 12]
    assert watched[-1][1] < watched[0][1]
    assert [e["step"] for e in events if e["event"] == "checkpoint"] == [4, 8, 12]
    assert events[-1]["event"] == "done"


def test_a_finished_run_leaves_an_adapter_without_pickles_and_says_what_it_saw(undisturbed):
    config, _ = undisturbed
    out = Path(config.out)

    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["adapter_sha256"] == hashlib.sha256(weights(out)).hexdigest()
    assert [point["step"] for point in manifest["held_out"]] == [0, 6, 12]
    adapter = out / "adapter"
    names = {path.name for path in adapter.iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    assert stat.S_IMODE((adapter / "adapter_model.safetensors").stat().st_mode) == 0o644
    assert not list(out.rglob("training_args.bin"))
    order = [json.loads(text) for text in (out / "order.jsonl").read_text().splitlines()]
    assert [len(step["ids"]) for step in order] == [8] * 12


def test_started_again_when_all_is_done_it_says_so_and_trains_no_more(undisturbed, capsys):
    config, events = undisturbed

    sft.main(config)

    assert json.loads(capsys.readouterr().out) == events[-1]


def test_killed_and_started_again_it_ends_with_the_same_bytes(
    undisturbed, config, tmp_path
):
    whole, calm = undisturbed
    process = started(config, tmp_path)
    for text in process.stdout:
        event = json.loads(text)
        if event["event"] == "step" and event["step"] == 6:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.communicate()
    # What a kill in the middle of writing leaves behind.
    torn = Path(config.out) / "checkpoints" / "checkpoint-8"
    shutil.copytree(torn.with_name("checkpoint-4"), torn, dirs_exist_ok=True)
    (torn / "trainer_state.json").write_text('{"global_s')

    events = finish(started(config, tmp_path))

    assert events[0]["resumed_at"] == 4
    assert weights(Path(config.out)) == weights(Path(whole.out))
    ours, theirs = (Path(c.out) / "adapter/adapter_config.json" for c in (config, whole))
    assert ours.read_bytes() == theirs.read_bytes()
    for field in ("tokens", "final_loss", "held_out"):
        assert events[-1][field] == calm[-1][field]


def test_another_runs_checkpoints_are_not_opened(config, tmp_path):
    (Path(config.out) / "checkpoints" / "checkpoint-4").mkdir(parents=True)
    with pytest.raises(Trouble, match="checkpoints of unknown origin"):
        sft.main(config)

    theirs = replace(config, out=str(tmp_path / "theirs"))
    sft.outputs.claim(Path(theirs.out), {"run": "run-7"})
    with pytest.raises(Trouble, match="belongs to another run"):
        sft.main(theirs)


def test_the_cpu_loss_is_trls_loss(config, tmp_path):
    torch.manual_seed(0)
    losses, gradients = [], []
    for kind in (sft.CpuTrainer, sft.OrderedTrainer):
        trainer = trainer_of(config, kind)
        batch = next(iter(trainer.get_train_dataloader()))
        count = (batch["labels"][:, 1:] != -100).sum()
        trainer.model.eval()  # no dropout: the same sum twice
        loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=count)
        loss.backward()
        losses.append(loss.item())
        gradients.append(
            torch.cat(
                [p.grad.flatten() for p in trainer.model.parameters() if p.grad is not None]
            )
        )

    assert abs(losses[0] - losses[1]) < 4e-6
    assert torch.allclose(gradients[0], gradients[1], atol=4e-6)


def trainer_of(config: sft.Config, kind: type) -> Any:
    tokenizer, model, _ = tuning.open_model(config, torch.device("cpu"))
    rows = render_all(tokenizer, read_examples(Path(config.data) / "train.jsonl"), 512).kept
    reporter = Reporter(config, [], lambda model: None)
    original = sft.CpuTrainer
    sft.CpuTrainer = kind
    try:
        return sft.build_trainer(config, model, tokenizer, rows, list(range(24)), reporter)
    finally:
        sft.CpuTrainer = original


def test_losses_do_not_depend_on_what_shares_a_batch(config):
    tokenizer, model = models.load_base(config.base)
    rows = render_all(tokenizer, read_examples(Path(config.data) / "train.jsonl"), 512).kept
    pad = tokenizer.pad_token_id

    together = scoring.reply_losses(model, rows, pad=pad)
    alone = [scoring.reply_losses(model, [row], pad=pad)[0] for row in rows]
    by_whole_forward = [whole_forward_loss(model, row) for row in rows]

    assert together == pytest.approx(alone, abs=1e-4)
    assert together == pytest.approx(by_whole_forward, abs=1e-4)


def whole_forward_loss(model: Any, row: Any) -> float:
    ids, labels = torch.tensor([row.ids]), torch.tensor([row.labels])
    return model(input_ids=ids, labels=labels).loss.item() * row.learned


def test_dropped_rows_are_counted_and_named(config, capsys):
    with (Path(config.data) / "train.jsonl").open("a") as file:
        file.write(line(98, "Say nothing.", " "))
        file.write(line(99, "Say it.", "<|end|>"))

    manifest = sft.main(replace(config, steps=1))

    assert (manifest["examples"], manifest["dropped"]) == (24, 2)
    dropped = (Path(config.out) / "dropped.jsonl").read_text().splitlines()
    assert [json.loads(text)["id"] for text in dropped] == ["m98", "m99"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"base": "/nowhere/model"}, "There is no base model at /nowhere/model"),
        ({"base": "owner/model"}, "Pin owner/model to a revision"),
        ({"learning_rate": 1e30}, "lower the learning rate"),
        ({"max_length": 4096}, "This base model reads 1024 tokens at most"),
        ({"targets": "no_such_layer"}, "The trainer refuses these settings"),
    ],
)
def test_what_cannot_run_says_what_to_do(config, change, problem, capsys):
    with pytest.raises(Trouble) as caught:
        sft.main(replace(config, **change))

    assert problem in str(caught.value)


def test_a_failure_is_one_event_and_exit_code_2(config, tmp_path, capsys, monkeypatch):
    (Path(config.data) / "train.jsonl").write_text("")
    path = write_config(tmp_path, **vars(config))
    monkeypatch.setattr(sys, "argv", ["sft", str(path)])
    monkeypatch.setattr(common, "die_with_parent", lambda: None)

    with pytest.raises(SystemExit) as stopped:
        common.run(sft.main, sft.Config)

    assert stopped.value.code == 2
    assert json.loads(capsys.readouterr().out) == {
        "event": "failed",
        "problem": "There is no example to train on. "
        "Freeze a version with accepted answers.",
    }


def test_a_recipe_dies_with_the_process_that_started_it(config, tmp_path):
    path = write_config(tmp_path, **vars(replace(config, steps=5000)))
    code = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', "
    code += f"'trainer.recipes.sft', {str(path)!r}], stdout=subprocess.PIPE); "
    code += "p.stdout.readline(); print(p.pid, flush=True); sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    recipe = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.communicate()

    with contextlib.suppress(psutil.NoSuchProcess):
        recipe.wait(timeout=60)
    assert not recipe.is_running() or recipe.status() == psutil.STATUS_ZOMBIE
