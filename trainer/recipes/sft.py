"""Supervised fine-tuning: answers like those that people accepted.

python -m trainer.recipes.sft runs/7/config.json

Killed and started again with the same config, it goes on from its last complete checkpoint
and ends with the same bytes.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch.nn import functional as F
from trl import SFTConfig, SFTTrainer

from trainer.recipes import outputs, shards
from trainer.recipes.chat import IGNORE, Row, Rows, render_all
from trainer.recipes.common import Trouble, demand, emit, run, versions
from trainer.recipes.data import HELD_OUT, TRAIN, parted, read_examples, sample
from trainer.recipes.device import set_up, world_size
from trainer.recipes.order import training_order
from trainer.recipes.reporting import Reporter
from trainer.recipes.scoring import has_plain_head, reply_logits, reply_losses
from trainer.recipes.settings import Settings
from trainer.recipes.trainers import (
    Ordered,
    arguments,
    computed_in,
    resume_point,
    tokens_by_step,
    told,
    train,
)
from trainer.recipes.tuning import open_model

RECIPE = "sft"


@dataclass(frozen=True)
class Config(Settings):
    replay: str | None = None  # the base's replay.jsonl: against forgetting
    replay_share: float = 0.25
    # Of so many parts of the examples, it learns one: see shards.py.
    shards: int = 1
    shard: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        demand(0 <= self.shard < self.shards, "'shard' counts from 0 to below 'shards'.")
        demand(0 <= self.replay_share < 1, "'replay_share' must be 0 or more, below 1.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    out, data = Path(cfg.out), Path(cfg.data)
    read = [data / TRAIN, data / HELD_OUT, cfg.replay, outputs.weights_of(cfg.parent)]
    identity = outputs.identity(asdict(cfg), read)
    if finished := outputs.claim(out, identity):
        emit("done", **outputs.summary(finished))
        return finished
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    tokenizer, model, made = open_model(cfg, device)
    own, replay, held_out = read_rows(cfg, tokenizer)
    rows = own.kept + replay.kept
    order = training_order(
        [len(row.ids) for row in rows],
        own=len(own.kept),
        replay_share=cfg.replay_share,
        size=cfg.batch_size * cfg.accumulate * world_size(),
        count=cfg.steps,
        seed=cfg.seed,
    )
    outputs.write_lines(out / "dropped.jsonl", own.dropped + held_out.dropped)
    outputs.write_order(out / "order.jsonl", [rows[index].id for index in order], cfg.steps)

    # ---- train -----------------------------------------------------------------------
    pad = int(tokenizer.pad_token_id)
    tokens = tokens_by_step(order, [len(row.ids) for row in rows], cfg.steps)
    reporter = Reporter(cfg, tokens, lambda model: watch(model, held_out.kept, pad))
    trainer = build_trainer(cfg, model, tokenizer, rows, order, reporter)
    checkpoint, resumed_at = resume_point(out)
    emit("started", steps=cfg.steps, examples=len(own.kept), held_out=len(held_out.kept),
         tokens=tokens[resumed_at], replay=len(replay.kept), dropped=len(own.dropped),
         cut=own.cut, device=str(device), versions=versions(),
         resumed_at=resumed_at, dtype=computed_in(trainer))  # fmt: skip
    started = time.monotonic()
    train(trainer, checkpoint)

    # ---- save ------------------------------------------------------------------------
    facts = {
        "recipe": RECIPE,
        "identity": identity,
        "config": asdict(cfg),
        "made": made,
        "examples": len(own.kept),
        "held_out_examples": len(held_out.kept),
        "replay_examples": len(replay.kept),
        "tokens": tokens[-1],
        **told(trainer),
        "seconds": round(time.monotonic() - started, 1),
        "resumed_at": resumed_at,
        "versions": versions(),
        "dropped": len(own.dropped),
        "cut": own.cut,
    }
    if cfg.shards > 1:
        facts["learned"] = shards.learned(asdict(cfg))
    manifest = facts
    if trainer.is_world_process_zero():
        manifest = outputs.save(out, trainer.model, tokenizer, cfg, facts)
    emit("done", **outputs.summary(manifest))
    return manifest


# ---- the data ------------------------------------------------------------------------


def read_rows(cfg: Config, tokenizer: Any) -> tuple[Rows, Rows, Rows]:
    """The version's rows, the replay's, and the held-out ones that are watched."""
    data = Path(cfg.data)
    examples = read_examples(data / TRAIN)
    if cfg.shards > 1:
        examples = [e for e in examples if is_in(e.conversation, cfg)]
    own = render_all(tokenizer, examples, cfg.max_length)
    if not own.kept:
        why = f"; the first was dropped: {own.dropped[0]['reason']}" if own.dropped else ""
        raise Trouble(
            f"There is no example to train on{why}. Freeze a version with accepted answers."
        )
    replay = Rows()
    if cfg.replay and cfg.replay_share:
        again, _ = parted(read_examples(Path(cfg.replay)))
        replay = render_all(tokenizer, again, cfg.max_length)
    watched = []
    if cfg.held_out_limit and (data / HELD_OUT).exists():
        watched = sample(read_examples(data / HELD_OUT), cfg.held_out_limit, cfg.seed)
    return own, replay, render_all(tokenizer, watched, cfg.max_length)


def is_in(conversation: str, cfg: Config) -> bool:
    return shards.shard_of(conversation, cfg.shards) == cfg.shard


# ---- the trainer: TRL's, with our order of rows, and on a CPU our loss ---------------


class OrderedTrainer(Ordered, SFTTrainer):
    """In the order given."""


class CpuTrainer(OrderedTrainer):
    """On a CPU, TRL scores every position; only labels count, and this is 2.5 times faster.

    It goes round accelerate's wrapper, so it knows nothing of several processes.
    tests/trainer/test_recipe_sft.py holds it to TRL's own loss.
    """

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: FBT001, FBT002 (the Trainer's signature)
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        assert not return_outputs, "nothing here asks for the logits"
        labels = inputs["labels"][:, 1:]
        wanted = labels != IGNORE
        count = wanted.sum() if num_items_in_batch is None else num_items_in_batch
        with self.accelerator.autocast():
            logits = reply_logits(
                model, inputs["input_ids"], inputs["attention_mask"], wanted
            )
        return F.cross_entropy(logits, labels[wanted], reduction="sum") / count


def build_trainer(
    cfg: Config,
    model: Any,
    tokenizer: Any,
    rows: list[Row],
    order: list[int],
    reporter: Any,
) -> OrderedTrainer:
    is_cpu = model.device.type == "cpu"
    is_ours = is_cpu and has_plain_head(model) and world_size() == 1
    kind = CpuTrainer if is_ours else OrderedTrainer
    dataset = Dataset.from_dict(
        {"input_ids": [row.ids for row in rows], "labels": [row.labels for row in rows]}
    )
    settings = SFTConfig(
        **arguments(cfg, model.device),
        max_length=None,  # chat.py has cut the rows already
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    try:
        return kind(
            model=model,
            args=settings,
            train_dataset=dataset,
            processing_class=tokenizer,
            order=order,
            callbacks=[reporter],
        )
    except ValueError as error:
        raise Trouble(f"The trainer refuses these settings: {error}") from error


def watch(model: Any, held_out: list[Row], pad: int) -> dict[str, Any] | None:
    if not held_out:
        return None
    count = sum(row.learned for row in held_out)
    return {"loss": sum(reply_losses(model, held_out, pad=pad)) / count, "tokens": count}


if __name__ == "__main__":
    run(main, Config)
