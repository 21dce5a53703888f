"""The machine under torch: its device, its threads, its dice."""

from __future__ import annotations

import os
import random

import numpy
import torch
from transformers.utils import logging


def set_up(*, seed: int, threads: int) -> torch.device:
    """One thread is faster than two for small models, and gives the same bytes."""
    random.seed(seed)
    numpy.random.seed(seed)  # the Trainer draws from this one
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return pick_device()


def pick_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def world_size() -> int:
    """How many processes train together; `accelerate launch` says so."""
    return int(os.environ.get("WORLD_SIZE", "1"))
