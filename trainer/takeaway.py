"""What of a run's model can be taken away: its files, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trainer import lineage
from trainer.folders import ADAPTER, MODEL, WEIGHTS, folder_of, folder_of_job
from trainer.jobs import export
from trainer.models import Job, Run
from trainer.recipes.card import card
from trainer.recipes.common import MANIFEST, read_object, sha256

CARD = "README.md"
ADAPTER_FILES = ("adapter_config.json", WEIGHTS)
# Weights as safetensors, and text: nothing that runs where it is opened.
HARMLESS = {".safetensors", ".json", ".jinja", ".txt"}


def made_by(run: Run) -> str:
    return MODEL if run.is_whole else ADAPTER


def files(run: Run) -> dict[str, Path]:
    """Of a finished run: its adapter, or its whole model; nothing where they are gone."""
    folder = folder_of(run) / made_by(run)
    names = _weights_and_more(folder) if run.is_whole else ADAPTER_FILES
    found = {name: folder / name for name in names}
    return found if all(path.is_file() for path in found.values()) else {}


def hashes(run: Run, found: Mapping[str, Path]) -> dict[str, str]:
    """The SHA-256 of each of its `files`, as written down when they were made."""
    manifest = read_object(folder_of(run) / MANIFEST) or {}
    known = manifest.get("files", {})
    return {
        name: known.get(f"{made_by(run)}/{name}") or sha256(path)
        for name, path in found.items()
    }


def exported(job: Job) -> dict[str, Path]:
    """What an export made; nothing of other jobs, or where it is gone."""
    is_there = job.kind == export.KIND.name and job.state == Job.State.FINISHED
    found = dict(export.files(job)) if is_there else {}
    return found if all(path.is_file() for path in found.values()) else {}


def hashes_of_export(job: Job, found: Mapping[str, Path]) -> dict[str, str]:
    """As `hashes`."""
    manifest = read_object(folder_of_job(job) / "export" / MANIFEST) or {}
    known = {Path(name).name: one for name, one in manifest.get("files", {}).items()}
    return {name: known.get(name) or sha256(path) for name, path in found.items()}


def card_of(run: Run) -> bytes:
    """What the model is, and what it learned from. Causes queries."""
    return card(lineage.facts(run), is_adapter=not run.is_whole).encode()


def _weights_and_more(folder: Path) -> list[str]:
    there = (path for path in folder.glob("*") if path.is_file())
    return sorted(path.name for path in there if path.suffix in HARMLESS)
