"""Cards of a version: what is behind it as files, each in a form that others read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from curation import facts
from curation.formats.consent_summary import consent_summary
from curation.formats.croissant import croissant
from curation.formats.dataset_card import dataset_card
from curation.formats.datasheet import datasheet
from curation.formats.facts import Facts
from curation.models import DatasetVersion


def _croissant(known: Facts) -> str:
    return json.dumps(croissant(known), indent=2, ensure_ascii=False) + "\n"


# Name of a file to what makes it, and its type.
CARDS: dict[str, tuple[Callable[[Facts], str], str]] = {
    "README.md": (dataset_card, "text/markdown"),
    "croissant.json": (_croissant, "application/ld+json"),
    "datasheet.md": (datasheet, "text/markdown"),
    "consent.md": (consent_summary, "text/markdown"),
}


class Card(NamedTuple):
    file_name: str
    text: str
    kind: str


def card(version: DatasetVersion, name: str) -> Card:
    """One of CARDS, with the version's files, which are written where they are not yet."""
    make, kind = CARDS[name]
    named = f"{version.dataset.slug}-v{version.number}-{name}"
    return Card(named, make(facts.with_files(version)), kind)
