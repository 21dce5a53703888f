from __future__ import annotations

import pytest

from curation.clean import checks, plugins
from curation.clean.check import Check, Reading
from curation.clean.checks import look
from curation.clean.sighting import Sighting

SEEN = Sighting("haiku", 1, 0.5, [], "It is a haiku.")
haiku = Check(name="haiku", version=1, label="Haiku", see=lambda reading: [SEEN])
several = [haiku, Check(name="sonnet", version=1, label="Sonnet", see=lambda reading: [])]
nothing: list[Check] = []


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", dict(checks.CHECKS))


@pytest.mark.parametrize("name", ["haiku", "several"])
def test_a_dotted_path_adds_a_check(name):
    plugins.load([f"{__name__}:{name}"])

    assert look(Reading("Old pond")).sightings == [SEEN]


@pytest.mark.parametrize(
    "path",
    ["", "haiku", "no.such.module:haiku", f"{__name__}:sonnet", f"{__name__}:nothing",
     f"{__name__}:SEEN"],
)  # fmt: skip
def test_a_path_to_no_check_is_named(path):
    with pytest.raises(plugins.BadPlugin, match="check"):
        plugins.load([path])
