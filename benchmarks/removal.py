"""One text is taken back: what training again costs. `make bench NAME=removal`.

A starter learns the demo's pairs (`DATA=` names another file) as one adapter, as the mean
of two, and as the mean of four, each in the same number of steps (`STEPS=`). Then one text
to learn from is gone, and each is trained again as a run would be: of a divided one only
the part that had it. A JSON line each: seconds of the processor and of the wall, the loss
on held-out answers before and after, and whether what came of it equals a training from
nothing, byte for byte.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.starters import starter
from benchmarks.tasks import given, record
from config.places import ROOT
from trainer.recipes import shards
from trainer.recipes.common import read_manifest

DATA = ROOT / "curation" / "demo" / "pairs.jsonl"
HELD_OUT = 5  # one in so many
SETTINGS = {
    "batch_size": 16, "learning_rate": 5e-3, "lora_r": 8, "lora_alpha": 16,
    "checkpoint_every": 0, "eval_every": 0, "held_out_limit": 0, "replay_share": 0.25,
    "max_length": 512, "seed": 1,
}  # fmt: skip


class Cost(NamedTuple):
    cpu: float
    wall: float
    trained: int  # adapters


def main() -> None:
    steps = int(os.environ.get("STEPS", "150"))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        before, after = versions(folder, Path(os.environ.get("DATA") or DATA))
        for count in (1, 2, 4):
            print(json.dumps(measured(folder, before, after, count, steps)), flush=True)


def versions(folder: Path, data: Path) -> tuple[Path, Path]:
    """A version's files, and the same without its first text to learn from."""
    rows = [record(number, *pair) for number, pair in enumerate(sorted(set(given(data))))]
    held_out = [row for number, row in enumerate(rows) if number % HELD_OUT == 0]
    train = [row for number, row in enumerate(rows) if number % HELD_OUT]
    made = []
    for name, kept in (("before", train), ("after", train[1:])):
        out = folder / name
        out.mkdir()
        for file, some in (("train", kept), ("held_out", held_out)):
            lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in some]
            (out / f"{file}.jsonl").write_text("".join(lines), encoding="utf-8")
        made.append(out)
    return made[0], made[1]


def measured(
    folder: Path, before: Path, after: Path, count: int, steps: int
) -> dict[str, Any]:
    old, new, whole = (folder / f"{count}-{name}" for name in ("old", "new", "whole"))
    first = train(old, before, count, steps)
    again = train(new, after, count, steps, like=old)
    from_nothing = train(whole, after, count, steps)
    return {
        "adapters": count,
        "steps": shards.steps_of_each(steps, count) * count,
        "cpu_s": round(first.cpu, 1),
        "again_cpu_s": round(again.cpu, 1),
        "again_wall_s": round(again.wall, 1),
        "again_adapters": again.trained,
        "again_of_whole": round(again.cpu / from_nothing.cpu, 2),
        "held_out_loss": loss(old, before),
        "held_out_loss_again": loss(new, after),
        "same_bytes": weights(new) == weights(whole),
        "load": round(os.getloadavg()[0], 1),
    }


def train(out: Path, data: Path, count: int, steps: int, like: Path | None = None) -> Cost:
    """As trainer/sharded.py does it, without a database."""
    started, cpu = time.monotonic(), _cpu()
    base = starter()
    shared = {
        **SETTINGS, "base": base, "replay": f"{base}/replay.jsonl", "data": str(data),
    }  # fmt: skip
    if count == 1:
        run("sft", {**shared, "steps": steps, "out": str(out)}, out)
        return Cost(_cpu() - cpu, time.monotonic() - started, 1)
    done, trained = [], 0
    for shard in shards.present(data / "train.jsonl", count):
        part = out / shards.FOLDER / str(shard)
        config = {
            **shared, "steps": shards.steps_of_each(steps, count), "shards": count,
            "shard": shard, "out": str(part),
        }  # fmt: skip
        there = like / shards.FOLDER / str(shard) if like else None
        if there and shards.same(there, shards.learned(config)):
            shards.copy(there, part)
        else:
            run("sft", config, part)
            trained += 1
        done.append(str(part))
    run("join", {"shards": done, "out": str(out)}, out)
    return Cost(_cpu() - cpu, time.monotonic() - started, trained)


def run(recipe: str, config: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{recipe}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-m", f"trainer.recipes.{recipe}", str(path)]
    told = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    if told.returncode:
        raise SystemExit(told.stdout)


def loss(out: Path, data: Path) -> float:
    config = {
        "base": starter(), "data": str(data), "out": str(out),
        "adapter": str(out / "adapter"),
    }  # fmt: skip
    run("evaluate", config, out)
    report = json.loads((out / "eval.json").read_text())
    return round(float(report["after"]["loss"]), 3)


def weights(out: Path) -> str:
    manifest = read_manifest(out)
    assert manifest is not None, "it has ended"
    return str(manifest["adapter_sha256"])


def _cpu() -> float:
    """Seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
