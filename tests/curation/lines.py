"""Builds lines of files that people import, and imports them."""

from __future__ import annotations

import json
import uuid

from django.db import transaction

from curation.actions import imports, versions
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


def digest_in_a_clean_place(dataset, *lines, **options):
    """Import and freeze, then take everything back; only the database's numbers move on."""
    with transaction.atomic():
        take(dataset, *lines, **options)
        admin = ContributorFactory(is_staff=True)
        version = versions.freeze(dataset_id=dataset.pk, by=admin)
        transaction.set_rollback(True)
    return version.digest


def take(dataset, *lines, format="oasst", **options):
    """Import these lines as one of the dataset's curators."""
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    lines = [
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    ]
    return imports.import_lines(
        dataset=dataset, lines=lines, format=format, by=curator, **options
    )
