"""A model on a set of questions with known answers.

python -m trainer.recipes.benchmark runs/job-7/benchmark.json

Of a question with an answer: how surprised the model is by the reference, and whether what
it says itself is the same (see matching.py). Of one with options: whether the right one is
likeliest, by its log-likelihood a byte, so that a long option is no worse for its length.
A line a question goes to `answered.jsonl`, without any words.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.recipes import matching
from trainer.recipes.chat import Turn, prompt_ids, render_all
from trainer.recipes.common import (
    Trouble,
    demand,
    emit,
    run,
    sha256,
    versions,
    write_manifest,
)
from trainer.recipes.data import Example, read_lines
from trainer.recipes.decoding import Drawing, one_each
from trainer.recipes.device import set_up
from trainer.recipes.models import check_length, load_base, load_with_adapter
from trainer.recipes.outputs import refuse_foreign_manifest, write_lines
from trainer.recipes.scoring import reply_losses

ANSWERED = "answered.jsonl"
DIGITS = 6


@dataclass(frozen=True)
class Config:
    base: str
    questions: str  # JSONL: {"id", "prompt", "answer"}, or with "options" their number
    out: str  # answered.jsonl goes here; a folder of its own
    adapter: str | None = None  # an adapter folder
    revision: str | None = None
    max_new_tokens: int = 64
    max_length: int = 512  # prompt and answer together
    batch_tokens: int = 4096  # padding included
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(self.max_new_tokens > 0, "'max_new_tokens' must be at least 1.")
        demand(
            self.max_length > self.max_new_tokens, "'max_length' must hold an answer too."
        )
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")
        demand(
            self.batch_tokens >= self.max_length, "'batch_tokens' must hold 'max_length'."
        )


@dataclass(frozen=True)
class Question:
    """`options` are none where there is one answer; else `right` is the number of one."""

    id: str
    prompt: list[Turn]
    answer: str
    options: list[str]
    right: int


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    refuse_foreign_manifest(out, "benchmark")
    device = set_up(seed=0, threads=cfg.threads)
    asked = read_questions(Path(cfg.questions))
    tokenizer, model = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(model, cfg.max_length)
    if cfg.adapter:
        # Merged, the adapter costs nothing per token.
        model = load_with_adapter(model, cfg.adapter).merge_and_unload()
    model.eval()
    emit("started", questions=len(asked), device=str(device))

    # ---- how likely the references and the options are, and what it says itself ---------
    losses = reference_losses(cfg, tokenizer, model, asked)
    said = own_answers(cfg, tokenizer, model, [one for one in asked if not one.options])

    # ---- save ------------------------------------------------------------------------
    lines = [line_of(one, losses, said) for one in asked]
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / ANSWERED, lines)
    facts = {
        "recipe": "benchmark",
        "config": asdict(cfg),
        "questions": len(asked),
        "questions_sha256": sha256(Path(cfg.questions)),
        "seconds": round(time.monotonic() - started, 1),
        "versions": versions(),
    }
    manifest = write_manifest(out, facts, [ANSWERED])
    emit("done", questions=len(asked), seconds=facts["seconds"])
    return manifest


Losses = dict[tuple[str, int], tuple[float, int]]  # of a question and a reply: sum, tokens


def reference_losses(
    cfg: Config, tokenizer: Any, model: Any, asked: Sequence[Question]
) -> Losses:
    """Those that cannot be read are left out."""
    keys = [(one.id, n) for one in asked for n in range(len(one.options) or 1)]
    examples = [
        Example(str(place), "", "", one.prompt, {"role": "assistant", "content": text})
        for place, (one, text) in enumerate(
            (one, text) for one in asked for text in one.options or [one.answer]
        )
    ]
    rows = render_all(tokenizer, examples, cfg.max_length).kept

    def tell(done: int) -> None:
        emit("asked", phase="losses", step=done, of=len(rows))

    pad = int(tokenizer.pad_token_id)
    found = reply_losses(model, rows, pad=pad, budget=cfg.batch_tokens, tell=tell)
    return {
        keys[int(row.id)]: (loss, row.learned)
        for row, loss in zip(rows, found, strict=True)
    }


def own_answers(
    cfg: Config, tokenizer: Any, model: Any, asked: Sequence[Question]
) -> dict[str, str]:
    if not asked:
        return {}
    room = cfg.max_length - cfg.max_new_tokens
    ids = [prompt_ids(tokenizer, one.prompt)[-room:] for one in asked]

    def tell(done: int) -> None:
        emit("asked", phase="answers", step=done, of=len(asked))

    texts = one_each(model, tokenizer, ids, Drawing(cfg.max_new_tokens), tell=tell)
    return {one.id: text for one, text in zip(asked, texts, strict=True)}


def line_of(one: Question, losses: Losses, said: dict[str, str]) -> dict[str, Any]:
    """None where there is no such figure of the question."""
    if not one.options:
        loss, tokens = losses.get((one.id, 0), (None, 0))
        return {
            "id": one.id,
            "loss": None if loss is None else round(loss, DIGITS),
            "tokens": tokens,
            "is_exact": matching.is_exact(said[one.id], one.answer),
            "is_right": None,
        }
    costs = [
        losses[one.id, n][0] / len(text.encode()) if (one.id, n) in losses else None
        for n, text in enumerate(one.options)
    ]
    is_read = all(cost is not None for cost in costs)
    likeliest = min(range(len(costs)), key=lambda n: costs[n] or 0.0)
    loss, tokens = losses.get((one.id, one.right), (None, 0))
    return {
        "id": one.id,
        "loss": None if loss is None else round(loss, DIGITS),
        "tokens": tokens,
        "is_exact": None,
        "is_right": likeliest == one.right if is_read else None,
    }


def read_questions(path: Path) -> list[Question]:
    found = [_question(content, where) for where, content in read_lines(path)]
    if not found:
        raise Trouble(f"{path} holds no question.")
    return found


def _question(content: dict[str, Any], where: str) -> Question:
    for name in ("id", "prompt"):
        if not isinstance(content.get(name), str):
            raise Trouble(f"{where}: {name!r} must be a string.")
    prompt: list[Turn] = [{"role": "user", "content": content["prompt"]}]
    options, answer = content.get("options") or [], content.get("answer")
    if not isinstance(options, list) or not all(isinstance(o, str) for o in options):
        raise Trouble(f"{where}: 'options' must be a list of texts.")
    if options:
        if type(answer) is not int or not 0 <= answer < len(options):
            raise Trouble(f"{where}: 'answer' must be the number of an option.")
        return Question(content["id"], prompt, options[answer], options, answer)
    if not isinstance(answer, str):
        raise Trouble(f"{where}: 'answer' must be a string.")
    return Question(content["id"], prompt, answer, [], 0)


if __name__ == "__main__":
    run(main, Config)
