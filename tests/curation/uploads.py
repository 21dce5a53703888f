"""Files as people send them to be imported."""

from __future__ import annotations

import json

from curation.actions import importing
from curation.models import Import


def lines(count, first=0):
    """Pairs, each third of them without an answer."""
    for number in range(first, first + count):
        row = {"instruction": f"Question {number}?", "response": f"Answer {number}."}
        if number % 3 == 2:
            row["response"] = ""
        yield json.dumps(row) + "\n"


def received(dataset, by, content=None, name="pairs.jsonl"):
    content = "".join(lines(6)).encode() if content is None else content
    return importing.receive(dataset=dataset, by=by, name=name, content=[content])


def started(dataset, by, content=None, name="pairs.jsonl", **fields):
    found = received(dataset, by, content, name)
    told = {"format": "dolly", "mapping": {}, "as_state": "accepted", **fields}
    return importing.start(import_id=found.pk, by=by, **told)


def fresh(found):
    return Import.objects.get(pk=found.pk)
