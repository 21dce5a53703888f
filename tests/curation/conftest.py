"""What the tests of one folder share."""

from __future__ import annotations

import pytest

# pytest may read this file before Django is set up, so what has models is imported late.


@pytest.fixture
def embedder(settings):
    """A server that turns texts into vectors, as the settings name it."""
    from tests.curation.meanings import configure
    from tests.embedder import serving

    with serving() as fake:
        configure(settings, fake)
        yield fake


@pytest.fixture
def in_this_process(monkeypatch):
    """Files from outside are unfolded here, not in a process with little memory."""
    from curation import unfolded
    from curation.formats.unfolding import unfold

    monkeypatch.setattr(unfolded, "_child", lambda order, watch: unfold(order))


@pytest.fixture(scope="module")
def server():
    """A server on loopback that webhooks can be sent to."""
    from tests.receiver import receiving

    with receiving() as receiver:
        yield receiver


@pytest.fixture
def receiver(server):
    """The same, that heard nothing yet and says yes."""
    server.heard.clear()
    server.says()
    return server


@pytest.fixture(scope="module")
def made_elsewhere(django_db_setup, django_db_blocker, tmp_path_factory):
    """Does something in a database of which nothing is left, with files of its own."""
    from django.test import override_settings

    from tests.curation.test_moving import in_a_place_of_its_own

    def make(work):
        kept = override_settings(VERSIONS_DIR=tmp_path_factory.mktemp("elsewhere"))
        with django_db_blocker.unblock(), kept:
            return in_a_place_of_its_own(work)

    return make
