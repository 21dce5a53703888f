"""The machine under torch: its device, its threads, its dice."""

from __future__ import annotations

import ctypes
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
    keep_freed_memory()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return pick_device()


def keep_freed_memory() -> None:
    """Else glibc hands each large tensor back and asks the kernel for new, empty pages."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(-4, 0)  # M_MMAP_MAX: large blocks come from the heap too
        set_option(-1, -1)  # M_TRIM_THRESHOLD: which never shrinks


def pick_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def world_size() -> int:
    """How many processes train together; `accelerate launch` says so."""
    return int(os.environ.get("WORLD_SIZE", "1"))
