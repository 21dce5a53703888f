"""A version's lines for other eyes: under the names of one export, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BufferedIOBase
from itertools import islice

from curation import handoff
from curation.formats.pseudonyms import Pseudonyms, Written
from curation.formats.record import canonical
from curation.models import Export, Message

LINES_AT_ONCE = 500


def pseudonymous(export: Export, split: str) -> Iterator[bytes]:
    """The lines of one side of a version under the names of this export.

    They come from the version's files, so what was erased since is not in them. Refuses
    before the first line, or not at all.
    """
    file = handoff.open_file(export.version_id, f"{split}.jsonl")
    return _renamed(file, Pseudonyms(bytes(export.key)))


def _renamed(file: BufferedIOBase, names: Pseudonyms) -> Iterator[bytes]:
    with file:
        while lines := list(islice(file, LINES_AT_ONCE)):
            records = [json.loads(line) for line in lines]
            written = _written({one[key] for one in records for key in ("id", "prompt_id")})
            for record in records:
                yield canonical(names.line(record, written)) + b"\n"


def _written(uids: set[str]) -> dict[str, Written]:
    rows = Message.objects.filter(uid__in=uids).values_list("uid", "author", "created_at")
    return {str(uid): Written(str(author or ""), at) for uid, author, at in rows}
