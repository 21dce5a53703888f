"""Which training examples shaped an answer most: their gradients on the adapter compared.

python -m trainer.recipes.influence runs/job-3/influence.json

An example helped an answer where a small step on it would have made the answer likelier.
The step is taken in the geometry of the training set (a Gauss-Newton matrix of sketched
gradients, damped), as in TRAK; tests and `benchmarks/influence.py` hold the result against
models that were trained anew on halves of the examples.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy
import torch

from trainer.recipes.chat import Row, render_all
from trainer.recipes.common import Trouble, demand, emit, run, versions, write_json
from trainer.recipes.data import TRAIN, read_examples
from trainer.recipes.device import set_up
from trainer.recipes.models import check_length, load_base, load_with_adapter
from trainer.recipes.scoring import padded, reply_logps

SKETCHES = "sketches.f16"
KEEP_EVERY = 64  # examples between two writes that survive a power cut


@dataclass(frozen=True)
class Config:
    base: str
    adapter: str
    data: str  # a frozen version's folder
    queries: str  # a file like held_out.jsonl: the answers that are asked about
    out: str  # influence.json goes here, and the sketches
    revision: str | None = None
    max_length: int = 512
    size: int = 1024  # numbers that a gradient is sketched to
    damping: float = 0.1  # of the mean eigenvalue
    top: int = 10  # examples told per answer, on either side
    seed: int = 1
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        for name in ("size", "top", "threads"):
            demand(getattr(self, name) > 0, f"The setting {name!r} must be at least 1.")
        demand(self.max_length >= 16, "Give 'max_length' room for 16 tokens at least.")
        demand(self.damping > 0, "'damping' must be more than 0.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    started = time.monotonic()
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    tokenizer, base = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(base, cfg.max_length)
    model = load_with_adapter(base, cfg.adapter, is_trainable=True)
    model.eval()  # gradients, but no dropout
    rows = render_all(tokenizer, read_examples(Path(cfg.data) / TRAIN), cfg.max_length).kept
    asked = render_all(tokenizer, read_examples(Path(cfg.queries)), cfg.max_length).kept
    if not rows or not asked:
        raise Trouble("There is nothing to compare: no example, or no answer with words.")
    sketch = Sketch(model, size=cfg.size, seed=cfg.seed)
    emit("started", examples=len(rows), queries=len(asked), device=str(device),
         parameters=sketch.parameters)  # fmt: skip

    # ---- gradients -------------------------------------------------------------------
    out = Path(cfg.out)
    learned = sketched(sketch, rows, out / SKETCHES)
    wanted = numpy.stack([sketch.of(row) for row in asked])
    scores = influences(learned, wanted, damping=cfg.damping)

    # ---- save ------------------------------------------------------------------------
    report = {
        "recipe": "influence",
        "answers": [
            told(row.id, rows, line, cfg.top)
            for row, line in zip(asked, scores, strict=True)
        ],
        "examples": len(rows),
        "parameters": sketch.parameters,
        "config": asdict(cfg),
        "versions": versions(),
        "seconds": round(time.monotonic() - started, 1),
    }
    write_json(out / "influence.json", report)
    emit("done", examples=len(rows), seconds=report["seconds"])
    return report


# ---- gradients, sketched -------------------------------------------------------------


class Sketch:
    """Gradients of a reply's mean loss on the adapter, added up into few numbers.

    A count sketch: each weight has a bucket and a sign, drawn once from the seed, so that
    products of sketches estimate products of gradients without bias.
    """

    def __init__(self, model: Any, *, size: int, seed: int) -> None:
        self.model, self.size = model, size
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.parameters = sum(weight.numel() for weight in self.weights)
        if not self.weights:
            raise Trouble("The adapter has no weights to compare gradients on.")
        dice = torch.Generator().manual_seed(seed)
        shape = (self.parameters,)
        device = self.weights[0].device
        self.buckets = torch.randint(size, shape, generator=dice).to(device)
        self.signs = (torch.randint(2, shape, generator=dice) * 2 - 1).float().to(device)

    def of(self, row: Row) -> numpy.ndarray[Any, Any]:
        ids, mask, labels = padded([row], 0, self.model.device)
        loss = -reply_logps(self.model, ids, mask, labels).sum() / row.learned
        grads = torch.autograd.grad(loss, self.weights)
        flat = torch.cat([grad.reshape(-1).float() for grad in grads])
        sums = torch.zeros(self.size, device=flat.device)
        sums.index_add_(0, self.buckets, flat * self.signs)
        return sums.cpu().numpy()


def sketched(sketch: Sketch, rows: list[Row], path: Path) -> numpy.ndarray[Any, Any]:
    """One sketch a row, as half floats; those that lie there from before are kept."""
    width = sketch.size * 2
    done = path.stat().st_size // width if path.exists() else 0
    with path.open("ab") as file:
        file.truncate(done * width)  # half a row, cut short
        for number, row in enumerate(rows[done:], start=done + 1):
            file.write(sketch.of(row).astype(numpy.float16).tobytes())
            if number % KEEP_EVERY == 0 or number == len(rows):
                file.flush()
                os.fsync(file.fileno())
                emit("step", step=number, of=len(rows))
    kept = numpy.fromfile(path, dtype=numpy.float16).reshape(-1, sketch.size)
    return kept[: len(rows)].astype(numpy.float32)


def influences(
    learned: numpy.ndarray[Any, Any], wanted: numpy.ndarray[Any, Any], *, damping: float
) -> numpy.ndarray[Any, Any]:
    """By answer and example, above zero where the example made the answer likelier.

    `learned` (examples, size) and `wanted` (answers, size) are sketches.
    """
    count, size = learned.shape
    # Of the two matrices with the same eigenvalues, the smaller one is solved.
    strength = damping * float((learned**2).sum()) / count / min(count, size)
    strength = max(strength, 1e-12)
    if count >= size:
        matrix = learned.T @ learned / count + strength * numpy.eye(size)
        return numpy.asarray(wanted @ numpy.linalg.solve(matrix, learned.T))
    # Woodbury: (G'G/n + sI)^-1 G' = G' (GG'/n + sI)^-1
    matrix = learned @ learned.T / count + strength * numpy.eye(count)
    return numpy.asarray(wanted @ learned.T @ numpy.linalg.inv(matrix))


def told(
    query: str, rows: list[Row], scores: numpy.ndarray[Any, Any], top: int
) -> dict[str, Any]:
    """The examples that helped an answer most, and those that spoke most against it."""
    order = numpy.argsort(-scores, kind="stable")
    scale = float(numpy.abs(scores).sum()) or 1.0

    def lines(chosen: Iterator[Any]) -> list[dict[str, Any]]:
        return [
            {"id": rows[int(i)].id, "score": float(scores[i]),
             "share": round(float(abs(scores[i])) / scale, 6)}
            for i in chosen
        ]  # fmt: skip

    helped = (i for i in order[:top] if scores[i] > 0)
    hindered = (i for i in order[::-1][:top] if scores[i] < 0)
    return {"id": query, "helped": lines(helped), "hindered": lines(hindered)}


if __name__ == "__main__":
    run(main, Config)
