"""Ways to fine-tune, each in a process of its own, doing a pass each time it is asked.

benchmarks/train.py starts them: python -m benchmarks.tuned <way> <folder of base and data>
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from torch.nn import functional as F
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from trl import DPOConfig, RewardConfig, SFTConfig, SFTTrainer
from trl import DPOTrainer as TheirDPOTrainer
from trl import RewardTrainer as TheirRewardTrainer

from benchmarks.tasks import BATCH, MAX_LENGTH
from trainer.recipes import dpo, preferences, reward, sft, tuning
from trainer.recipes.chat import Row, render_all
from trainer.recipes.data import TRAIN, read_examples
from trainer.recipes.device import set_up
from trainer.recipes.items import Collator, Item, render_items
from trainer.recipes.models import load_base
from trainer.recipes.order import training_order
from trainer.recipes.reference import reference_of
from trainer.recipes.settings import AUTO, BF16, FP32

RATE = 2e-4
IS_GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda" if IS_GPU else "cpu")


def main(way: str, place: str) -> None:
    """A pass for each line on standard input, its figures as a line on standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the trainers print
    work = Path(tempfile.mkdtemp(dir=place))
    torch.set_num_threads(1)
    for turn, _ in enumerate(sys.stdin):
        found = WAYS[way](Path(place), work, turn)
        answers.write(json.dumps(found) + "\n")
        answers.flush()
        shutil.rmtree(work, ignore_errors=True)


# ---- what is counted -----------------------------------------------------------------
@dataclass
class Counts(TrainerCallback):
    """From the first step's beginning to the last one's end, without opening and saving."""

    tokens_of_data: int = 0  # counts for tokens where rows are read more than once
    before: float = 0.0  # seconds that the first step had to wait for
    tokens: int = 0  # that are no padding
    cells: int = 0
    seconds: float = 0.0
    began: float = field(default=0.0, repr=False)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 0:
            if IS_GPU:
                torch.cuda.reset_peak_memory_stats()
            self.began = clock()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.seconds = clock() - self.began + self.before

    def collating(self, collate: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def counted(rows: Any) -> Any:
            made = collate(rows)
            for name in made:
                if name.endswith("input_ids"):
                    mask = made.get(name.replace("input_ids", "attention_mask"))
                    self.cells += made[name].numel()
                    self.tokens += made[name].numel() if mask is None else int(mask.sum())
            return made

        return counted

    def figures(self) -> dict[str, float]:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if IS_GPU:
            peak = torch.cuda.max_memory_allocated() / 2**20
        return {
            "tokens": self.tokens_of_data or self.tokens,
            "seconds": self.seconds,
            "padding": 1 - self.tokens / self.cells,
            "peak_mb": round(peak),
        }


def clock() -> float:
    """Seconds of the one thread; on a GPU, of the wall."""
    if IS_GPU:
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def passed(trainer: Any, counts: Counts) -> dict[str, float]:
    trainer.data_collator = counts.collating(trainer.data_collator)
    trainer.add_callback(counts)
    trainer.train()
    return counts.figures()


# ---- ours: as the recipes' main has it, without what it writes ---------------------------
def ours(place: Path, work: Path, turn: int, dtype: str = AUTO) -> dict[str, float]:
    device = set_up(seed=turn, threads=1)
    cfg = sft.Config(**told(place, work, turn), steps=1, batch_size=BATCH, dtype=dtype)
    tokenizer, model, _ = tuning.open_model(cfg, device)
    rows = rows_of(place, tokenizer)
    order = grouped([len(row.ids) for row in rows], BATCH, turn)
    cfg = replace(cfg, steps=len(rows) // BATCH)
    trainer = sft.build_trainer(cfg, model, tokenizer, rows, order, TrainerCallback())
    return passed(trainer, Counts())


def our_reward(place: Path, work: Path, turn: int) -> dict[str, float]:
    device = set_up(seed=turn, threads=1)
    cfg = reward.Config(**told(place, work, turn), steps=1, batch_size=BATCH // 4)
    tokenizer, model, _ = tuning.open_model(cfg, device, tuning.REWARD)
    items = reward.read_items(cfg, tokenizer)[0].kept
    order = grouped([item.width for item in items], cfg.batch_size, turn)
    counts = Counts(tokens_of_data=sum(item.tokens for item in items))
    trainer = reward.RewardTrainer(
        replace(cfg, steps=len(items) // cfg.batch_size),
        model=model,
        train_dataset=items,
        data_collator=Collator(tuning.padding(tokenizer)),
        order=order,
    )
    return passed(trainer, counts)


def our_dpo(place: Path, work: Path, turn: int) -> dict[str, float]:
    """What the model says before is computed first, and is counted."""
    device = set_up(seed=turn, threads=1)
    cfg = dpo.Config(**told(place, work, turn), steps=1, batch_size=BATCH // 2)
    tokenizer, model, _ = tuning.open_model(cfg, device)
    items = dpo.read_items(cfg, tokenizer)[0].kept
    pad = int(tokenizer.pad_token_id)
    began = clock()
    reference = reference_of(model, items, work / "reference.jsonl", pad)
    counts = Counts(before=clock() - began)
    trainer = dpo.DPOTrainer(
        replace(cfg, steps=len(items) // cfg.batch_size),
        model=model,
        train_dataset=items,
        data_collator=dpo.PairCollator(pad, reference),
        order=grouped([item.width for item in items], cfg.batch_size, turn),
    )
    return passed(trainer, counts)


def told(place: Path, work: Path, turn: int) -> dict[str, Any]:
    return {
        "base": str(place / "base"), "data": str(place), "out": str(work),
        "learning_rate": RATE, "checkpoint_every": 0, "eval_every": 0,
        "max_length": MAX_LENGTH, "seed": turn,
    }  # fmt: skip


def grouped(lengths: list[int], size: int, turn: int) -> list[int]:
    """One pass."""
    count, own = len(lengths) // size, len(lengths)
    return training_order(
        lengths, own=own, replay_share=0, size=size, count=count, seed=turn
    )


# ---- TRL by hand, as its guide has it --------------------------------------------------
# Grouped, it gets batches of even length from us: at a few hundred records its own sampler
# groups them less well than at thousands.
def trl(
    place: Path, work: Path, turn: int, *, is_grouped: bool = False, **settings: Any
) -> dict[str, float]:
    tokenizer, model = load_base(str(place / "base"), device=DEVICE)
    examples = read_examples(place / TRAIN)
    if is_grouped:
        lengths = [len(row.ids) for row in rows_of(place, tokenizer)]
        examples = [examples[at] for at in grouped(lengths, BATCH, turn)]
    data = [{"prompt": one.prompt, "completion": [one.completion]} for one in examples]
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**usual(work, turn, BATCH), **settings),
        train_dataset=Dataset.from_list(data),
        processing_class=tokenizer,
        peft_config=adapter(),
    )
    return passed(trainer, Counts())


def trl_reward(
    place: Path, work: Path, turn: int, *, is_grouped: bool = False, **settings: Any
) -> dict[str, float]:
    """It knows pairs only, so a ranking of four is six of them."""
    tokenizer, model = load_base(
        str(place / "base"), device=DEVICE, kind=AutoModelForSequenceClassification,
        num_labels=1,
    )  # fmt: skip
    model.config.pad_token_id = tokenizer.pad_token_id
    items = ranked(place, tokenizer, preferences.read_ranked(place, preferences.TRAIN))
    trainer = TheirRewardTrainer(
        model=model,
        args=RewardConfig(**usual(work, turn, BATCH // 2), **settings),
        train_dataset=pairs(place, tokenizer, items, turn, is_grouped=is_grouped),
        processing_class=tokenizer,
        peft_config=adapter("SEQ_CLS"),
    )
    tokens = sum(item.tokens for item, _ in items)
    return passed(trainer, Counts(tokens_of_data=tokens))


def trl_dpo(
    place: Path, work: Path, turn: int, *, is_grouped: bool = False, **settings: Any
) -> dict[str, float]:
    tokenizer, model = load_base(str(place / "base"), device=DEVICE)
    items = ranked(place, tokenizer, preferences.read_pairs(place, preferences.TRAIN))
    trainer = TheirDPOTrainer(
        model=model,
        args=DPOConfig(**usual(work, turn, BATCH // 2), **settings),
        train_dataset=pairs(place, tokenizer, items, turn, is_grouped=is_grouped),
        processing_class=tokenizer,
        peft_config=adapter(),
    )
    return passed(trainer, Counts())


def ranked(
    place: Path, tokenizer: Any, found: preferences.Preferences
) -> list[tuple[Item, preferences.Ranked]]:
    items = render_items(tokenizer, found, MAX_LENGTH).kept
    return list(zip(items, found.kept, strict=True))


def pairs(
    place: Path,
    tokenizer: Any,
    items: list[tuple[Item, preferences.Ranked]],
    turn: int,
    *,
    is_grouped: bool,
) -> Dataset:
    every = [
        (max(len(item.rows[better].ids), len(item.rows[worse].ids)), read, better, worse)
        for item, read in items
        for better, worse, _ in item.pairs
    ]
    if is_grouped:
        order = grouped([width for width, *_ in every], BATCH // 2, turn)
        every = [every[at] for at in order]
    return Dataset.from_list(
        [
            {
                "prompt": read.prompt,
                "chosen": said(read.replies[better]),
                "rejected": said(read.replies[worse]),
            }
            for _, read, better, worse in every
        ]
    )


def said(reply: preferences.Reply) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": reply.content}]


# ---- the Trainer of transformers -------------------------------------------------------
def plain(place: Path, work: Path, turn: int) -> dict[str, float]:
    """Rows as they come, padded, the loss on the replies."""
    tokenizer, model = load_base(str(place / "base"), device=DEVICE)
    rows = [{"input_ids": r.ids, "labels": r.labels} for r in rows_of(place, tokenizer)]
    settings = usual(work, turn, BATCH)
    del settings["max_length"]
    trainer = Trainer(
        model=get_peft_model(model, adapter()),
        args=TrainingArguments(bf16=IS_GPU, **settings),
        train_dataset=Dataset.from_list(rows),
        data_collator=DataCollatorForSeq2Seq(tokenizer),
    )
    return passed(trainer, Counts())


def rows_of(place: Path, tokenizer: Any) -> list[Row]:
    return render_all(tokenizer, read_examples(place / TRAIN), MAX_LENGTH).kept


def adapter(task: str = "CAUSAL_LM") -> LoraConfig:
    """The recipes' own settings."""
    return LoraConfig(
        r=8, lora_alpha=16, lora_dropout=0.05, target_modules="all-linear", task_type=task
    )


def usual(work: Path, turn: int, size: int) -> dict[str, Any]:
    """The same for all."""
    return {
        "output_dir": str(work),
        "num_train_epochs": 1,
        "per_device_train_batch_size": size,
        "max_length": MAX_LENGTH,
        "learning_rate": RATE,
        "seed": turn,
        "use_cpu": not IS_GPU,
        "save_strategy": "no",
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": IS_GPU,
    }


# ---- the products alone --------------------------------------------------------------
def products(place: Path, work: Path, turn: int) -> dict[str, float]:
    """What no training of an adapter can do without: each frozen layer times a batch of
    usual size, forward and backward, and the head for the labels. The faster way counts."""
    tokenizer, model = load_base(str(place / "base"), device=DEVICE)
    rows = rows_of(place, tokenizer)
    tokens = BATCH * sum(len(row.ids) for row in rows) // len(rows)
    labels = BATCH * sum(row.learned for row in rows) // len(rows)
    head = model.get_output_embeddings().weight
    layers = [
        (module.weight.detach(), tokens)
        for module in model.get_decoder().modules()
        if isinstance(module, torch.nn.Linear)
    ]
    work_to_do = [
        (weight, weight.t().contiguous(), *(torch.randn(count, side, device=DEVICE,
         dtype=weight.dtype) for side in weight.shape[::-1]))
        for weight, count in [*layers, (head.detach(), labels)]
    ]  # fmt: skip
    seconds = min(multiplied(by, work_to_do) for by in PRODUCTS)
    operations = sum(4.0 * w.numel() * x.shape[0] for w, _, x, _ in work_to_do)
    return {"tokens": tokens, "seconds": seconds, "operations": operations}


def multiplied(by: Callable[[Any, Any], Any], work: list[Any]) -> float:
    took = []
    with torch.no_grad():
        for _ in range(4):
            began = clock()
            for weight, turned, x, gradient in work:
                by(x, weight)
                by(gradient, turned)
            took.append(clock() - began)
    return min(took[1:])


def one_dnn(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    made: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    return made


PRODUCTS = [F.linear] if IS_GPU else [F.linear, one_dnn]

BY_HAND: dict[str, Any] = {
    "is_grouped": True,
    "train_sampling_strategy": "sequential",
    "bf16": IS_GPU,
    "activation_checkpointing": IS_GPU,
}
WAYS: dict[str, Callable[..., dict[str, float]]] = {
    "sft": ours,
    "sft.other_dtype": partial(ours, dtype=FP32 if IS_GPU else BF16),
    "sft.trl": partial(trl, packing=True) if IS_GPU else partial(trl, **BY_HAND),
    "sft.trl_defaults": trl,
    "sft.plain_trainer": plain,
    "reward": our_reward,
    "reward.trl": partial(trl_reward, **BY_HAND),
    "reward.trl_defaults": trl_reward,
    "dpo": our_dpo,
    "dpo.trl": partial(trl_dpo, **BY_HAND),
    "dpo.trl_defaults": trl_dpo,
    "products": products,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
