"""A frozen version as files, in a folder that is named by its digest (see stores.py).

`train.jsonl` and `held_out.jsonl` hold a canonical record a line (see formats/record.py),
`train.parquet` and `held_out.parquet` the same with side columns. Where the recipe asks for
them there are pairs, rankings and unpaired judgements, each as JSON lines and as Parquet
(see formats/tables.py). `manifest.json` is written last, with the digest and every hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import SEEK_END, BufferedIOBase
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from django.utils.translation import gettext as _

from curation.actions import versions
from curation.errors import CurationError, Unavailable
from curation.formats.parquet import SCHEMAS, WRITER, ParquetFile
from curation.formats.recipe import Recipe
from curation.formats.record import canonical
from curation.formats.tables import Example, Terms, rows, tables
from curation.models import DatasetVersion, Tombstone
from curation.stores import MANIFEST, Manifest, Spoiled, Store, aside, sha256, store

SPLITS = ("train", "held_out")
TYPES = {
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
}
TRIES = 3

T = TypeVar("T")


def names(version: DatasetVersion) -> list[str]:
    """Of all its files, the manifest last."""
    kinds = ["", *(f"{table}_" for table in tables(Recipe.parse(version.recipe)))]
    found = [f"{kind}{split}" for kind in kinds for split in SPLITS]
    return [f"{name}.{kind}" for name in found for kind in ("jsonl", "parquet")] + [
        MANIFEST
    ]


def manifest_of(version: DatasetVersion) -> Manifest:
    """Hashes by name under "files", rows by kind under "rows"."""
    return _use(version, lambda kept: _there(kept.manifest(version.digest)))


def counts(version: DatasetVersion, *, is_quick: bool = False) -> dict[str, int] | None:
    """Rows by kind and split. Where it must be quick, a large version's files are not
    written for it: None."""
    is_large = version.item_count > versions.ITEMS_WHILE_WAITING
    if is_quick and is_large and store().manifest(version.digest) is None:
        return None
    found: dict[str, int] | None = manifest_of(version).get("rows")
    return found


def sizes_of(version: DatasetVersion) -> dict[str, int]:
    return _use(version, lambda kept: kept.sizes(version.digest))


def size_and_hash(version: DatasetVersion, name: str) -> tuple[int, str]:
    """Of one file, by what the store says of it: only the small manifest is read."""
    return _use(version, lambda kept: _size_and_hash(kept, version.digest, name))


def measured(file: BinaryIO) -> tuple[int, str]:
    """The same of an open file, by its content."""
    tag = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    return file.seek(0, SEEK_END), tag


def open_file(version: DatasetVersion, name: str) -> BufferedIOBase:
    """One file from its start, compared with its hash before."""
    return _use(version, lambda kept: kept.open(version.digest, name))


def folder_of(version: DatasetVersion, *, copies: Path) -> Path:
    """On this disk, all compared with their hashes; copies of what is kept elsewhere."""
    return _use(version, lambda kept: kept.folder(version.digest, copies=copies))


def _use(version: DatasetVersion, use: Callable[[Store], T]) -> T:
    """Its files, written on first use and kept under its digest.

    Every record is compared with its frozen hash on the way out; a version whose text was
    changed in the database is refused, and what was erased is left out. Files that are not
    what the manifest says are written anew.
    """
    kept = store()
    for _try in range(TRIES):
        try:
            if kept.manifest(version.digest) is None:
                kept.destroy(version.digest)
                _make(version, kept)
            return use(kept)
        except Spoiled:
            kept.destroy(version.digest)
    raise Unavailable(
        _("The files of %(version)s change while they are read. Try again in a while.")
        % {"version": version}
    )


def _make(version: DatasetVersion, kept: Store) -> None:
    """Written aside first: half-written files are never seen."""
    erased = _erased_near(version)
    with aside() as unfinished:
        _write(version, unfinished)
        kept.keep(version.digest, unfinished)
    if _erased_near(version) != erased:
        # Whoever erased may have looked for these files before they were there.
        raise Spoiled(version.digest)


def _erased_near(version: DatasetVersion) -> int:
    here = Tombstone.objects.filter(message__conversation__dataset=version.dataset_id)
    return here.count()


def _size_and_hash(kept: Store, folder: str, name: str) -> tuple[int, str]:
    if name == MANIFEST:
        with kept.open(folder, name) as file:
            return measured(cast(BinaryIO, file))
    sizes, hashes = kept.sizes(folder), _there(kept.manifest(folder))["files"]
    if name not in sizes or name not in hashes:
        raise Spoiled(name)
    return sizes[name], hashes[name]


def _there(manifest: Manifest | None) -> Manifest:
    if manifest is None:
        raise Spoiled(MANIFEST)
    return manifest


def examples(
    version: DatasetVersion,
) -> Iterator[tuple[str, list[Example], list[dict[str, Any]]]]:
    """Conversation by conversation: its split, its examples, what ballots said of them.

    Refuses a text that is not what was frozen; leaves out what was erased.
    """
    ranked = version.rankings.order_by("position").values_list("facts", flat=True)
    waiting = groupby(ranked.iterator(2000), key=lambda facts: facts["conversation"])
    uid, facts = next(waiting, ("", iter(())))
    by_conversation = groupby(
        versions.seen(version), lambda one: one.item.reply.conversation
    )
    for conversation, found in by_conversation:
        theirs = [one for one in found if _is_there(version, one)]
        is_ranked = uid == str(conversation.uid)
        rankings = list(facts) if is_ranked else []
        if is_ranked:
            uid, facts = next(waiting, ("", iter(())))
        if theirs:
            group = theirs[0].item.group or conversation.uid
            built = [Example(one.record, str(group)) for one in theirs]
            yield theirs[0].item.split, built, rankings


def terms(version: DatasetVersion) -> Terms:
    return Terms(version.manifest["licence"], Recipe.parse(version.recipe))


def _is_there(version: DatasetVersion, one: versions.Seen) -> bool:
    if not (one.is_intact or one.is_erased):
        said = _(
            "%(version)s: the text of item %(position)d is not what was frozen. "
            "Run verify_version and restore the text from a backup."
        )
        raise CurationError(said % {"version": version, "position": one.item.position})
    return not one.is_erased


class _Output:
    """One table of one split, in both formats."""

    def __init__(self, folder: Path, name: str, table: str, stack: ExitStack) -> None:
        self._lines: BinaryIO = stack.enter_context((folder / f"{name}.jsonl").open("wb"))
        columns = ParquetFile(folder / f"{name}.parquet", SCHEMAS[table])
        self._columns = stack.enter_context(columns)
        self.rows = 0

    def add(self, row: dict[str, Any], line: dict[str, Any]) -> None:
        self._lines.write(canonical(line) + b"\n")
        self._columns.add(row)
        self.rows += 1


def _write(version: DatasetVersion, folder: Path) -> None:
    held = terms(version)
    kinds = tables(held.recipe)
    with ExitStack() as stack:
        records = {split: _Output(folder, split, "records", stack) for split in SPLITS}
        others = {
            (kind, split): _Output(folder, f"{kind}_{split}", kind, stack)
            for kind in kinds
            for split in SPLITS
        }
        for split, built, rankings in examples(version):
            for row, example in zip(
                rows("records", built, rankings, held), built, strict=True
            ):
                # The lines are what they always were: side columns only in Parquet.
                records[split].add(row, example.record)
            for kind in kinds:
                for row in rows(kind, built, rankings, held):
                    others[kind, split].add(row, row)
    counted = {**{("records", split): out for split, out in records.items()}, **others}
    _finish(version, folder, {"_".join(key): out.rows for key, out in counted.items()})


def _finish(version: DatasetVersion, folder: Path, counts: dict[str, int]) -> None:
    """The manifest, with the hashes of all the rest."""
    hashes = {name: sha256(folder / name) for name in names(version)[:-1]}
    written = sum(counts[f"records_{split}"] for split in SPLITS)
    erased = version.item_count - written
    manifest: dict[str, Any] = {
        **version.manifest,
        "digest": version.digest,
        "files": hashes,
        "rows": counts,
        "written_by": WRITER,
        **({"erased": erased} if erased else {}),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
