"""docs/examples/set_wide.py: what it finds in an exported set, and that we take it."""

from __future__ import annotations

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from config.places import ROOT
from curation.actions import conversations, sets
from curation.models import ClusterMember, Finding
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
EXAMPLE = ROOT / "docs" / "examples" / "set_wide.py"
# One text in other words, which likeness is measured by runs of letters.
RAIN = (
    "Why does the rain that falls on the northern roofs of this town taste of salt, "
    "although the sea is more than sixty kilometres away from the last of its houses?"
)


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator", "writer"])


@pytest.fixture
def write(dataset, curator):
    def written(text):
        begun = conversations.write_prompt(dataset=dataset, by=curator, text=text)
        return begun.messages.get()

    return written


@pytest.fixture
def decided(dataset, curator, tmp_path):
    """Export, run the example as anybody would, give the file of decisions."""

    def run():
        sets.write(dataset=dataset, folder=tmp_path / "set", by=curator)
        file = tmp_path / "decisions.parquet"
        command = [sys.executable, EXAMPLE, tmp_path / "set", file, "--memory", "300MB"]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        rows = pq.read_table(file).to_pylist()
        assert sum(json.loads(ran.stdout).values()) == len(rows)
        return file, rows

    return run


def of(rows, check):
    return {row["record_id"]: row for row in rows if row["check"] == check}


def test_copies_are_proposed_and_wait_for_a_curator(write, decided, dataset, curator):
    first = write(RAIN)
    copy = write(RAIN.upper().replace(",", " ") + "!")
    edited = write(RAIN.replace("northern", "southern").replace("town", "city"))
    write("How many letters are there in the longest word that has only one vowel?")

    file, rows = decided()

    found = of(rows, "near_duplicate")
    assert set(found) == {str(copy.uid), str(edited.uid)}
    assert {one["evidence"] for one in found.values()} == {str(first.uid)}
    assert found[str(copy.uid)]["score"] == 1
    assert 0.8 <= found[str(edited.uid)]["score"] < 1
    call_command("import_decisions", dataset.slug, str(file), "--by", curator.email)
    waiting = ClusterMember.objects.filter(state="open", cluster__head=first)
    assert set(waiting.values_list("message", flat=True)) == {copy.pk, edited.pk}


def test_other_numbers_ask_for_something_else(write, decided):
    write(RAIN.replace("sixty", "60"))
    write(RAIN.replace("sixty", "90"))

    _file, rows = decided()

    assert of(rows, "near_duplicate") == {}


def test_a_text_of_another_length_gets_a_hint_that_is_taken(
    write, decided, dataset, curator
):
    for number in range(30):
        write(f"What is the use of the thing that they call number {number}?")
    long = write("Tell me all of it again, and leave out nothing at all. " * 60)

    file, rows = decided()

    assert set(of(rows, "odd_length")) == {str(long.uid)}
    call_command("import_decisions", dataset.slug, str(file), "--by", curator.email)
    finding = Finding.objects.get(check_name="set.odd_length")
    assert finding.message == long
    assert finding.advice == "3299 characters, where 62 are usual."


def test_links_to_the_same_place_are_counted_by_text(write, decided):
    linked = [
        write(f"What does https://www.pages.example/{number} say of the {number} towns?")
        for number in range(50)
    ]
    write("What does http://other.example/ say, and what http://other.example/more?")

    _file, rows = decided()

    found = of(rows, "common_link")
    assert set(found) == {str(one.uid) for one in linked}
    assert {one["evidence"] for one in found.values()} == {
        "It links to pages.example, as 50 texts do."
    }
