"""Steps that learn nothing. `fake.json` beside the runs' folders says how to behave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.recipes.common import (
    Trouble,
    emit,
    read_manifest,
    read_object,
    run,
    write_json,
    write_manifest,
)


@dataclass(frozen=True)
class Config:
    base: str
    data: str
    out: str
    revision: str | None = None
    run: str = ""
    steps: int = 10
    batch_size: int = 1
    learning_rate: float = 1.0
    warmup_steps: int = 0
    lora_r: int = 1
    lora_alpha: int = 1
    lora_dropout: float = 0.0
    max_length: int = 16
    seed: int = 1
    checkpoint_every: int = 5
    eval_every: int = 5
    replay: str | None = None
    replay_share: float = 0.0
    threads: int = 1


def main(cfg: Config) -> None:
    out = Path(cfg.out)
    asked = read_object(out.parent / "fake.json") or {}
    if read_manifest(out):
        emit("done")
        return
    done = (read_object(out / "checkpoint.json") or {"step": 0})["step"]
    emit("started", steps=cfg.steps, examples=4, held_out=2, device="none",
         versions={"fake": "1"}, resumed_at=done, tokens=done * 10)  # fmt: skip
    if asked.get("grandchild"):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if asked.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for step in range(done + 1, cfg.steps + 1):
        time.sleep(asked.get("pause", 0))
        misbehave(asked, step)
        emit("step", step=step, of=cfg.steps, loss=5 / step, learning_rate=0.1,
             grad_norm=1.0, tokens=step * 10, seconds=0.1 * (step - done))  # fmt: skip
        if step % cfg.eval_every == 0:
            emit("held_out", step=step, loss=6 / step, tokens=20)
        if step % cfg.checkpoint_every == 0:
            write_json(out / "checkpoint.json", {"step": step})
            emit("checkpoint", step=step)
    (out / "adapter").mkdir(exist_ok=True)
    (out / "adapter/adapter_model.safetensors").write_bytes(b"weights")
    (out / "adapter/adapter_config.json").write_text("{}")
    files = ["adapter/adapter_model.safetensors", "adapter/adapter_config.json"]
    write_manifest(out, {"recipe": "sft"}, files)
    emit("done")


def misbehave(asked: dict[str, Any], step: int) -> None:
    if step != asked.get("at_step"):
        return
    if asked.get("trouble"):
        raise Trouble(asked["trouble"])
    if asked.get("crash"):
        raise RuntimeError(asked["crash"])
    if asked.get("killed"):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    run(main, Config)
