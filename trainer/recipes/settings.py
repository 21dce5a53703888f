"""What all training recipes can be told: on what, into where, how, and how long."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.recipes.common import demand

LORA, FULL, LORA_4BIT = TUNINGS = ("lora", "full", "lora-4bit")
AUTO, FP32, BF16 = DTYPES = ("auto", "fp32", "bf16")


@dataclass(frozen=True)
class Settings:
    """A default for each, but not for what to train, on what, into where."""

    base: str  # a model folder, or a hub id
    data: str  # a frozen version's folder
    out: str  # where checkpoints, adapter/ or model/, and manifest go
    revision: str | None = None  # 40 hex digits, for a hub id
    run: str = ""  # names this run: another run's checkpoints are not touched
    parent: str | None = None  # an adapter folder to go on from
    tuning: str = LORA  # or "full", or "lora-4bit"
    dtype: str = AUTO  # bf16 on a GPU that has it, else fp32; or one of these two
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
    held_out_limit: int = 200  # of examples that are watched meanwhile
    threads: int = 1
    allow_download: bool = False
    report_to: str = ""  # programs that watch, with commas: see observers.py
    report_folder: str = ""
    report_uri: str = ""  # of MLflow's server

    def __post_init__(self) -> None:
        counts = ("steps", "batch_size", "accumulate", "lora_r", "lora_alpha", "threads")
        for name in counts:
            demand(getattr(self, name) > 0, f"The setting {name!r} must be at least 1.")
        for name in ("warmup_steps", "checkpoint_every", "eval_every", "held_out_limit"):
            demand(getattr(self, name) >= 0, f"The setting {name!r} must not be negative.")
        demand(self.learning_rate > 0, "The learning rate must be positive.")
        demand(self.max_length >= 16, "Give 'max_length' room for 16 tokens at least.")
        demand(0 <= self.lora_dropout < 1, "'lora_dropout' must be 0 or more, below 1.")
        for name, known in (("tuning", TUNINGS), ("dtype", DTYPES)):
            is_known = getattr(self, name) in known
            demand(is_known, f"The setting {name!r} must be one of {', '.join(known)}.")
