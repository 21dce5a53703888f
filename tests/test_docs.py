"""What the docs tell people to type is typed here."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class

from config.places import ROOT
from curation.models import Contributor, DatasetVersion
from trainer.models import Run

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(?:sh|bash)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def lines_of(page: Path) -> Iterator[str]:
    """What is typed on this page, a line each, comments left out."""
    for block in BLOCK.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            if typed := line.partition("  #")[0].strip():
                yield typed


def called(line: str) -> list[str]:
    """The arguments of `manage.py` in it; none where it is another program."""
    _, found, arguments = line.partition("manage.py ")
    return shlex.split(arguments.partition("|")[0]) if found else []


def commands() -> list[tuple[str, list[str]]]:
    known = get_commands()
    found = ((page, called(line)) for page in PAGES for line in lines_of(page))
    return [
        (str(page.relative_to(ROOT)), words)
        for page, words in found
        if words and words[0].islower() and known.get(words[0]) != "django.core"
    ]


@pytest.mark.parametrize(("page", "words"), commands(), ids=lambda one: str(one)[:60])
def test_a_command_of_the_docs_takes_these_arguments(page, words):
    name, *arguments = words
    command = load_command_class(get_commands()[name], name)

    command.create_parser("manage.py", name).parse_args(arguments)  # or it exits


def test_make_has_every_target_that_the_docs_name():
    named = {
        (page.name, words[1])
        for page in PAGES
        for words in map(str.split, (line for line in lines_of(page)))
        if words[0] == "make" and len(words) > 1 and words[1].islower()
    }

    assert ("tutorial.md", "up") in named
    assert [one for one in sorted(named) if one[1] not in TARGETS] == []


def test_what_the_docs_call_a_proof_is_there():
    named = {
        (page.name, path)
        for page in PAGES
        for path in re.findall(r"tests/[\w/]+\.py", page.read_text())
    }

    assert ("security.md", "tests/hostile/test_every_route.py") in named
    assert [one for one in sorted(named) if not (ROOT / one[1]).exists()] == []


@pytest.fixture
def folders(settings, tmp_path):
    for name in ("RUNS", "VERSIONS", "MODELS"):
        setattr(settings, f"{name}_DIR", tmp_path / name.lower())
        (tmp_path / name.lower()).mkdir()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_tutorial_goes_once_round(folders, warmed, monkeypatch):
    """Line by line; of the starter model, which `make up` makes, a poor one will do."""
    typed = list(lines_of(ROOT / "docs" / "tutorial.md"))
    password = next(line for line in typed if line.startswith("echo")).split('"')[1]
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("build_base", steps=25)

    said = {words[0]: call_command(*words) for line in typed if (words := called(line))}

    admin = Contributor.objects.get_by_natural_key("you@winnow.example")
    assert admin.is_superuser
    assert admin.check_password(password)
    version = DatasetVersion.objects.get(dataset__slug="handbook")
    assert version.train_count > 50
    assert "OK" in said["verify_version"]
    assert Run.objects.get().state == "finished"
    assert (Path(said["export_version"]) / "manifest.json").exists()
