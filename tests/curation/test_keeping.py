"""What is dear to make is kept for all processes of a machine, and never in the way."""

from __future__ import annotations

import errno

import pytest
from django.core.cache import caches

from curation import charts, keeping
from curation.bars import Bar, upright


@pytest.fixture(autouse=True)
def nothing_kept_before(settings, tmp_path):
    kept = settings.CACHES["kept"] | {"LOCATION": tmp_path}
    settings.CACHES = settings.CACHES | {"kept": kept}


def drawn(value):
    return upright((Bar("A", value),), title="t", description="d", key="k")


def test_a_chart_is_drawn_once_for_all_processes(monkeypatch):
    first = drawn(3)
    monkeypatch.setattr(charts.vl_convert, "vegalite_to_svg", None)  # nobody draws now

    assert drawn(3) == first and "<svg" in first


def test_a_full_disk_takes_no_page_away(monkeypatch):
    def is_full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space")

    monkeypatch.setattr(type(caches["kept"]), "set", is_full)

    assert "<svg" in drawn(4)
    assert keeping.recall("x") is None
