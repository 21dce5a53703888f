"""transformers' Trainer, with our order of rows and numbers of our own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainingArguments

from trainer.recipes import observers
from trainer.recipes.common import Trouble, complete_checkpoints
from trainer.recipes.device import world_size
from trainer.recipes.models import dtype_on
from trainer.recipes.settings import BF16, FP32, Settings
from trainer.recipes.signed import newest
from trainer.recipes.stopping import Stopper


def arguments(cfg: Settings, device: torch.device) -> dict[str, Any]:
    """What every trainer is told; TRL's configs take the same names."""
    is_cpu = device.type == "cpu"
    return {
        "output_dir": str(Path(cfg.out) / "checkpoints"),
        "max_steps": cfg.steps,
        "per_device_train_batch_size": cfg.batch_size,
        "gradient_accumulation_steps": cfg.accumulate,
        "learning_rate": cfg.learning_rate,
        "warmup_steps": cfg.warmup_steps,
        "lr_scheduler_type": "linear",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "seed": cfg.seed,
        "data_seed": cfg.seed,
        "use_cpu": is_cpu,
        "bf16": dtype_on(device, cfg.dtype) == torch.bfloat16,
        "activation_checkpointing": not is_cpu,
        "save_strategy": "steps" if cfg.checkpoint_every else "no",
        "save_steps": cfg.checkpoint_every or cfg.steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": observers.chosen(cfg) or "none",
        "run_name": cfg.run or None,
        "project": observers.PROJECT,
        "trackio_space_id": None,  # on this machine alone
        "disable_tqdm": True,
        "dataloader_pin_memory": not is_cpu,
        "ddp_find_unused_parameters": False,
    }


class Ordered:
    """Takes the rows in the order given, which is grouped by length and written down."""

    remove_callback: Callable[[type], None]  # the Trainer's

    def __init__(self, *args: Any, order: Sequence[int], **kwargs: Any) -> None:
        self.order = order
        super().__init__(*args, **kwargs)
        # stdout is for our events alone.
        for callback in (PrinterCallback, ProgressCallback):
            self.remove_callback(callback)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None: the manifest says it."""


class PreferenceTrainer(Ordered, Trainer):
    """For losses of our own over a batch's items, each item as heavy as the next."""

    loss_is_scaled_for_ga = False

    def __init__(self, cfg: Settings, *args: Any, **kwargs: Any) -> None:
        self.cfg = cfg
        self.noted: dict[str, list[torch.Tensor]] = defaultdict(list)
        settings = arguments(cfg, kwargs["model"].device)
        settings |= {"remove_unused_columns": False}
        try:
            super().__init__(*args, args=TrainingArguments(**settings), **kwargs)
        except ValueError as error:
            raise Trouble(f"The trainer refuses these settings: {error}") from error

    def note(self, **numbers: torch.Tensor) -> None:
        """Numbers of this batch, for the step's event."""
        for name, number in numbers.items():
            self.noted[name].append(number.detach().float())

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            logs |= {name: self._mean(each) for name, each in self.noted.items()}
            self.noted.clear()
        super().log(logs, start_time)

    def _mean(self, numbers: list[torch.Tensor]) -> float:
        mean = torch.stack(numbers).mean()
        if world_size() > 1:
            mean = self.accelerator.reduce(mean, reduction="mean")
        return float(mean)


def train(trainer: Any, checkpoint: Path | None) -> None:
    """To the end; asked to stop, to a checkpoint after the step, and then out."""
    stopper = Stopper()
    trainer.add_callback(stopper)
    stopper.listen()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainer.accelerator.wait_for_everyone()
    stopper.leave(trainer.state)


def resume_point(out: Path) -> tuple[Path | None, int]:
    """The checkpoint to go on from, and its step."""
    checkpoint = newest(complete_checkpoints(out / "checkpoints"))
    return checkpoint, int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0


def tokens_by_step(order: list[int], lengths: list[int], steps: int) -> list[int]:
    """Tokens seen before each step, without padding: known ahead, so a resume keeps it."""
    size = len(order) // steps
    per_step = (
        sum(lengths[index] for index in order[step * size : (step + 1) * size])
        for step in range(steps)
    )
    return [0, *accumulate(per_step)]


def told(trainer: Any) -> dict[str, Any]:
    """What the trainer's history holds for the manifest."""
    history = trainer.state.log_history
    return {
        "final_loss": [entry["loss"] for entry in history if "loss" in entry][-1],
        "held_out": [entry["held_out"] for entry in history if "held_out" in entry],
        "dtype": computed_in(trainer),
    }


def computed_in(trainer: Any) -> str:
    return BF16 if trainer.args.bf16 else FP32
