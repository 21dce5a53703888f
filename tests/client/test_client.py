"""The client's verbs against the application itself."""

from __future__ import annotations

import json
import sys

import pytest

from curation import tasks
from curation.models import Freezing
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory
from trainer.models import Run as RunRow
from winnow import MissingExtra, NoKey, RunEnded, Unreachable, Winnow, WinnowError
from winnow.pushing import BYTES_AT_ONCE, ROWS_AT_ONCE, batches, push_rows, rows_of


@pytest.fixture
def handbook(winnow, frozen, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    return winnow.dataset(frozen.dataset.slug)


def test_a_version_is_known_by_number_digest_or_as_the_newest(handbook, frozen):
    for which in ("latest", 1, "1", frozen.digest):
        assert handbook.version(which).digest == frozen.digest
    with pytest.raises(WinnowError, match="no version “7”"):
        handbook.version(7)


def test_the_same_record_freezes_to_the_same_version(handbook, frozen, dataset):
    assert handbook.freeze().digest == frozen.digest
    prompt = MessageFactory(conversation=ConversationFactory(dataset=dataset))
    assert prompt.pk and handbook.freeze(progress=False).number == 1


def test_a_large_dataset_is_waited_for(handbook, frozen, dataset, monkeypatch):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    ReplyFactory(parent=prompt, accepted=True)
    monkeypatch.setattr("curation.actions.freezing.is_large", lambda _dataset: True)
    monkeypatch.setattr(
        "winnow.wire.sleep",
        lambda _s: tasks.freeze_version(freezing_id=Freezing.objects.get().pk),
    )

    assert handbook.freeze().number == 2


def test_messages_come_lazily_and_narrowed(handbook, frozen):
    prompts = list(handbook.messages(role="prompter", state="accepted"))

    assert len(prompts) == 10
    assert {one["role"] for one in prompts} == {"prompter"}
    assert handbook.facts()["slug"] == frozen.dataset.slug


def test_records_are_kept_for_the_next_time(handbook, frozen, tmp_path):
    version = handbook.version()
    first = list(version.records("held_out"))

    kept = tmp_path / "cache" / version.digest / "held_out.jsonl"
    written = kept.stat().st_mtime_ns
    assert (len(first), len(list(version.records()))) == (4, 6)
    assert list(version.records("held_out")) == first
    assert kept.stat().st_mtime_ns == written
    kept.write_text("spoilt")
    assert list(version.records("held_out")) == first


def test_a_version_becomes_a_table(handbook):
    frame = handbook.version().to_pandas()

    assert dict(frame.groupby("split").size()) == {"train": 6, "held_out": 4}
    assert len(handbook.version().to_pandas("train")) == 6


def test_what_is_missing_is_named_with_how_to_get_it(handbook, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(MissingExtra, match=r"winnow-client\[pandas\]"):
        handbook.version().to_pandas()


def test_a_run_is_steered(handbook, winnow, base):
    run = handbook.version().train("test-base", steps=20, max_length=600)

    assert (run.state, run.of, run.phase) == ("queued", 20, "")
    assert run.pause().state == "paused"
    with pytest.raises(RunEnded, match="is paused"):
        run.wait(progress=False)
    assert run.retry().state == "queued"
    assert run.cancel().state == "cancelled"
    assert [one.id for one in winnow.runs(state="cancelled")] == [run.id]
    assert RunRow.objects.get().config["max_length"] == 600
    assert (run.evaluation(), list(run.samples())) == (None, [])


def test_a_run_is_followed_to_its_model(handbook, winnow, base, worker, tmp_path):
    run = handbook.version().train("test-base", steps=4)

    told = [str(event) for event in run.follow(progress=True)]

    assert told[0] == "queued" and told[-1] == "finished"
    assert "step 2: held_out_loss 1.5" in told and "step 4 of 4" in told
    assert len(told) == len(set(told)), "nothing is told twice"
    assert winnow.run(run.id).wait().evaluation()["loss_after"] == 0.5
    folder = run.pull(tmp_path / "adapter", progress=False)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["adapter_config.json", "adapter_model.safetensors"]


def test_without_a_key_it_says_what_to_do():
    with pytest.raises(NoKey, match="winnow login"):
        Winnow()
    with pytest.raises(NoKey, match="no address"):
        Winnow("file:///etc", "winnow_x")


def test_batches_are_no_larger_than_a_request():
    rows = [{"text": "x" * 1000} for _ in range(2500)]
    found = list(batches(iter(rows), 2000))

    assert [row for batch in found for row in batch] == rows
    assert all(len(json.dumps(batch)) <= BYTES_AT_ONCE + 2 for batch in found)
    assert [len(one) for one in batches(({"n": n} for n in range(5)), 2)] == [2, 2, 1]
    assert list(batches(iter([]), 2)) == []


def test_lines_are_those_of_the_file_and_an_error_has_what_was_taken_before(tmp_path):
    class Busy:
        def post(self, path, body):
            if len(body["rows"]) < ROWS_AT_ONCE:
                raise Unreachable("Gone.")
            told = dict.fromkeys(("conversations", "messages", "rankings", "unchanged"), 1)
            return told | {"bad": 1, "problems": [{"line": 2, "reason": "x"}]}

    there = tmp_path / "rows.jsonl"
    there.write_text('{"a": 1}\n\n\n' + '{"a": 2}\n' * ROWS_AT_ONCE)

    with pytest.raises(Unreachable) as raised:
        push_rows(Busy(), "rows/", rows_of(there), {})

    assert raised.value.so_far.problems == [{"line": 4, "reason": "x"}]
    assert raised.value.so_far.conversations == 1


def test_a_file_that_is_no_json_names_its_line(tmp_path):
    there = tmp_path / "rows.jsonl"
    there.write_text('\ufeff{"a": 1}\n\n{"a": \n')

    rows = rows_of(there)

    assert next(rows) == (1, {"a": 1})
    with pytest.raises(WinnowError, match="line 3: no JSON"):
        next(rows)
    there.write_text("[1]\n")
    with pytest.raises(WinnowError, match="line 1: no JSON object"):
        list(rows_of(there))
