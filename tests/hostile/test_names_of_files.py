"""No name of a file leads out of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as project

from tests.curation.pages import frozen, signed_in, url
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db
NAMES = [
    "../secret_key",
    "..%2f..%2fsecret_key",
    "..%252f..%252fsecret_key",
    "....//....//secret_key",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..\\..\\secret_key",
    "manifest.json%00.csv",
    "manifest.json/../../../secret_key",
    ".",
    "..",
    "secret",
]


@pytest.fixture
def secret(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    settings.RUNS_DIR = tmp_path / "runs"
    word = "nobody-may-read-this"
    for place in (tmp_path, tmp_path / "versions", tmp_path / "runs"):
        place.mkdir(exist_ok=True)
        for name in ("secret_key", "secret", "secret_key.jsonl"):
            (place / name).write_text(word)
    return word


@pytest.mark.parametrize("name", NAMES)
def test_it_is_no_file_of_a_version(client, secret, name):
    dataset = DatasetFactory()
    version = frozen(dataset)
    signed_in(client, is_staff=True)
    base = url("version", dataset.slug, version.number)

    for start in (base, f"{base}cards/", f"{base}exports/1/", "/models/runs/1/"):
        answer = client.get(start + name)
        said = b"".join(answer) if answer.streaming else answer.content
        assert secret.encode() not in said
        # Dots in an address are taken out before it is looked up: a page of ours, then.
        assert answer.status_code in (302, 301, 404) or name in (".", "..", "/etc/passwd")


def test_files_of_versions_have_names_of_ours_only(client, secret):
    dataset = DatasetFactory()
    version = frozen(dataset)
    signed_in(client, is_staff=True)

    page = client.get(url("version", dataset.slug, version.number) + "train.jsonl")

    assert page.status_code == 200 and page["Content-Disposition"].startswith("attachment")
    b"".join(page)
    kept = Path(project.VERSIONS_DIR)
    assert version.digest in {path.name for path in kept.iterdir()}
