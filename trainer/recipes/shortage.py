"""Whether a failure means that there was too little of something. Needs no torch."""

from __future__ import annotations

import errno

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Libraries wrap what the system said into errors of their own, so words count as well.
SIGNS = {
    "memory": (
        "out of memory", "can't allocate memory", "cannot allocate memory",
        "not enough memory", "alloc_failed", "std::bad_alloc",
    ),
    "disk": (
        "no space left on device", "disk quota exceeded", "file too large",
        "pytorchstreamwriter failed",
    ),
}  # fmt: skip
DISK_FULL = (
    "The trainer's disk is full. Make room there, then start it again: it goes on from its "
    "last checkpoint."
)
SAID = {
    "memory": "It ran out of memory. Take a smaller batch or shorter examples.",
    "disk": DISK_FULL,
}


def shortage(error: BaseException | None) -> str:
    """Of what: "memory" or "disk"; "" where it is another fault."""
    if error is None:
        return ""
    return _of_this(error) or shortage(error.__cause__ or error.__context__)


def _of_this(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError":
        return "memory"
    if isinstance(error, OSError) and error.errno in FULL:
        return "disk"
    # Others quote what people wrote, in which such words may stand.
    if not isinstance(error, RuntimeError | OSError) and kind != "SafetensorError":
        return ""
    words = str(error).lower()
    found = (what for what, signs in SIGNS.items() if any(sign in words for sign in signs))
    return next(found, "")
