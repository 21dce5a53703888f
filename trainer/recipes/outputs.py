"""The folder of a training run: whose it is, what it learned from, and its adapter."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from trainer.recipes.common import (
    MANIFEST,
    Trouble,
    read_manifest,
    read_object,
    sha256,
    write_atomically,
    write_json,
    write_manifest,
)
from trainer.recipes.settings import AUTO, FULL, LORA, Settings

IDENTITY = "run.json"
# Where files lie and how fast they are read does not change what is learned.
# Nor does who watches.
ELSEWHERE = frozenset(
    {
        "out", "data", "replay", "parent", "threads", "allow_download", "report_to",
        "report_folder", "report_uri",
    }
)  # fmt: skip
# Settings that older runs do not have: as these say, a run is what it was before them.
SINCE = {"tuning": LORA, "dtype": AUTO, "shards": 1, "shard": 0}
VERDICTS = "verdicts.jsonl"  # a line a held-out pair: what the model says of it
WEIGHTS = "adapter_model.safetensors"
ADAPTER = ["adapter/adapter_config.json", f"adapter/{WEIGHTS}"]


def identity(config: dict[str, Any], files: Iterable[Path | str | None]) -> dict[str, Any]:
    """What makes this run this run: its settings and the bytes that it reads."""
    settings = {
        name: value
        for name, value in config.items()
        if name not in ELSEWHERE and SINCE.get(name) != value
    }
    if "accumulate" in settings:
        # As large a step in smaller parts, where memory ran out, is the same step.
        step = settings["batch_size"] * settings["accumulate"]
        settings |= {"batch_size": step, "accumulate": 1}
    text = json.dumps(settings, sort_keys=True)
    read = [Path(file) for file in files if file is not None and Path(file).exists()]
    return {
        "run": config["run"],
        "settings": hashlib.sha256(text.encode()).hexdigest(),
        "data": {path.name: sha256(path) for path in read},
    }


def weights_of(parent: str | None) -> Path | None:
    return Path(parent) / WEIGHTS if parent else None


def claim(out: Path, mine: dict[str, Any]) -> dict[str, Any] | None:
    """Take the folder for this run, or return its manifest when all is done already.

    Checkpoints hold pickled optimizer state, so only those of this very run are opened.
    """
    theirs = read_object(out / IDENTITY)
    if theirs is not None and theirs != mine:
        raise Trouble(f"{out} belongs to another run; choose an empty folder.")
    if theirs is None and ((out / "checkpoints").exists() or (out / MANIFEST).exists()):
        raise Trouble(f"{out} holds checkpoints of unknown origin; choose an empty folder.")
    if theirs is None and _is_main():
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / IDENTITY, mine)
    return read_manifest(out)


def refuse_foreign_manifest(out: Path, recipe: str) -> None:
    theirs = read_object(out / MANIFEST)
    if theirs is not None and theirs.get("recipe") != recipe:
        raise Trouble(f"{out} holds what another recipe made; choose a folder of its own.")


def save(
    out: Path, model: Any, tokenizer: Any, cfg: Settings, facts: dict[str, Any]
) -> dict[str, Any]:
    """What was learned, as safetensors and no pickle, and last of all the manifest."""
    is_whole = cfg.tuning == FULL
    made = _model(out, model, tokenizer) if is_whole else _adapter(out, model, cfg)
    kept = [name for name in ("dropped.jsonl", VERDICTS) if (out / name).exists()]
    result = {"result": "model" if is_whole else "adapter"}
    if not is_whole:
        result["adapter_sha256"] = sha256(out / "adapter" / WEIGHTS)
    manifest = write_manifest(out, {**facts, **result}, [*made, *kept])
    # Resuming is over; what remains for transformers' own use is a pickle of its settings.
    for pickle in out.glob("checkpoints/*/training_args.bin"):
        pickle.unlink()
    return manifest


def _adapter(out: Path, model: Any, cfg: Settings) -> list[str]:
    """Two files; the bytes of the config depend on nothing but what it says."""
    folder = out / "adapter"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, safe_serialization=True)
    for path in folder.iterdir():
        if f"adapter/{path.name}" not in ADAPTER:
            path.unlink()
    config = read_object(folder / "adapter_config.json")
    assert config is not None, "peft has written its config"
    config["base_model_name_or_path"] = cfg.base
    config["revision"] = cfg.revision
    ordered = {name: _sorted(config[name]) for name in sorted(config)}
    write_json(folder / "adapter_config.json", ordered)
    return ADAPTER


def _model(out: Path, model: Any, tokenizer: Any) -> list[str]:
    """A folder that can be a base itself."""
    folder = out / "model"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return [f"model/{path.name}" for path in sorted(folder.iterdir())]


def summary(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the last event says; the rest is in the manifest."""
    names = (
        "examples", "tokens", "final_loss", "held_out", "preferences", "seconds", "result",
        "adapter_sha256",
    )  # fmt: skip
    return {name: manifest[name] for name in names if name in manifest}


def write_order(path: Path, ids: Sequence[str], steps: int) -> None:
    """Which examples each step saw: what an exact rewind or a retraction starts from."""
    size = len(ids) // steps
    write_lines(
        path,
        [
            {"step": step + 1, "ids": ids[step * size : (step + 1) * size]}
            for step in range(steps)
        ],
    )


def write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    if _is_main():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_atomically(path, text)


def _sorted(value: Any) -> Any:
    """target_modules comes as a set, in the order of the day."""
    return sorted(value) if isinstance(value, list) and all(map(_is_text, value)) else value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_main() -> bool:
    return os.environ.get("RANK", "0") == "0"
