"""The client against the application itself, in one process and without a network."""

from __future__ import annotations

import httpx
import pytest

# As in tests/trainer: a version, a base model, and no torch.
from tests.trainer.conftest import (  # noqa: F401
    base,
    curator,
    dataset,
    finish,
    folders,
    frozen,
    request_run,
)
from winnow import Winnow
from winnow.wire import Wire

URL = "http://testserver"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """No settings of whoever runs the tests, and nobody waits."""
    for name in ("WINNOW_URL", "WINNOW_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for kind in ("config", "cache"):
        folder = tmp_path / kind
        monkeypatch.setattr(
            f"platformdirs.user_{kind}_path", lambda _name, folder=folder: folder
        )
    monkeypatch.setattr("winnow.wire.sleep", lambda _seconds: None)


@pytest.fixture
def server(db, monkeypatch):
    """Whoever connects reaches this application."""
    from django.core.signals import request_finished, request_started
    from django.core.wsgi import get_wsgi_application
    from django.db import close_old_connections

    signals = (request_started, request_finished)
    for signal in signals:  # a request would end the test's transaction
        signal.disconnect(close_old_connections)
    inside = httpx.WSGITransport(app=get_wsgi_application())
    monkeypatch.setattr(
        "winnow.client.Wire",
        lambda url, token, transport=None: Wire(url, token, transport=transport or inside),
    )
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def token(curator):  # noqa: F811
    from curation.actions import tokens

    scopes = ["read", "curate", "train"]
    return tokens.issue(by=curator, name="x", scopes=scopes, days=1)[1]


@pytest.fixture
def winnow(server, token):
    with Winnow(URL, token) as there:
        yield there


@pytest.fixture
def worker(folders, monkeypatch):  # noqa: F811
    """Each time that somebody waits, a trainer worker does a piece of the newest run."""
    from tests.client.work import piece

    monkeypatch.setattr("winnow.wire.sleep", lambda _seconds: piece())
