"""What gunicorn does in each web process, once everything is loaded into it."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from typing import Any

from config.env import env_str

ALLOCATIONS = 20_000  # more objects than one answer is made of; Python's own value is 700

COUNTS = "PROMETHEUS_MULTIPROC_DIR"  # where each process leaves what it counted


def on_starting(server: Any) -> None:
    """Web processes count in files, so that any of them can tell what all have counted."""
    if not env_str(COUNTS):
        os.environ[COUNTS] = server.winnow_counts = tempfile.mkdtemp(
            prefix="winnow-counts-"
        )


def on_exit(server: Any) -> None:
    if hasattr(server, "winnow_counts"):
        shutil.rmtree(server.winnow_counts, ignore_errors=True)


def post_worker_init(worker: Any) -> None:
    """Look for garbage less often, and never among what stays for good.

    Models, templates and addresses are hundreds of thousands of objects; walking them
    again and again cost about a tenth of the work of an answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 20, 20)
