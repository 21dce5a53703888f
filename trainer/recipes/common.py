"""What every recipe shares: its config, its events, its files. Needs no torch."""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from trainer.recipes.shortage import SAID, shortage

MANIFEST = "manifest.json"
LIBRARIES = ("torch", "transformers", "trl", "peft", "tokenizers", "safetensors")

C = TypeVar("C")


class Trouble(Exception):
    """A failure that its reader can mend: one sentence that says what to do."""


# ---- starting and ending -------------------------------------------------------------


def run(main: Callable[[C], object], config_type: type[C]) -> None:
    """The door of a recipe: `python -m trainer.recipes.<name> config.json`."""
    die_with_parent()
    give_up_rights()
    try:
        if len(sys.argv) != 2:
            raise Trouble("Give the path of one config.json.")
        main(read_config(config_type, Path(sys.argv[1])))
    except Trouble as trouble:
        emit("failed", problem=str(trouble))
        sys.exit(2)
    except Exception as error:
        if found := shortage(error):
            print(traceback.format_exc(), file=sys.stderr, flush=True)
            emit("failed", why=found, problem=SAID[found])
            sys.exit(2)
        raise


def die_with_parent() -> None:
    """Ask Linux to kill this process when the worker that started it is gone.

    Linux watches the *thread* that started us, so a launcher starts recipes from a thread
    that lives as long as they do.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None, use_errno=True).prctl(set_death_signal, signal.SIGKILL)
    # The parent may have gone before the line above; then no signal will ever come.
    if os.getppid() != parent or not _is_expected_parent(parent):
        sys.exit("the process that started this recipe is gone")


def give_up_rights() -> None:
    """What a recipe starts never has more rights; its memory never lands on the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        set_no_new_privileges = 38  # PR_SET_NO_NEW_PRIVS
        ctypes.CDLL(None, use_errno=True).prctl(set_no_new_privileges, 1, 0, 0, 0)


def _is_expected_parent(parent: int) -> bool:
    expected = os.environ.get("WINNOW_PARENT_PID")
    # Under `accelerate launch` our parent is the launcher, which has its own.
    return expected is None or "LOCAL_RANK" in os.environ or int(expected) == parent


def emit(event: str, **facts: Any) -> None:
    """One JSON line on stdout: trainer/launch.py reads them as progress and heartbeat."""
    if os.environ.get("RANK", "0") == "0":
        line = json.dumps({"event": event, **facts}, ensure_ascii=False, allow_nan=False)
        print(line, flush=True)


def versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


# ---- configs -------------------------------------------------------------------------


def read_config(config_type: type[C], path: Path) -> C:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Trouble(f"Cannot read the config {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Trouble(f"The config {path} is not JSON: {error}.") from error
    if not isinstance(raw, dict):
        raise Trouble(f"The config {path} must be one JSON object.")
    return make_config(config_type, raw)


def make_config(config_type: type[C], raw: dict[str, Any]) -> C:
    """Refuse unknown, missing and mistyped settings: a typo must not train the default."""
    assert dataclasses.is_dataclass(config_type)
    fields = {field.name: field for field in dataclasses.fields(config_type)}
    if unknown := sorted(raw.keys() - fields.keys()):
        known = ", ".join(fields)
        raise Trouble(f"Unknown setting {unknown[0]!r}; this recipe knows {known}.")
    needed = [
        name
        for name, field in fields.items()
        if field.default is field.default_factory is dataclasses.MISSING
    ]
    if missing := [name for name in needed if name not in raw]:
        raise Trouble(f"The setting {missing[0]!r} is missing from the config.")
    kinds = get_type_hints(config_type)
    typed = {name: _typed(name, value, kinds[name]) for name, value in raw.items()}
    return config_type(**typed)


def _typed(name: str, value: Any, kind: Any) -> Any:
    if get_origin(kind) is list:
        if not isinstance(value, list):
            raise Trouble(f"The setting {name!r} must be a list, not {value!r}.")
        return [_typed(name, one, get_args(kind)[0]) for one in value]
    allowed = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if type(value) is int and float in allowed:
        return float(value)
    if type(value) not in allowed:
        names = " or ".join("null" if k is type(None) else k.__name__ for k in allowed)
        raise Trouble(f"The setting {name!r} must be {names}, not {value!r}.")
    return value


def demand(is_met: bool, sentence: str) -> None:  # noqa: FBT001 (reads as a sentence)
    if not is_met:
        raise Trouble(sentence)


# ---- files ---------------------------------------------------------------------------


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def write_json(path: Path, facts: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def write_manifest(folder: Path, facts: dict[str, Any], files: list[str]) -> dict[str, Any]:
    """Last of all: a folder without a manifest is not finished."""
    for name in files:
        (folder / name).chmod(0o644)  # safetensors come as 0600: the web process reads them
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())
    manifest = {**facts, "files": {name: sha256(folder / name) for name in sorted(files)}}
    write_json(folder / MANIFEST, manifest)
    return manifest


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest, if it is there and every file in it is as it was written."""
    manifest = read_object(folder / MANIFEST)
    if manifest is None:
        return None
    try:
        whole = all(sha256(folder / name) == sha for name, sha in manifest["files"].items())
    except (OSError, KeyError):
        return None
    return manifest if whole else None


def read_object(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where there is none or only half of one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


# ---- checkpoints ---------------------------------------------------------------------


def complete_checkpoints(folder: Path) -> list[Path]:
    """The newest first.

    transformers writes checkpoints in place and trainer_state.json last, so one without a
    state that parses was cut short. Links are passed over: only what lies here is ours.
    """
    complete = [
        (step, path)
        for step, path in _checkpoints(folder)
        if (read_object(path / "trainer_state.json") or {}).get("global_step") == step
    ]
    return [path for _, path in sorted(complete, reverse=True)]


def _checkpoints(folder: Path) -> Iterator[tuple[int, Path]]:
    for path in folder.glob("checkpoint-*"):
        step = path.name.removeprefix("checkpoint-")
        if step.isdigit() and path.is_dir() and not path.is_symlink():
            yield int(step), path
