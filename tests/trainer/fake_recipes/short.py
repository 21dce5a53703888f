"""Five short steps, a checkpoint each, and a result: for measurements that kill it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import emit, read_object, run, write_json


@dataclass(frozen=True)
class Config:
    out: str
    steps: int = 5
    pause: float = 0.1


def main(cfg: Config) -> None:
    out = Path(cfg.out)
    done = (read_object(out / "checkpoint.json") or {"step": 0})["step"]
    emit("started", resumed_at=done)
    for step in range(done + 1, cfg.steps + 1):
        time.sleep(cfg.pause)
        write_json(out / "checkpoint.json", {"step": step})
        emit("checkpoint", step=step)
    write_json(out / "result.json", {"steps": cfg.steps, "pid": os.getpid()})
    emit("done")


if __name__ == "__main__":
    run(main, Config)
