"""What gunicorn does in each web process, once everything is loaded into it."""

from __future__ import annotations

import gc
from typing import Any

ALLOCATIONS = 20_000  # more objects than one answer is made of; Python's own value is 700


def post_worker_init(worker: Any) -> None:
    """Look for garbage less often, and never among what stays for good.

    Models, templates and addresses are hundreds of thousands of objects; walking them
    again and again cost about a tenth of the work of an answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 20, 20)
