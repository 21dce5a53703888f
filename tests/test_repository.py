"""What the papers say is what the code has."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from config.places import ROOT

README = (ROOT / "README.md").read_text()
OPERATORS = (ROOT / "docs" / "operators.md").read_text()
DOCS = README + "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
OURS = ("config", "curation", "annotate", "trainer")


def sources():
    for app in OURS:
        yield from (p for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)


def test_the_readme_names_every_make_target():
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    missing = [name for name in targets if f"make {name}" not in README and name != "help"]

    assert missing == []


def test_the_operators_guide_names_every_environment_variable():
    names = {
        name
        for path in sources()
        for name in re.findall(r"env_\w+\(\s*\"([A-Z_]+)\"", path.read_text())
    }
    # The mail server's are named together, by their last part.
    short = {f"_{name.rpartition('_')[2]}" for name in names if "EMAIL" in name}
    named = {name for name in names if "EMAIL" not in name} - {"PORT", "VERBOSE"}

    assert "WINNOW_SECRET_KEY" in names
    assert [name for name in sorted(named | short) if name not in OPERATORS] == []


def test_the_operators_guide_names_every_beat_job():
    jobs = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert [job for job in sorted(jobs) if job not in OPERATORS] == []


def test_the_docs_name_every_command():
    commands = {
        path.stem
        for app in OURS
        for path in (ROOT / app).glob("management/commands/*.py")
        if path.stem != "__init__"
    }

    assert [name for name in sorted(commands) if name not in DOCS] == []


@pytest.mark.parametrize("path", list(sources()), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_longer_than_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


def test_no_file_of_tests_is_longer_than_400_lines():
    there = [path for path in (ROOT / "tests").rglob("*.py") if path.stem != "__init__"]

    assert len(there) > 100
    assert [str(p) for p in there if len(p.read_text().splitlines()) > 400] == []
