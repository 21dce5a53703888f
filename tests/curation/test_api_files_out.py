"""The record in a format of others, and the whole of it as an archive, by programs."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest

from curation import tasks
from curation.actions import writing
from curation.models import Archiving, Extract
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.programs import Program, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places(settings, tmp_path, monkeypatch):
    settings.VERSIONS_DIR = tmp_path / "versions"
    # The pulse has a connection of its own, which sees no row of the test's transaction.
    monkeypatch.setattr(writing, "BEAT_SECONDS", 600)


@pytest.fixture
def dataset():
    dataset = DatasetFactory()
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset, text="Which?")
    ReplyFactory(parent=prompt, accepted=True, text="Blue.")
    return dataset


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/"


@pytest.fixture
def curator(dataset):
    return Program(ContributorFactory(member=dataset, member__roles=["curator"]))


def fetched(program, path, sha256):
    """The whole, and the rest of it from the third byte on."""
    whole = program.get(path)
    content = b"".join(whole.streaming_content)
    assert hashlib.sha256(content).hexdigest() == sha256
    rest = program.get(path, range="bytes=3-", **{"if-range": whole["ETag"]})
    assert (rest.status_code, b"".join(rest.streaming_content)) == (206, content[3:])
    return content


def test_the_live_record_is_written_and_fetched(curator, here):
    sent = {"format": "dolly"}
    preview = curator.post(f"{here}extracts/preview/", sent).json()["rows"]
    assert [row["response"] for row in preview] == ["Blue."]
    assert Extract.objects.count() == 0

    asked = curator.post(f"{here}extracts/", sent, key="k")

    assert (asked.status_code, asked.json()["state"]) == (201, "waiting"), asked.content
    assert (asked.json()["version"], asked.json()["is_renamed"]) == (None, True)
    assert curator.post(f"{here}extracts/", sent, key="k").json() == asked.json()
    one = f"{here}extracts/{asked.json()['id']}/"
    assert curator.get(f"{one}file/").status_code == 404
    tasks.write_extract(extract_id=asked.json()["id"])
    done = curator.get(one).json()
    assert (done["state"], done["rows"], done["has_file"]) == ("done", 1, True)
    content = fetched(curator, f"{one}file/", done["sha256"])
    assert json.loads(content)["response"] == "Blue."
    assert curator.post(f"{one}cancel/").status_code == 409  # it has ended
    assert len(curator.get(f"{here}extracts/").json()["results"]) == 1


def test_what_cannot_be_written_is_said_by_field(curator, here):
    for sent, fields in (
        ({"format": "dolly", "is": True}, {"is"}),
        ({"format": "x", "kind": "csw", "pairs": "few"}, {"format", "kind", "pairs"}),
        ({"format": "chat", "version": 7}, {"version"}),
        ({"format": "oasst", "kind": "csv"}, {"kind"}),
    ):
        assert refused_fields(curator.post(f"{here}extracts/", sent)) == fields
    asked = curator.post(f"{here}extracts/", {"format": "chat"}).json()
    called_off = curator.post(f"{here}extracts/{asked['id']}/cancel/")
    assert called_off.json()["state"] == "cancelled"


def test_an_archive_is_made_fetched_and_destroyed(curator, here):
    asked = curator.post(f"{here}archives/", {"has_names": False})

    assert (asked.status_code, asked.json()["has_names"]) == (201, False), asked.content
    assert curator.post(f"{here}archives/", {}).status_code == 409  # one at a time
    one = f"{here}archives/{asked.json()['id']}/"
    assert curator.get(f"{one}file/").status_code == 404
    tasks.make_archive(archiving_id=asked.json()["id"])
    made = curator.get(one).json()
    assert (made["state"], made["has_file"]) == ("done", True)
    content = fetched(curator, f"{one}file/", made["sha256"])
    assert len(content) == made["size"]
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert curator.post(f"{one}cancel/").status_code == 409
    assert curator.delete(one).status_code == 204
    assert curator.get(f"{one}file/").status_code == 404
    assert Archiving.objects.get().forgotten_at
    assert curator.get(one).json()["has_file"] is False
