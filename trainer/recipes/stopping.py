"""A run that is asked to stop for now does so after its step, with a checkpoint."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

from transformers import TrainerCallback

from trainer.recipes.common import emit

ASKED = signal.SIGUSR1  # sent by trainer/child.py


class Stopper(TrainerCallback):
    """Until `listen`, the signal simply ends the process: there is nothing to keep yet."""

    is_asked = False

    def listen(self) -> None:
        signal.signal(ASKED, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.is_asked = True

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.is_asked and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True

    def leave(self, state: Any) -> None:
        """End here when the training stopped before its last step."""
        if self.is_asked and state.global_step < state.max_steps:
            emit("stopped", step=state.global_step)
            sys.exit(0)
