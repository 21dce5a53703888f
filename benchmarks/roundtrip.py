"""What comes back of trees that go through each format: `make bench NAME=roundtrip`.

TREES=file of Open Assistant's trees, else a hundred made ones. They go into a PostgreSQL
of its own, out in each format and each kind of file, into another dataset, and out again.
A JSON line each: trees, messages, rows, and differences, of which there must be none; else
the command fails.

- Open Assistant's trees: the fields that are not as in the file that came first.
- The others: rows that are not what the first file calls for, made here from its trees and
  not by the formats' own writers; and rows that are others the second time. What a format
  says that it cannot hold is not counted: see FORMAT.losses.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, zip_longest
from pathlib import Path
from typing import Any

from benchmarks.duplicates import database, inside
from benchmarks.moving import made_trees

ADMIN = "admin@bench.example"
Raw = dict[str, Any]
Texts = tuple[Any, ...]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="winnow-roundtrip-") as folder:
        file = Path(os.environ.get("TREES") or made_trees(Path(folder) / "trees.jsonl"))
        told = Path(folder) / "told.json"
        with database("roundtrip"):
            call = f"roundtrip.measure({str(file)!r}, {str(folder)!r}, {str(told)!r})"
            asked = f"from benchmarks import roundtrip; {call}"
            inside("shell", "--no-imports", "-c", asked)
        if json.loads(told.read_text()):
            sys.exit(1)


def measure(source: str, folder: str, told: str) -> None:
    """In the database: every format by every kind of file."""
    from curation.formats.registry import WRITTEN

    raw = [json.loads(line) for line in Path(source).read_text().splitlines()]
    taken = _take("trees", Path(source), "oasst")
    print(json.dumps({"format": "oasst", "step": "in", **taken}), flush=True)
    found = 0
    for format in WRITTEN.values():
        for kind in format.files:
            measured = there_and_back(format.key, kind, raw, Path(folder))
            found += measured["differences"]
            print(json.dumps(measured), flush=True)
    Path(told).write_text(json.dumps(found))


def there_and_back(key: str, kind: str, raw: list[Raw], folder: Path) -> dict[str, Any]:
    from curation.formats.registry import WRITTEN

    began = time.monotonic()
    slug = f"{key}-{kind}".replace("_", "-")
    once, twice = folder / f"{slug}.{kind}", folder / f"{slug}-again.{kind}"
    _write("trees", once, key)
    taken = _take(slug, once, key)
    _write(slug, twice, key)
    first, second = (list(_read(file, key)) for file in (once, twice))
    if key == "oasst":
        differences = sum(map(_unlike, raw, second)) + abs(len(raw) - len(second))
    elif key == "oasst_messages":
        differences = sum(map(_unlike, _flat(raw), second))
        differences += abs(sum(1 for _ in _flat(raw)) - len(second))
    else:
        said = Counter(_texts(row) for row in first)
        differences = (said - WANTED[key](raw)).total() + (WANTED[key](raw) - said).total()
        differences += _changed(first, second)
    return {
        "format": key, "file": kind, **taken, "rows": len(first),
        "differences": differences, "losses_declared": len(WRITTEN[key].losses),
        "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip


def _take(slug: str, file: Path, key: str) -> dict[str, Any]:
    from curation.actions import datasets, imports
    from curation.formats import rows
    from curation.models import Contributor, Conversation, Message

    by = Contributor.objects.filter(email=ADMIN).first()
    by = by or Contributor.objects.create_superuser(ADMIN, "x")
    dataset = datasets.create(slug=slug, title=slug, shape="conversations",
                              guideline="Be kind.", policy={}, by=by)  # fmt: skip
    with file.open("rb") as opened:
        report = imports.import_rows(
            dataset=dataset, rows=partial(rows.of_file, opened, rows.kind_of(file.name)),
            format=key, by=by,
        )  # fmt: skip
    assert not report.bad, report.problems[:3]
    return {
        "trees": Conversation.objects.filter(dataset=dataset).count(),
        "messages": Message.objects.filter(conversation__dataset=dataset).count(),
    }


def _write(slug: str, file: Path, key: str) -> None:
    from curation import forest
    from curation.formats import written
    from curation.formats.registry import WRITTEN
    from curation.formats.rows import kind_of
    from curation.formats.trees import Terms
    from curation.models import Dataset

    dataset = Dataset.objects.get(slug=slug)
    found = forest.rows(dataset, WRITTEN[key], Terms(), states=forest.JUDGED)
    with file.open("wb") as out:
        written.write(out, found, WRITTEN[key], kind_of(file.name))


def _read(file: Path, key: str) -> Iterator[Raw]:
    """Rows as they stand in a file, cells of tables as what they are."""
    from curation.formats import rows
    from curation.formats.registry import WRITTEN

    def refuse(number: int, reason: object) -> None:
        raise AssertionError(f"{file.name}, row {number}: {reason}")

    with file.open("rb") as opened:
        there = rows.of_file(opened, rows.kind_of(file.name), refuse)
        for row in rows.named(there, WRITTEN[key]):
            yield {name: value for name, value in row.fields.items() if value is not None}


def _changed(first: list[Raw], second: list[Raw]) -> int:
    """Rows that are others the second time.

    As sets, as two equal answers to one question become one. Answers that stand only in
    what was said before come in as good ones: that is declared, too.
    """
    before = {_spelled(row) for row in first}
    said_before = set[Texts]()
    for row in first:
        prompt = row.get("prompt", [])
        said_before |= {_texts({"prompt": prompt[:end]}) for end in range(len(prompt))}
    return len(before - {*map(_spelled, second)}) + sum(
        _spelled(row) not in before
        and not (row.get("label") and _texts(row)[:-1] in said_before)
        for row in second
    )


# ---- what the trees call for -------------------------------------------------------------
def _unlike(first: Any, second: Any) -> int:
    """How many fields are not the same, at any depth."""
    if isinstance(first, dict) and isinstance(second, dict):
        missing = object()
        names = first.keys() | second.keys()
        return sum(
            _unlike(first.get(name, missing), second.get(name, missing)) for name in names
        )
    if isinstance(first, list) and isinstance(second, list):
        return sum(_unlike(a, b) for a, b in zip_longest(first, second))
    return int(first != second or type(first) is not type(second))


def _flat(raw: list[Raw]) -> Iterator[Raw]:
    """Every message a row, emojis side by side, with what is said of its tree."""
    for tree in raw:
        around = {name: value for name, value in tree.items() if name != "prompt"}
        for path in _paths(tree["prompt"]):
            row = {name: value for name, value in path[-1].items() if name != "replies"}
            if "emojis" in row:
                emojis = row["emojis"]
                row["emojis"] = {"name": list(emojis), "count": list(emojis.values())}
            if "labels" in row:
                labels = row["labels"]
                row["labels"] = {"name": list(labels)} | {
                    side: [one[side] for one in labels.values()]
                    for side in ("value", "count")
                }
            yield row | around


def _paths(prompt: Raw, above: tuple[Raw, ...] = ()) -> Iterator[tuple[Raw, ...]]:
    yield (*above, prompt)
    for reply in prompt["replies"]:
        yield from _paths(reply, (*above, prompt))


def _answers(raw: list[Raw]) -> Iterator[tuple[Raw, ...]]:
    for tree in raw:
        yield from (p for p in _paths(tree["prompt"]) if p[-1]["role"] == "assistant")


def _said(path: tuple[Raw, ...]) -> Texts:
    return tuple(one["text"] for one in path)


def _pairs(raw: list[Raw]) -> Counter[Texts]:
    firsts = (path for path in _answers(raw) if len(path) == 2)
    return Counter(_said(path) for path in firsts)


def _chats(raw: list[Raw]) -> Counter[Texts]:
    def is_last(path: tuple[Raw, ...]) -> bool:
        below = (p[len(path) :] for p in _paths(path[-1], path[:-1]))
        return not any(one["role"] == "assistant" for rest in below for one in rest)

    return Counter(_said(path) for path in _answers(raw) if is_last(path))


def _ranked(prompt: Raw) -> list[Raw]:
    return [one for one in prompt["replies"] if one.get("rank") is not None]


def _preferences(raw: list[Raw]) -> Counter[Texts]:
    found = Counter[Texts]()
    for tree in raw:
        for path in _paths(tree["prompt"]):
            if path[-1]["role"] == "prompter":
                ranked = sorted(_ranked(path[-1]), key=lambda one: one["rank"])
                for a, b in combinations(ranked, 2):
                    if a["rank"] < b["rank"]:
                        found[(*_said(path), a["text"], b["text"])] += 1
    return found


def _judged(raw: list[Raw]) -> Counter[Texts]:
    found = Counter[Texts]()
    for path in _answers(raw):
        ranks = [one["rank"] for one in _ranked(path[-2])]
        label: bool | None = path[-1].get("review_result")
        if "rank" in path[-1] and len(set(ranks)) > 1:
            rank = path[-1]["rank"]
            label = {min(ranks): True, max(ranks): False}.get(rank)
        if label is not None:
            found[(*_said(path), label)] += 1
    return found


WANTED: dict[str, Callable[[list[Raw]], Counter[Texts]]] = {
    "dolly": _pairs,
    "alpaca": _pairs,
    "chat": _chats,
    "sharegpt": _chats,
    "prompt_completion": lambda raw: Counter(_said(path) for path in _answers(raw)),
    "preference": _preferences,
    "unpaired": _judged,
}


def _texts(row: Raw) -> Texts:
    """All that a row says, turn by turn; empty fields say nothing."""
    found: list[Any] = []
    for name, value in row.items():
        if isinstance(value, list):
            found += [turn.get("content", turn.get("value")) for turn in value]
        elif name != "category" and value != "":
            found.append(value)
    return tuple(found)


def _spelled(row: Raw) -> str:
    return json.dumps({k: v for k, v in row.items() if v != ""}, sort_keys=True)


if __name__ == "__main__":
    main()
