"""Steps that learn nothing. `fake.json` beside the runs' folders says how to behave.

Those that compare answers stand on it: see dpo.py.
"""

from __future__ import annotations

import os
import resource
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

Compared = dict[str, Any]


class OutOfMemoryError(RuntimeError):
    """By the name of torch's own."""


WAYS_OUT_OF_MEMORY = {
    "python": MemoryError(),
    "torch": OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    "cublas": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublas"),
    "cpu": RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
}


@dataclass(frozen=True)
class Config:
    base: str
    data: str
    out: str
    revision: str | None = None
    run: str = ""
    parent: str | None = None
    tuning: str = "lora"
    dtype: str = "auto"
    steps: int = 10
    batch_size: int = 1
    accumulate: int = 1
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
    held_out_limit: int = 200
    shards: int = 1
    shard: int = 0
    threads: int = 1


def main(cfg: Config, recipe: str = "sft", compared: Compared | None = None) -> None:
    out = Path(cfg.out)
    runs = out.parent.parent.parent if cfg.shards > 1 else out.parent
    asked = read_object(runs / "fake.json") or {}
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
    stop_asked: list[int] = []
    if asked.get("listens"):
        signal.signal(signal.SIGUSR1, lambda *_: stop_asked.append(1))
    for step in range(done + 1, cfg.steps + 1):
        time.sleep(asked.get("pause", 0))
        misbehave(asked, cfg, step)
        emit("step", step=step, of=cfg.steps, loss=5 / step, learning_rate=0.1,
             grad_norm=1.0, tokens=step * 10, seconds=0.1 * (step - done),
             **({"accuracy": 0.6, "margin": 0.5} if compared else {}))  # fmt: skip
        if cfg.eval_every and step % cfg.eval_every == 0:
            emit("held_out", step=step, loss=6 / step, tokens=20, **(compared or {}))
        stops = stop_asked and not asked.get("deep")
        if step % cfg.checkpoint_every == 0 or stops:
            write_json(out / "checkpoint.json", {"step": step})
            emit("checkpoint", step=step)
        if stops:
            emit("stopped", step=step)
            return
    facts = {"recipe": recipe, "parent": cfg.parent}
    if compared:
        facts["preferences"] = {**compared, "by_category": {"thanks": compared}}
    write_manifest(out, facts, write_weights(out, cfg.tuning))
    emit("done")


def write_weights(out: Path, tuning: str) -> list[str]:
    if tuning == "full":
        names = ["model/model-1.safetensors", "model/model-2.safetensors"]
    else:
        names = ["adapter/adapter_model.safetensors", "adapter/adapter_config.json"]
    for name in names:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(b"weights")
    return names


def misbehave(asked: dict[str, Any], cfg: Config, step: int) -> None:
    if step == asked.get("at_step") and cfg.batch_size > asked.get("room_for", 0):
        act(asked, Path(cfg.out))


def act(asked: dict[str, Any], out: Path) -> None:
    if asked.get("trouble"):
        raise Trouble(asked["trouble"])
    if asked.get("crash"):
        raise RuntimeError(asked["crash"])
    if asked.get("killed") == "once" and (out / "was_killed").exists():
        return
    if asked.get("killed"):
        (out / "was_killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(asked.get("hang", 0))
    if asked.get("memory"):
        raise WAYS_OUT_OF_MEMORY[asked["memory"]]
    if limit := asked.get("file_limit"):
        # As on a full disk; Python is told by an error, not by a signal.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        (out / "big").write_bytes(bytes(2 * limit))


if __name__ == "__main__":
    run(main, Config)
