"""What a training run says while it runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from trainer.recipes.common import Trouble, emit
from trainer.recipes.device import world_size
from trainer.recipes.settings import Settings
from trainer.recipes.signed import seal

NO_NUMBER = "The loss is no number at step {step}; lower the learning rate."


class Reporter(TrainerCallback):
    """Tells of each step, looks at held-out data, stops when a loss is no number.

    `watch` is given the model and says what it finds, `loss` among it, or None.
    """

    def __init__(
        self,
        cfg: Settings,
        tokens: list[int],
        watch: Callable[[Any], dict[str, Any] | None],
        extras: tuple[str, ...] = (),
    ) -> None:
        self.cfg, self.tokens, self.watch, self.extras = cfg, tokens, watch, extras
        self.started = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 0:
            self.look(state, kwargs["model"])

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        logs, step = kwargs["logs"], state.global_step
        if "loss" not in logs:
            return  # the summary at the end
        if not math.isfinite(logs["loss"]) or not math.isfinite(logs["grad_norm"]):
            raise Trouble(NO_NUMBER.format(step=step))
        more = {name: round(logs[name], 4) for name in self.extras if name in logs}
        emit("step", step=step, of=self.cfg.steps, loss=round(logs["loss"], 4),
             learning_rate=logs["learning_rate"], grad_norm=round(logs["grad_norm"], 4),
             tokens=self.tokens[step], **more,
             seconds=round(time.monotonic() - self.started, 2))  # fmt: skip
        is_due = self.cfg.eval_every and step % self.cfg.eval_every == 0
        if is_due or step == self.cfg.steps:
            self.look(state, kwargs["model"])

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if world_size() > 1:
            torch.distributed.barrier()  # each process has its part of it
        if state.is_world_process_zero:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
        emit("checkpoint", step=state.global_step)

    def look(self, state: Any, model: Any) -> None:
        found = self.watch(model)
        if found is None:
            return
        if not math.isfinite(found["loss"]):
            raise Trouble("The held-out loss is no number; lower the learning rate.")
        rounded = {k: round(v, 4) if type(v) is float else v for k, v in found.items()}
        facts = {"step": state.global_step, **rounded}
        # Kept with the checkpoint, so that a resumed run still knows its curve.
        state.log_history.append({"step": state.global_step, "held_out": facts})
        emit("held_out", **facts)
