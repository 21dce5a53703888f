"""Files imported by programs."""

from __future__ import annotations

import json

import pytest
from django.utils.timezone import now

from curation import tasks
from curation.models import Conversation, Import
from tests.factories import ContributorFactory, DatasetFactory
from tests.programs import Program, hostile, refused_fields

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.VERSIONS_DIR, settings.TRANSFERS_DIR = tmp_path / "kept", tmp_path / "own"
    settings.VERSIONS_DIR.mkdir()
    return settings.VERSIONS_DIR


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def path(dataset):
    return f"datasets/{dataset.slug}/imports/"


@pytest.fixture
def curator(dataset):
    return Program(ContributorFactory(member=dataset, member__roles=["curator"]))


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


GOOD = {"instruction": "Why?", "response": "Because."}
BAD = {"instruction": "What?", "response": ""}


def test_a_file_is_sent_started_and_followed(curator, path, dataset):
    sent = curator.post(f"{path}?name=pairs.jsonl", lines(GOOD, BAD))

    assert sent.status_code == 201, sent.content
    received = sent.json()
    assert (received["state"], received["file_name"]) == ("choosing", "pairs.jsonl")
    assert received["guess"]["columns"] == ["instruction", "response"]
    one = f"{path}{received['id']}/"
    started = curator.post(f"{one}start/", {"format": "dolly", "as_state": "submitted"})
    assert started.json()["state"] == "waiting", started.content
    assert curator.post(f"{one}start/", {}).status_code == 409
    tasks.take_import(import_id=received["id"])
    done = curator.get(one).json()
    assert (done["state"], done["conversations"], done["refused"]) == ("done", 1, 1)
    (refused,) = curator.get(f"{one}refusals/").json()["results"]
    assert refused["line"] == 2 and refused["reason"]
    (listed,) = curator.get(path).json()["results"]
    assert listed["id"] == received["id"]
    assert Conversation.objects.get().dataset == dataset
    assert curator.post(f"{one}cancel/").status_code == 409


def test_why_it_failed_is_said_in_the_language_of_who_asks(curator, path):
    sent = curator.post(f"{path}?name=pairs.jsonl", lines(GOOD)).json()
    why = "Something went wrong. See the log."
    Import.objects.update(state="failed", why=why, ended_at=now())

    answer = curator.get(f"{path}{sent['id']}/", **{"accept-language": "de"})
    assert answer.json()["why"] == "Etwas ist schiefgegangen. Näheres steht im Protokoll."


def test_what_cannot_be_read_is_refused_and_kept_nowhere(curator, path, place):
    for body, kind in [
        (b"", "application/octet-stream"), (b"\0\xff", "application/octet-stream"),
        (lines(GOOD), "multipart/form-data; boundary=x"),
    ]:  # fmt: skip
        answer = curator.client.post(
            f"/api/v1/{path}", body, content_type=kind,
            headers={"authorization": f"Bearer {curator.secret}"},
        )  # fmt: skip
        assert answer.status_code in (409, 415), answer.content
    assert not Import.objects.exists() and list(place.iterdir()) == []
    assert refused_fields(curator.post(f"{path}?format=dolly", lines(GOOD))) == {"format"}


def test_a_file_is_called_off(curator, path):
    one = f"{path}{curator.post(path, lines(GOOD)).json()['id']}/"

    assert curator.post(f"{one}cancel/").json()["state"] == "cancelled"
    assert curator.post(f"{one}start/", {}).status_code == 409
    for body in hostile("format"):
        assert curator.post(f"{one}start/", body).status_code == 400
    assert refused_fields(curator.post(f"{one}start/", {"kind": "x"})) == {"kind"}


def test_it_is_for_curators_with_the_scope(dataset, curator, path):
    one = f"{path}{curator.post(path, lines(GOOD)).json()['id']}/"
    reviewer = Program(ContributorFactory(member=dataset, member__roles=["reviewer"]))
    person = ContributorFactory(member=dataset, member__roles=["curator"])
    reads = Program(person, "read", "work")

    for address in (path, one, f"{one}refusals/"):
        assert reviewer.get(address).status_code == 404
    for address in (path, f"{one}start/", f"{one}cancel/"):
        assert reviewer.post(address, {}).status_code == 404
        assert reads.post(address, {}).status_code == 403
    assert reads.get(one).status_code == 200
