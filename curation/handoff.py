"""Door out: a frozen version as files that training and other tools read.

`train.jsonl` and `held_out.jsonl` hold a canonical record a line (see formats/record.py);
`manifest.json` is written last and carries the digest and the hash of each file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse

from curation import reach
from curation.actions import versions
from curation.actions.people import holds
from curation.errors import CurationError
from curation.formats.pseudonyms import Pseudonyms, Written
from curation.formats.record import canonical, digest
from curation.models import (
    Contributor,
    Dataset,
    DatasetVersion,
    Export,
    Message,
    ModelReport,
    Recall,
)

MANIFEST = "manifest.json"
LINES_AT_ONCE = 500

# The type of `by` for apps that stand on this door.
Person: TypeAlias = Contributor


@dataclass(frozen=True)
class FrozenVersion:
    """What a reader outside needs to know of a version."""

    id: int
    title: str
    dataset: str
    digest: str
    train_count: int
    held_out_count: int
    number: int
    dataset_id: int
    is_pairs: bool  # short texts; conversations are longer
    recalled: int = 0  # texts that were taken back since; only where it is asked for


def frozen(version_id: int) -> FrozenVersion:
    return _outside(DatasetVersion.objects.select_related("dataset").get(pk=version_id))


def versions_for(person: Contributor) -> list[FrozenVersion]:
    """Newest first, of the datasets that the person may see."""
    shown = DatasetVersion.objects.for_listing()
    return [
        _outside(v) for v in shown.filter(dataset__in=Dataset.objects.visible_to(person))
    ]


def version_ids_for(person: Contributor) -> QuerySet[DatasetVersion, int]:
    """The same as a subquery, for whoever has rows that point at versions."""
    seen = DatasetVersion.objects.filter(dataset__in=Dataset.objects.visible_to(person))
    return seen.values_list("pk", flat=True)


def versions_to_train(person: Contributor) -> list[FrozenVersion]:
    """Newest first, of the datasets that the person curates."""
    shown = DatasetVersion.objects.for_listing()
    curated = Dataset.objects.worked_on_by(person, [])
    counted = shown.annotate(recalled_texts=Count("recalls__message", distinct=True))
    return [
        replace(_outside(v), recalled=v.recalled_texts)  # type: ignore[attr-defined]  # annotated
        for v in counted.filter(dataset__in=curated)
    ]


def may_train(person: Contributor, version_id: int) -> bool:
    """Whether the person may start and stop runs on it: its curators, and site admins."""
    version = DatasetVersion.objects.select_related("dataset").filter(pk=version_id).first()
    return version is not None and holds(person, version.dataset)


def _outside(version: DatasetVersion) -> FrozenVersion:
    return FrozenVersion(
        id=version.pk,
        title=str(version),
        dataset=version.dataset.slug,
        digest=version.digest,
        train_count=version.train_count,
        held_out_count=version.held_out_count,
        number=version.number,
        dataset_id=version.dataset_id,
        is_pairs=version.dataset.is_pairs,
    )


class Recalled(NamedTuple):
    """Of a version's texts: how many were taken back since, and how many are destroyed."""

    texts: int
    erased: int


def recalled(version_id: int) -> Recalled:
    """For whoever trained on it. Causes a query."""
    return Recalled(*Recall.objects.filter(version=version_id).counted())


def address_behind(source: str) -> str:
    """The page that says what is behind a model, by its trainer's own id. A query."""
    report = ModelReport.objects.filter(source=source).first()
    return reverse("curation:model-lineage", args=[report.pk]) if report else ""


def files(version_id: int) -> Path:
    """The version's folder, written on first use and kept under its digest.

    Every record is compared with its frozen hash on the way out; a version whose text was
    changed in the database is refused. A half-written folder is never seen: it is renamed
    into place once the manifest is in it. Files that are not what the manifest says are
    written anew.
    """
    version = DatasetVersion.objects.select_related("dataset").get(pk=version_id)
    folder = Path(settings.VERSIONS_DIR) / version.digest
    if not _is_whole(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
        try:
            _write(version, unfinished)
            unfinished.replace(folder)
        except OSError:
            # Another process was first: its folder holds the same bytes.
            if not _is_whole(folder):
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _is_whole(folder: Path) -> bool:
    try:
        expected = json.loads((folder / MANIFEST).read_text())["files"]
        return all(_sha256(folder / name) == digest for name, digest in expected.items())
    except (OSError, ValueError, KeyError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(version: DatasetVersion, folder: Path) -> None:
    outs = {
        split: (folder / f"{split}.jsonl").open("wb") for split in ("train", "held_out")
    }
    hashes = {split: hashlib.sha256() for split in outs}
    try:
        erased = _erased_in(version)
        for item, built in versions.records(version):
            if item.reply_id in erased:
                continue
            if digest(built) != item.digest:
                raise CurationError(
                    f"{version}: the text of item {item.position} is not what was frozen. "
                    "Run verify_version and restore the text from a backup."
                )
            line = canonical(built) + b"\n"
            outs[item.split].write(line)
            hashes[item.split].update(line)
    finally:
        for out in outs.values():
            out.flush()
            os.fsync(out.fileno())
            out.close()
    manifest: dict[str, Any] = {
        **version.manifest,
        "digest": version.digest,
        "files": {f"{split}.jsonl": h.hexdigest() for split, h in hashes.items()},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def _erased_in(version: DatasetVersion) -> set[int]:
    """Replies whose record holds words that were destroyed on purpose."""
    recalled = version.recalls.filter(message__tombstone__isnull=False)
    return set(reach.under(recalled.values_list("message", flat=True)))


def pseudonymous(export: Export, split: str) -> Iterator[bytes]:
    """The lines of one side of a version under the names of this export.

    They come from the version's files, so what was erased since is not in them.
    """
    names = Pseudonyms(bytes(export.key))
    with (files(export.version_id) / f"{split}.jsonl").open("rb") as file:
        while lines := list(islice(file, LINES_AT_ONCE)):
            records = [json.loads(line) for line in lines]
            written = _written({one[key] for one in records for key in ("id", "prompt_id")})
            for record in records:
                yield canonical(names.line(record, written)) + b"\n"


def _written(uids: set[str]) -> dict[str, Written]:
    rows = Message.objects.filter(uid__in=uids).values_list("uid", "author", "created_at")
    return {str(uid): Written(str(author or ""), at) for uid, author, at in rows}
