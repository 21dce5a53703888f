"""Real training: asked to stop it keeps its step; what others wrote it does not open."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer.recipe_fixtures import finish, start, tiny, version, write_config
from tests.trainer.test_malicious_models import Bomb
from tests.trainer.test_recipe_sft import settings, undisturbed, weights
from trainer.recipes import signed, stopping

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

KEY = {signed.KEY: "a key of the worker's"}


def run_until(config: Any, folder: Path, step: int, number: signal.Signals) -> list[Any]:
    """Start it, send the signal after that step, return what it told after that."""
    process = start("sft", write_config(folder, **vars(config)), **KEY)
    for text in process.stdout:
        if json.loads(text).get("step") == step and '"step"' in text:
            os.kill(process.pid, number)
            break
    rest, _ = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL)
    return [json.loads(line) for line in rest.splitlines()]


def go_on(config: Any, folder: Path, **environment: str) -> list[dict[str, Any]]:
    return finish(
        start("sft", write_config(folder, **vars(config)), **(environment or KEY))
    )


def resumed_at(events: list[dict[str, Any]]) -> int:
    return next(event for event in events if event["event"] == "started")["resumed_at"]


@pytest.fixture
def calm(undisturbed):
    return undisturbed[0]


@pytest.mark.slow
def test_asked_to_stop_it_goes_on_at_that_very_step_to_the_same_bytes(calm, tmp_path):
    config = replace(calm, out=str(tmp_path / "run"))
    rest = run_until(config, tmp_path, 6, signal.SIGUSR1)
    last = rest[-1]
    assert last["event"] == "stopped" and 6 <= last["step"] < 12
    assert not (tmp_path / "run" / "manifest.json").exists()

    events = go_on(config, tmp_path)

    assert resumed_at(events) == last["step"]
    assert weights(tmp_path / "run") == weights(Path(calm.out))


@pytest.mark.slow
def test_a_step_in_smaller_parts_ends_with_nearly_the_same_weights(calm, tmp_path):
    """As after running out of memory: half the batch, twice a step, from a checkpoint."""
    config = replace(calm, out=str(tmp_path / "run"))
    run_until(config, tmp_path, 6, signal.SIGKILL)

    halves = replace(config, batch_size=4, accumulate=2)
    events = go_on(halves, tmp_path)

    assert resumed_at(events) == 4
    ours = events[-1]["final_loss"]
    theirs = json.loads((Path(calm.out) / "manifest.json").read_text())["final_loss"]
    assert ours == pytest.approx(theirs, rel=0.02)


@pytest.mark.slow
def test_a_checkpoint_that_was_tampered_with_is_not_opened(calm, tmp_path):
    config = replace(calm, out=str(tmp_path / "run"))
    run_until(config, tmp_path, 10, signal.SIGKILL)
    canary = tmp_path / "canary"
    for checkpoint in (tmp_path / "run" / "checkpoints").glob("checkpoint-*"):
        torch.save({"state": Bomb(canary)}, checkpoint / "optimizer.pt")

    events = go_on(config, tmp_path)

    skipped = {event["checkpoint"] for event in events if event["event"] == "skipped"}
    assert skipped == {"checkpoint-4", "checkpoint-8"}
    assert resumed_at(events) == 0
    assert not canary.exists()
    assert weights(tmp_path / "run") == weights(Path(calm.out))


# ---- the seal by itself ----------------------------------------------------------------


@pytest.fixture
def checkpoint(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(signed.KEY, "key")
    folder = tmp_path / "checkpoint-4"
    (folder / "part").mkdir(parents=True)
    for name in ("optimizer.pt", "trainer_state.json", "part/weights"):
        (folder / name).write_text(name)
    signed.seal(folder)
    return folder


def test_what_we_sealed_is_ours(checkpoint):
    assert signed.is_ours(checkpoint)
    assert signed.newest([checkpoint]) == checkpoint


def reseal(folder: Path) -> None:
    """As somebody would who has all but the key."""
    os.environ[signed.KEY] = "another"
    signed.seal(folder)
    os.environ[signed.KEY] = "key"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda folder: (folder / "optimizer.pt").write_text("evil"),
        lambda folder: (folder / "more.bin").write_text("evil"),
        lambda folder: (folder / "part" / "seal.json").write_text("{}"),
        lambda folder: (folder / "optimizer.pt").unlink(),
        lambda folder: (folder / signed.SEAL).unlink(),
        lambda folder: (folder / signed.SEAL).write_text("{}"),
        lambda folder: (folder / signed.SEAL).write_text('{"files": {}, "seal": ""}'),
        lambda folder: (folder / signed.SEAL).write_text(
            '{"files": {}, "seal": "\\u00fc"}'
        ),
        reseal,
    ],
    ids=["changed", "added", "hidden", "removed", "no seal", "empty", "list", "odd", "key"],
)
def test_anything_else_is_not(checkpoint, tamper, capsys):
    tamper(checkpoint)

    assert not signed.is_ours(checkpoint)
    assert signed.newest([checkpoint]) is None
    assert "it is not opened" in capsys.readouterr().out


def test_a_link_in_it_is_not_followed(checkpoint, tmp_path):
    text = (checkpoint / "optimizer.pt").read_text()
    (tmp_path / "outside").write_text(text)
    (checkpoint / "optimizer.pt").unlink()
    (checkpoint / "optimizer.pt").symlink_to(tmp_path / "outside")

    assert not signed.is_ours(checkpoint)


def test_renamed_it_is_another_steps(checkpoint):
    assert not signed.is_ours(checkpoint.rename(checkpoint.with_name("checkpoint-9")))


def test_it_stops_after_a_step_but_not_after_the_last():
    class State:
        global_step, max_steps = 3, 9

    class Control:
        should_save = should_training_stop = False

    stopper, control = stopping.Stopper(), Control()
    stopper.on_step_end(None, State, control)
    assert not control.should_save

    stopper._hear(stopping.ASKED, None)
    State.global_step = 9
    stopper.on_step_end(None, State, control)
    stopper.leave(State)
    assert not control.should_training_stop

    State.global_step = 4
    stopper.on_step_end(None, State, control)
    assert control.should_save and control.should_training_stop
    with pytest.raises(SystemExit) as left:
        stopper.leave(State)
    assert left.value.code == 0
