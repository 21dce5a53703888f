"""Work on files while the store is slow or away, and what is cleared up after it."""

from __future__ import annotations

from time import monotonic, sleep

import pytest

from curation import stores
from curation.actions import importing, writing
from tests.curation.uploads import fresh, started
from tests.factories import ContributorFactory, DatasetFactory

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
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.mark.django_db(transaction=True)
def test_while_a_file_comes_from_the_store_its_worker_lives(dataset, curator, monkeypatch):
    found, fetch = started(dataset, curator), stores.Disk.folder
    monkeypatch.setattr(writing, "BEAT_SECONDS", 0.01)
    heard = []

    def slowly(*told, **named):
        begun, deadline = fresh(found).beat_at, monotonic() + 10
        while fresh(found).beat_at == begun and monotonic() < deadline:
            sleep(0.01)
        heard.append(fresh(found).beat_at > begun)
        return fetch(*told, **named)

    monkeypatch.setattr(stores.Disk, "folder", slowly)
    importing.run(found.pk)

    assert heard == [True]
    assert (fresh(found).state, fresh(found).of) == ("done", 6)
