"""Datasets and their frozen versions: read, frozen, taken home."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import platformdirs

from winnow import wire
from winnow.bars import bar
from winnow.downloads import File, fetch, listed
from winnow.errors import WinnowError
from winnow.extras import extra
from winnow.making import take
from winnow.pushing import (
    Candidate,
    Offered,
    Report,
    push_candidates,
    push_rows,
    rows_of,
)
from winnow.runs import Run

if TYPE_CHECKING:
    import datasets
    import pandas

    from winnow.wire import Wire

SPLITS = ("train", "held_out")
DIGEST = re.compile(r"[0-9a-f]{64}")
Row = dict[str, Any]


class Dataset:
    """One dataset, by its short name. Nothing is asked before something is needed."""

    def __init__(self, connection: Wire, slug: str) -> None:
        self._wire, self.slug = connection, slug
        self._there = f"datasets/{quote(slug, safe='')}/"

    def __repr__(self) -> str:
        return f"<Dataset {self.slug}>"

    def facts(self) -> Row:
        """Title, description, languages, licence and counts, as of now."""
        found: Row = self._wire.get(self._there)
        return found

    # ---- versions ----

    def versions(self) -> Iterator[Version]:
        """The newest first."""
        for row in self._wire.pages("versions/", dataset=self.slug):
            yield Version(self._wire, row)

    def version(self, which: str | int = "latest") -> Version:
        """The newest, or one by its number or its digest."""
        if isinstance(which, str) and DIGEST.fullmatch(which):
            return Version(self._wire, self._wire.get(f"versions/{which}/"))
        for one in self.versions():
            if which == "latest" or str(one.number) == str(which):
                return one
        self.facts()  # or it is the dataset that is not there
        raise WinnowError(f"{self.slug} has no version “{which}”.")

    def freeze(self, recipe: Row | None = None, *, progress: bool | None = None) -> Version:
        """A version of what is accepted now; the one there is, if nothing is new."""
        body = {"dataset": self.slug, **({"recipe": recipe} if recipe else {})}
        made = self._wire.post("versions/", body)
        if "digest" not in made:
            made = self._made(made, progress=progress)
        return Version(self._wire, made)

    def _made(self, freezing: Row, *, progress: bool | None) -> Row:
        """Of a large dataset: frozen by a worker meanwhile."""
        there = f"freezings/{freezing['id']}/"
        with bar("Freezing", freezing["of"], unit="", is_shown=progress) as moved:
            while not freezing["version"]:
                if freezing["state"] in ("failed", "cancelled"):
                    raise WinnowError(freezing["why"] or "The freezing was cancelled.")
                wire.sleep(wire.LOOKS_EVERY)
                freezing = self._wire.get(there)
                moved(freezing["seen"])
        found: Row = self._wire.get(f"versions/{freezing['version']}/")
        return found

    # ---- the record ----

    def messages(self, **filters: Any) -> Iterator[Row]:
        """Every message that you may read, fetched as you go: `state="accepted"`,
        `role="assistant"`, `language="de"`, `category="thanks"`, `author="me"`."""
        return self._wire.pages(f"{self._there}messages/", **filters)

    def conversations(self, **filters: Any) -> Iterator[Row]:
        return self._wire.pages(f"{self._there}conversations/", **filters)

    def conversation(self, number: int) -> Row:
        """With all its messages, in reading order."""
        found: Row = self._wire.get(f"{self._there}conversations/{number}/")
        return found

    def figures(self, name: str, **filters: Any) -> Row:
        """A table of the dashboard: `progress`, `throughput`, `acceptance`, `reasons`,
        `coverage`, `waiting`, …, narrowed by `days="7"`, `category=`, `language=`."""
        found: Row = self._wire.get(f"{self._there}figures/{name}/", **filters)
        return found

    # ---- out ----

    def export(
        self,
        file: str | Path,
        format: str = "chat",
        *,
        version: int | None = None,
        progress: bool | None = None,
        **wish: Any,
    ) -> Path:
        """The record as it is now, or a version of it, as a file in a format such as
        "chat", "dolly", "oasst": JSON lines, or what its name ends with: .json, .csv,
        .parquet. Names in it are drawn anew, unless `is_renamed=False`. For curators.
        """
        there = Path(file)
        asked = {"format": format, "kind": there.suffix[1:] or "jsonl", "version": version}
        path = f"{self._there}extracts/"
        return take(self._wire, path, asked | wish, there, progress=progress)

    def to_pandas(self, format: str = "dolly", **wish: Any) -> pandas.DataFrame:
        """The record as it is now, a row each, as `export` would write it."""
        frame = extra("pandas").DataFrame
        with TemporaryDirectory() as folder:
            file = self.export(Path(folder) / "rows.jsonl", format, **wish)
            with file.open(encoding="utf-8") as lines:
                return frame(list(map(json.loads, lines)))

    def archive(
        self, file: str | Path, *, has_names: bool = True, progress: bool | None = None
    ) -> Path:
        """All of it as one file, to be kept elsewhere or moved to another server."""
        path, wish = f"{self._there}archives/", {"has_names": has_names}
        return take(self._wire, path, wish, Path(file), progress=progress)

    # ---- in ----

    def push_candidates(
        self, generator: str, candidates: Iterable[Candidate | tuple[str, str]]
    ) -> Offered:
        """A model's answers, each with the `uid` of its prompt: people rank them blind.

        They go in batches, and pushed again they add nothing. Nothing is learned from one
        before a person accepts it. For curators.
        """
        path = f"{self._there}candidates/"
        named = (Candidate(*one) for one in candidates)
        return push_candidates(self._wire, path, generator, named)

    def push(
        self,
        rows: str | Path | Iterable[Mapping[str, Any]],
        format: str,
        *,
        mapping: Mapping[str, str] | None = None,
        as_state: str = "accepted",
    ) -> Report:
        """Import rows, or a file of JSON lines, in a format such as "dolly" or "oasst".

        They go in batches; what is wrong with a row is in the report, and the others are
        taken. Pushed again they add nothing. For curators.
        """
        facts: Row = {"format": format, "as_state": as_state}
        facts |= {"mapping": dict(mapping)} if mapping else {}
        if isinstance(rows, str | Path):
            facts["name"] = Path(rows).name
            numbered: Iterable[tuple[int, Mapping[str, Any]]] = rows_of(Path(rows))
        else:
            numbered = enumerate(rows, 1)
        return push_rows(self._wire, f"{self._there}rows/", numbered, facts)


class Version:
    """A frozen version: its digest is its name, and its files never change."""

    def __init__(self, connection: Wire, facts: Row) -> None:
        self._wire, self.facts = connection, facts
        self.digest: str = facts["digest"]
        self.number: int = facts["number"]
        self.dataset: str = facts["dataset"]
        self.train_count: int = facts["train_count"]
        self.held_out_count: int = facts["held_out_count"]

    def __repr__(self) -> str:
        return f"<Version {self.number} of {self.dataset}, {self.digest[:12]}>"

    def files(self) -> list[File]:
        return listed(self._wire.get(f"versions/{self.digest}/files/")["results"])

    def pull(
        self,
        folder: str | Path,
        *,
        names: Collection[str] | None = None,
        progress: bool | None = None,
    ) -> Path:
        """Its files, or those named, in a folder; what is there already is only compared.

        Broken off, it goes on where it stopped. Each file is compared with its SHA-256.
        """
        there = Path(folder)
        found = self.files()
        if odd := set(names or ()) - {one.name for one in found}:
            raise WinnowError(f"There is no file {min(odd)} in this version.")
        for one in found:
            if names is None or one.name in names:
                path = f"versions/{self.digest}/files/{one.name}/"
                fetch(self._wire, path, there, one, progress=progress)
        return there

    def records(self, split: str = "train") -> Iterator[Row]:
        """One record after the other, of `train` or `held_out`.

        Its file is kept in your cache folder, and compared with its hash each time.
        """
        there = platformdirs.user_cache_path("winnow") / self.digest
        name = f"{split}.jsonl"
        self.pull(there, names=[name], progress=False)
        with (there / name).open(encoding="utf-8") as file:
            yield from map(json.loads, file)

    def to_pandas(self, split: str | None = None) -> pandas.DataFrame:
        """A row for each record: of one split, or of both, with a column `split`."""
        frame = extra("pandas").DataFrame
        if split is not None:
            return frame(list(self.records(split)))
        both = [{"split": one, **row} for one in SPLITS for row in self.records(one)]
        return frame(both)

    def to_datasets(self, split: str = "train") -> datasets.Dataset:
        """For training elsewhere: a `datasets.Dataset` of one split."""
        made = extra("datasets").Dataset
        return made.from_list(list(self.records(split)))

    def lineage(self) -> Row:
        """What is behind it: people, guidelines and consents, and what learned from it."""
        found: Row = self._wire.get(f"versions/{self.digest}/lineage/")
        return found

    def card(self, name: str = "README.md") -> str:
        """The same as a file: for the Hugging Face hub, `croissant.json`, `datasheet.md`,
        or `consent.md`."""
        return self._wire.text(f"versions/{self.digest}/cards/{quote(name, safe='')}/")

    def verify(self) -> Row:
        """Have the server compare every text with its frozen hash."""
        found: Row = self._wire.get(f"versions/{self.digest}/verify/")
        return found

    def train(
        self,
        base: str,
        *,
        method: str = "sft",
        parent: int | Run | None = None,
        recalled: int = 0,
        **settings: Any,
    ) -> Run:
        """Start a run on it. Settings that you leave out are chosen for it and the base.

        `recalled` is how many of its texts you know to be taken back since.
        """
        body = {
            "version": self.digest,
            "base": base,
            "method": method,
            "recalled": recalled,
            "config": settings,
        }
        if parent is not None:
            body["parent"] = parent.id if isinstance(parent, Run) else parent
        return Run(self._wire, self._wire.post("runs/", body))
