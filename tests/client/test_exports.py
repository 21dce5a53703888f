"""The live record and archives, taken home; and what is new."""

from __future__ import annotations

import json
import zipfile

import pytest

from curation import tasks
from curation.actions import notices, writing
from curation.models import Archiving, Extract, Message
from winnow import WinnowError


@pytest.fixture
def handbook(winnow, frozen, settings, tmp_path, monkeypatch):
    """Each time that somebody waits, a worker does what was asked for last."""
    settings.VERSIONS_DIR = tmp_path / "versions"
    # The pulse has a connection of its own, which sees no row of the test's transaction.
    monkeypatch.setattr(writing, "BEAT_SECONDS", 600)

    def work(_seconds):
        for found in Extract.objects.filter(state="waiting"):
            tasks.write_extract(extract_id=found.pk)
        for found in Archiving.objects.filter(state="waiting"):
            tasks.make_archive(archiving_id=found.pk)

    monkeypatch.setattr("winnow.wire.sleep", work)
    return winnow.dataset(frozen.dataset.slug)


def test_the_record_is_written_waited_for_and_fetched(handbook, tmp_path):
    pytest.importorskip("pandas")
    file = handbook.export(tmp_path / "home" / "rows.jsonl", "dolly")

    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 10 and rows[0].keys() >= {"instruction", "response"}
    frame = handbook.to_pandas("dolly", version=1)
    assert set(frame["response"]) == {row["response"] for row in rows}
    assert handbook.export(tmp_path / "rows.csv", "dolly").read_text().count("\n") > 10
    asked = Extract.objects.order_by("pk").values_list("kind", "version__number")
    assert list(asked) == [("jsonl", None), ("jsonl", 1), ("csv", None)]


def test_an_archive_is_fetched_and_a_failure_is_told(handbook, tmp_path, monkeypatch):
    file = handbook.archive(tmp_path / "handbook.zip", has_names=False)
    assert zipfile.is_zipfile(file)

    monkeypatch.setattr(
        "winnow.wire.sleep",
        lambda _s: Archiving.objects.filter(state="waiting").update(
            state="failed", why="The disk is full.", ended_at="2026-01-01T00:00Z"
        ),
    )
    with pytest.raises(WinnowError, match="The disk is full"):
        handbook.archive(tmp_path / "again.zip")


def test_news_and_figures(winnow, handbook, curator):
    text = Message.objects.filter(role="assistant").first()
    for kind in ("complete", "reopened"):
        notices.tell(curator, kind, message=text)

    newest, *_older = winnow.notifications(unread=True)

    assert newest["kind"] == "reopened"
    assert (winnow.mark_read([newest["id"]]), winnow.mark_read()) == (1, 1)
    assert list(winnow.notifications(unread=True)) == []
    progress = handbook.figures("progress", days="all")
    assert progress["columns"][0]["kind"] == "text" and len(progress["rows"]) == 1
