"""Builds lines of files that people import, and imports them."""

from __future__ import annotations

import json
import uuid

from django.db import transaction

from curation.actions import imports, versions
from curation.formats import jsonl
from curation.formats.record import digest
from curation.formats.registry import FORMATS
from curation.formats.rows import named
from curation.formats.trees import Numbered
from tests.factories import ContributorFactory


def node(text, *replies, role="prompter", **fields):
    """One message; its replies get the other role."""
    return {
        "message_id": str(uuid.uuid5(uuid.NAMESPACE_URL, repr(text))),
        "text": text,
        "role": role,
        "lang": "en",
        "review_result": True,
        "replies": list(replies),
        **fields,
    }


def answer(text, *replies, **fields):
    return node(text, *replies, **{"role": "assistant", **fields})


def tree(prompt, **fields):
    """A line of the file."""
    found = {
        "message_tree_id": prompt["message_id"],
        "tree_state": "ready_for_export",
        "prompt": prompt,
        **fields,
    }
    return json.dumps(found).encode()


def read_line(line, *, format):
    """What a format makes of one line of JSON, or the BadLine that it is refused by."""

    def refuse(number, why):
        raise why

    rows = named([Numbered(1, jsonl.fields(line))], FORMATS[format])
    return [one.found for one in FORMATS[format].read(rows, refuse)]


def records_in_a_clean_place(dataset, *lines, **options):
    """The hash of the records that importing and freezing gives; nothing of it is kept.

    Not the version's digest: that has random salts in it, and no file from outside has.
    """
    with transaction.atomic():
        take(dataset, *lines, **options)
        admin = ContributorFactory(is_staff=True)
        version = versions.freeze(dataset_id=dataset.pk, by=admin)
        found = digest([record for _, record in versions.records(version)])
        transaction.set_rollback(True)
    return found


def take(dataset, *lines, format="oasst", **options):
    """Import these lines as one of the dataset's curators."""
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    lines = [
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    ]
    return imports.import_lines(
        dataset=dataset, lines=lines, format=format, by=curator, **options
    )
