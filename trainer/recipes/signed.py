"""Checkpoints under a seal: they hold pickles, so only those that we wrote are opened.

The key comes from the worker, by the environment, and lies in no folder. Started by hand,
without one, a recipe's seal shows no more than that the files are whole.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path

from trainer.recipes.common import emit, read_object, sha256, write_json

KEY = "WINNOW_CHECKPOINT_KEY"
SEAL = "seal.json"


def seal(checkpoint: Path) -> None:
    """Last of all: one without a seal is passed over."""
    files = {name: sha256(checkpoint / name) for name in _names(checkpoint)}
    write_json(checkpoint / SEAL, {"files": files, "seal": _seal(checkpoint.name, files)})


def is_ours(checkpoint: Path) -> bool:
    """Whether it is, to the byte and to the last file, what was sealed with our key."""
    said = read_object(checkpoint / SEAL) or {}
    files, theirs = said.get("files"), said.get("seal")
    if not isinstance(files, dict) or not isinstance(theirs, str):
        return False
    # The list first: nothing is read for a seal that was not made with our key.
    said_bytes = theirs.encode(errors="replace")
    if not hmac.compare_digest(_seal(checkpoint.name, files).encode(), said_bytes):
        return False
    if any(path.is_symlink() for path in checkpoint.rglob("*")):
        return False
    if sorted(files) != _names(checkpoint):
        return False
    return all(sha256(checkpoint / name) == sha for name, sha in files.items())


def newest(checkpoints: list[Path]) -> Path | None:
    """The first that is ours; of the others the log tells."""
    for checkpoint in checkpoints:
        if is_ours(checkpoint):
            return checkpoint
        emit(
            "skipped",
            checkpoint=checkpoint.name,
            why="it is not as this run wrote it, so it is not opened",
        )
    return None


def _seal(name: str, files: dict[str, str]) -> str:
    key = os.environ.get(KEY, "").encode()
    text = json.dumps([name, files], sort_keys=True).encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _names(checkpoint: Path) -> list[str]:
    return sorted(
        str(path.relative_to(checkpoint))
        for path in checkpoint.rglob("*")
        if not path.is_dir() and path != checkpoint / SEAL
    )
