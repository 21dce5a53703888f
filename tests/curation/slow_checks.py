"""A check that sees capitals, one that is broken, and a look at all texts."""

from __future__ import annotations

import pytest

from curation.actions import rechecks
from curation.clean import checks
from curation.clean.check import Check, Unavailable
from curation.clean.sighting import Sighting
from curation.models import Finding


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", dict(checks.CHECKS))


def shout(version=1, score=0.9, **fields):
    """A check that sees capitals, in place of an older version of itself."""
    asked = []

    def see(reading):
        asked.append(reading.text)
        if reading.text.isupper():
            yield Sighting("shout", version, score, [(0, 5)], f"Shouted {version}.")

    checks.CHECKS.pop("shout", None)
    checks.register(Check(name="shout", version=version, label="Shout", see=see, **fields))
    return asked


def broken(**fields):
    def see(reading):
        raise Unavailable("it is closed on Sundays")

    checks.register(Check(name="closed", version=1, label="Closed", see=see, **fields))


def check_all(**wanted):
    rechecks.note_new(is_thorough=True)
    return rechecks.catch_up(**wanted)


def found():
    rows = Finding.objects.order_by("pk")
    return list(rows.values_list("check_name", "check_version"))
