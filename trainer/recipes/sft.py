"""Supervised fine-tuning with LoRA. Reads top to bottom; imports no Django.

python -m trainer.recipes.sft runs/7/config.json

Killed and started again with the same config, it goes on from its last complete checkpoint
and ends with the same bytes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from torch.nn import functional as F
from transformers import PrinterCallback, ProgressCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from trainer.recipes import outputs
from trainer.recipes.chat import IGNORE, Row, Rows, render_all
from trainer.recipes.common import Trouble, demand, emit, last_checkpoint, run, versions
from trainer.recipes.data import HELD_OUT, TRAIN, read_examples, sample
from trainer.recipes.device import set_up, world_size
from trainer.recipes.models import check_length, load_base
from trainer.recipes.order import training_order
from trainer.recipes.scoring import has_plain_head, reply_logits, reply_losses


# ---- settings: a default for each, but not for what to train, on what, into where ----
@dataclass(frozen=True)
class Config:
    base: str  # a model folder, or a hub id
    data: str  # a frozen version's folder: train.jsonl, held_out.jsonl
    out: str  # where checkpoints, adapter and manifest go
    revision: str | None = None  # 40 hex digits, for a hub id
    run: str = ""  # names this run: another run's checkpoints are not touched
    steps: int = 150
    batch_size: int = 16
    accumulate: int = 1  # batches a step
    learning_rate: float = 2e-4
    warmup_steps: int = 0
    lora_r: int = 8
    lora_alpha: int = 16
    lora_dropout: float = 0.05
    targets: str = "all-linear"  # or names with commas: "q_proj,v_proj"
    max_length: int = 512
    seed: int = 1
    checkpoint_every: int = 50  # 0: none
    eval_every: int = 25  # 0: only before and after
    held_out_limit: int = 200  # evaluate.py takes them all
    replay: str | None = None  # the base's replay.jsonl: against forgetting
    replay_share: float = 0.25
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        counts = ("steps", "batch_size", "accumulate", "lora_r", "lora_alpha", "threads")
        for name in counts:
            demand(getattr(self, name) > 0, f"The setting {name!r} must be at least 1.")
        for name in ("warmup_steps", "checkpoint_every", "eval_every", "held_out_limit"):
            demand(getattr(self, name) >= 0, f"The setting {name!r} must not be negative.")
        demand(self.learning_rate > 0, "The learning rate must be positive.")
        demand(self.max_length >= 16, "Give 'max_length' room for 16 tokens at least.")
        demand(0 <= self.replay_share < 1, "'replay_share' must be 0 or more, below 1.")
        demand(0 <= self.lora_dropout < 1, "'lora_dropout' must be 0 or more, below 1.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    out, data = Path(cfg.out), Path(cfg.data)
    identity = outputs.identity(asdict(cfg), [data / TRAIN, data / HELD_OUT, cfg.replay])
    if finished := outputs.claim(out, identity):
        emit("done", **outputs.summary(finished))
        return finished
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    tokenizer, model = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(model, cfg.max_length)
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
    tokens = tokens_by_step(order, rows, cfg.steps)
    reporter = Reporter(cfg, tokens, held_out.kept, int(tokenizer.pad_token_id))
    trainer = build_trainer(cfg, model, tokenizer, rows, order, reporter)
    checkpoint = last_checkpoint(out / "checkpoints")
    resumed_at = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    emit("started", steps=cfg.steps, examples=len(own.kept), held_out=len(held_out.kept),
         tokens=tokens[resumed_at], replay=len(replay.kept), dropped=len(own.dropped),
         cut=own.cut, device=str(device), versions=versions(),
         resumed_at=resumed_at)  # fmt: skip
    started = time.monotonic()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainer.accelerator.wait_for_everyone()

    # ---- save ------------------------------------------------------------------------
    history = trainer.state.log_history
    facts = {
        "recipe": "sft",
        "identity": identity,
        "config": asdict(cfg),
        "examples": len(own.kept),
        "held_out_examples": len(held_out.kept),
        "replay_examples": len(replay.kept),
        "tokens": tokens[-1],
        "final_loss": [entry["loss"] for entry in history if "loss" in entry][-1],
        "held_out": [entry["held_out"] for entry in history if "held_out" in entry],
        "seconds": round(time.monotonic() - started, 1),
        "resumed_at": resumed_at,
        "versions": versions(),
        "dropped": len(own.dropped),
        "cut": own.cut,
    }
    manifest = facts
    if trainer.is_world_process_zero():
        manifest = outputs.export(out, trainer.model, cfg.base, facts)
    emit("done", **outputs.summary(manifest))
    return manifest


# ---- the data ------------------------------------------------------------------------


def read_rows(cfg: Config, tokenizer: Any) -> tuple[Rows, Rows, Rows]:
    """The version's rows, the replay's, and the held-out ones that are watched."""
    data = Path(cfg.data)
    own = render_all(tokenizer, read_examples(data / TRAIN), cfg.max_length)
    if not own.kept:
        why = f"; the first was dropped: {own.dropped[0]['reason']}" if own.dropped else ""
        raise Trouble(
            f"There is no example to train on{why}. Freeze a version with accepted answers."
        )
    replay = Rows()
    if cfg.replay and cfg.replay_share:
        replay = render_all(tokenizer, read_examples(Path(cfg.replay)), cfg.max_length)
    watched = []
    if cfg.held_out_limit and (data / HELD_OUT).exists():
        watched = sample(read_examples(data / HELD_OUT), cfg.held_out_limit, cfg.seed)
    return own, replay, render_all(tokenizer, watched, cfg.max_length)


def tokens_by_step(order: list[int], rows: list[Row], steps: int) -> list[int]:
    """Tokens seen before each step, without padding: known ahead, so a resume keeps it."""
    size = len(order) // steps
    per_step = (
        sum(len(rows[index].ids) for index in order[step * size : (step + 1) * size])
        for step in range(steps)
    )
    return [0, *accumulate(per_step)]


# ---- the trainer: TRL's, with our order of rows, and on a CPU our loss ---------------


class OrderedTrainer(SFTTrainer):
    """Takes the rows in the order given, which is grouped by length and written down."""

    def __init__(self, *args: Any, order: Sequence[int], **kwargs: Any) -> None:
        self.order = order
        super().__init__(*args, **kwargs)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None: the manifest says it."""


class CpuTrainer(OrderedTrainer):
    """On a CPU, TRL scores every position; only labels count, and this is 2.5 times faster.

    It goes round accelerate's wrapper, so it knows neither autocast nor several processes.
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
        logits = reply_logits(model, inputs["input_ids"], inputs["attention_mask"], wanted)
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
    targets = cfg.targets if cfg.targets == "all-linear" else cfg.targets.split(",")
    lora = LoraConfig(
        r=cfg.lora_r,
        lora_alpha=cfg.lora_alpha,
        lora_dropout=cfg.lora_dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    dataset = Dataset.from_dict(
        {"input_ids": [row.ids for row in rows], "labels": [row.labels for row in rows]}
    )
    try:
        trainer = kind(
            model=model,
            args=trainer_settings(cfg, is_cpu=is_cpu),
            train_dataset=dataset,
            processing_class=tokenizer,
            peft_config=lora,
            order=order,
            callbacks=[reporter],
        )
    except ValueError as error:
        raise Trouble(f"The trainer refuses these settings: {error}") from error
    # stdout is for our events alone.
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    return trainer


def trainer_settings(cfg: Config, *, is_cpu: bool) -> SFTConfig:
    return SFTConfig(
        output_dir=str(Path(cfg.out) / "checkpoints"),
        max_steps=cfg.steps,
        per_device_train_batch_size=cfg.batch_size,
        gradient_accumulation_steps=cfg.accumulate,
        learning_rate=cfg.learning_rate,
        warmup_steps=cfg.warmup_steps,
        lr_scheduler_type="linear",
        weight_decay=0.0,
        max_grad_norm=1.0,
        seed=cfg.seed,
        data_seed=cfg.seed,
        use_cpu=is_cpu,
        bf16=not is_cpu,
        activation_checkpointing=not is_cpu,
        max_length=None,  # chat.py has cut the rows already
        dataset_kwargs={"skip_prepare_dataset": True},
        save_strategy="steps" if cfg.checkpoint_every else "no",
        save_steps=cfg.checkpoint_every or cfg.steps,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=not is_cpu,
    )


class Reporter(TrainerCallback):
    """Tells of each step, watches the held-out loss, stops when a loss is no number."""

    def __init__(
        self, cfg: Config, tokens: list[int], held_out: list[Row], pad: int
    ) -> None:
        self.cfg, self.tokens, self.held_out, self.pad = cfg, tokens, held_out, pad
        self.started = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 0:
            self.watch(state, kwargs["model"])

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        logs, step = kwargs["logs"], state.global_step
        if "loss" not in logs:
            return  # the summary at the end
        if not math.isfinite(logs["loss"]) or not math.isfinite(logs["grad_norm"]):
            raise Trouble(f"The loss is no number at step {step}; lower the learning rate.")
        emit("step", step=step, of=self.cfg.steps, loss=round(logs["loss"], 4),
             learning_rate=logs["learning_rate"], grad_norm=round(logs["grad_norm"], 4),
             tokens=self.tokens[step],
             seconds=round(time.monotonic() - self.started, 2))  # fmt: skip
        is_due = self.cfg.eval_every and step % self.cfg.eval_every == 0
        if is_due or step == self.cfg.steps:
            self.watch(state, kwargs["model"])

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        emit("checkpoint", step=state.global_step)

    def watch(self, state: Any, model: Any) -> None:
        if not self.held_out:
            return
        count = sum(row.learned for row in self.held_out)
        loss = sum(reply_losses(model, self.held_out, pad=self.pad)) / count
        if not math.isfinite(loss):
            raise Trouble("The held-out loss is no number; lower the learning rate.")
        facts = {"step": state.global_step, "loss": round(loss, 4), "tokens": count}
        # Kept with the checkpoint, so that a resumed run still knows its curve.
        state.log_history.append({"step": state.global_step, "held_out": facts})
        emit("held_out", **facts)


if __name__ == "__main__":
    run(main, Config)
