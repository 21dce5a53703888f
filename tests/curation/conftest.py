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
