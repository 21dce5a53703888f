"""A record moves to a clean database, and gives the same versions there.

`make bench NAME=moving`, or with TREES=file of Open Assistant's trees. A PostgreSQL of its
own takes the file in, freezes it and exports the record; it is destroyed, and another one
takes in what was exported and freezes the same. One JSON line each: how many trees,
messages and examples, the version's digest, the SHA-256 over all of its files, seconds. A
last one says whether both are equal; where they are not, the command fails.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.copies import Corpus
from benchmarks.duplicates import database, inside

OWN_TREES = 100
RECIPE = {"pairs": "all", "edits": True, "with_models": True}
ADMIN = "admin@bench.example"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="winnow-moving-") as folder:
        file = Path(os.environ.get("TREES") or made_trees(Path(folder) / "trees.jsonl"))
        record = Path(folder) / "record.jsonl"
        found = []
        for place, source in (("here", file), ("there", record)):
            told = Path(folder) / f"{place}.json"
            with database(f"moving-{place}"):
                call = f"moving.take({str(source)!r}, {str(record)!r}, {str(told)!r})"
                asked = f"from benchmarks import moving; {call}"
                inside("shell", "--no-imports", "-c", asked)
            found.append(json.loads(told.read_text()))
            print(json.dumps({"place": place, **found[-1]}), flush=True)
    here, there = found
    same = ("trees", "messages", "examples", "digest", "files_sha256")
    equal = {name: here[name] == there[name] for name in same}
    print(json.dumps({"equal": all(equal.values()), **equal}))
    if not all(equal.values()):
        sys.exit(1)


def take(source: str, record: str, told: str) -> None:
    """In one of the databases: what a file becomes, written to another one."""
    from curation import handoff
    from curation.actions import datasets, departures, imports, moving, versions
    from curation.formats.rows import lines_of
    from curation.models import Contributor, Conversation, Message

    by = Contributor.objects.create_superuser(ADMIN, "x")
    dataset = datasets.create(slug="trees", title="Trees", shape="conversations",
                              guideline="Be kind.", policy={}, by=by)  # fmt: skip
    began = time.perf_counter()
    if source == record:
        with Path(source).open("rb") as file:
            moving.import_record(dataset=dataset, lines=file, by=by)
    else:
        with Path(source).open("rb") as file:
            lines = lines_of(file)
            imports.import_lines(dataset=dataset, lines=lines, format="oasst", by=by)
    version = versions.freeze(dataset_id=dataset.pk, by=by, recipe=RECIPE)
    folder = handoff.files(version.pk)
    assert versions.verify(version) == []
    if source != record:
        exported = departures.export_lines(dataset=dataset, by=by)
        Path(record).write_bytes(b"".join(exported))
    found: dict[str, Any] = {
        "trees": Conversation.objects.count(),
        "messages": Message.objects.count(),
        "examples": version.item_count,
        "pairs": _rows(folder, "pairs"),
        "digest": version.digest,
        "files_sha256": _hash_of(folder),
        "seconds": round(time.perf_counter() - began, 1),
    }
    Path(told).write_text(json.dumps(found))


def _rows(folder: Path, kind: str) -> int:
    rows = json.loads((folder / "manifest.json").read_text())["rows"]
    counted: int = rows[f"{kind}_train"] + rows[f"{kind}_held_out"]
    return counted


def _hash_of(folder: Path) -> str:
    everything = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        everything.update(path.name.encode() + b"\0" + path.read_bytes())
    return everything.hexdigest()


# ---- trees that nobody wrote -----------------------------------------------------------
def made_trees(path: Path) -> Path:
    """Of the shape of Open Assistant's export: ranked answers, some of them continued."""
    corpus, chance = Corpus(), Random(1)
    numbers = iter(range(10**9))

    def node(role: str, depth: int, **fields: Any) -> dict[str, Any]:
        number = next(numbers)
        message_id = str(uuid.UUID(int=number))
        other = "assistant" if role == "prompter" else "prompter"
        count = 0 if depth == 0 else 3 if role == "prompter" else chance.choice((0, 0, 1))
        replies = [
            node(
                other,
                depth - 1,
                parent_id=message_id,
                **({"rank": place} if other == "assistant" else {}),
            )
            for place in range(count)
        ]
        return {
            "message_id": message_id, "text": corpus.text(number), "role": role,
            "lang": "en", "review_count": 3, "review_result": True, "deleted": False,
            "synthetic": False, "emojis": {"+1": number % 3},
            "labels": {"quality": {"value": number % 7 / 7, "count": 3}},
            "user_id": f"user-{number % 50}", "replies": replies, **fields,
        }  # fmt: skip

    with path.open("w", encoding="utf-8") as file:
        for _ in range(OWN_TREES):
            prompt = node("prompter", 3)
            tree = {"message_tree_id": prompt["message_id"], "prompt": prompt}
            tree["tree_state"] = "ready_for_export"
            file.write(json.dumps(tree) + "\n")
    return path


if __name__ == "__main__":
    main()
