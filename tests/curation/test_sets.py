"""A whole dataset out as Parquet, and what was seen in it back as proposals."""

from __future__ import annotations

import hashlib
import json
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils.timezone import now

from curation.actions import (
    clusters,
    conversations,
    decisions,
    rechecks,
    sets,
    withdrawals,
)
from curation.errors import BadLine, CurationError, NotAllowed
from curation.formats import exchange
from curation.formats.exchange import DECISIONS, revision
from curation.models import Cluster, ClusterMember, Event, Finding, Message
from tests.factories import ContributorFactory, DatasetFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator", "writer"])


@pytest.fixture
def prompts(dataset, curator):
    for number in range(3):
        text = f"Why does the rain fall on the roof of house number {number} at night?"
        conversations.write_prompt(dataset=dataset, by=curator, text=text)
    return list(Message.objects.order_by("pk"))


def row(message, **fields):
    return {
        "record_id": str(message.uid),
        "revision": revision(message.text, message.context),
        "check": "model_x",
        "check_version": 3,
        "score": 0.75,
        "verdict": "hint",
        "evidence": "This may be copied.",
        **fields,
    }


@pytest.fixture
def take(dataset, curator, tmp_path):
    def taken(*rows):
        path = tmp_path / "decisions.parquet"
        pq.write_table(pa.Table.from_pylist(list(rows), schema=DECISIONS), path)
        return decisions.take(dataset=dataset, path=path, by=curator)

    return taken


def test_records_and_sketches_leave_in_shards(
    dataset, curator, prompts, tmp_path, monkeypatch
):
    monkeypatch.setattr(sets, "ROWS_A_FILE", 2)
    gone = ReplyFactory(parent__conversation__dataset=dataset, text="Taken back.")
    withdrawals.take_back(message_id=gone.pk, by=gone.author)

    manifest = sets.write(dataset=dataset, folder=tmp_path / "set", by=curator)

    assert manifest == json.loads((tmp_path / "set/manifest.json").read_text())
    rows = []
    for one in manifest["files"]:
        content = (tmp_path / "set" / one["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
        found = pq.read_table(tmp_path / "set" / one["path"]).to_pylist()
        assert len(found) == one["rows"] <= 2
        rows += found if one["path"].startswith("records/") else []
    assert len(rows) == 4  # three prompts, and the one above what was taken back
    assert {one["text"] for one in rows} >= {prompt.text for prompt in prompts}
    assert "Taken back." not in {one["text"] for one in rows}
    sketched = [one for one in manifest["files"] if one["path"].startswith("signatures/")]
    assert sum(one["rows"] for one in sketched) == 3


def test_a_dataset_without_texts_has_files_without_rows(dataset, curator, tmp_path):
    manifest = sets.write(dataset=dataset, folder=tmp_path / "set", by=curator)

    assert [one["rows"] for one in manifest["files"]] == [0, 0]
    with pytest.raises(CurationError, match="something in that folder"):
        sets.write(dataset=dataset, folder=tmp_path / "set", by=curator)


def test_a_hint_becomes_a_finding_once(prompts, take):
    first = take(row(prompts[0]), row(prompts[0]), row(prompts[1]))
    again = take(row(prompts[0]), row(prompts[0], check_version=4))

    assert (first.taken, first.unchanged, first.refused) == (2, 1, 0)
    assert (again.taken, again.unchanged) == (1, 1)
    found = Finding.objects.filter(message=prompts[0], check_name="set.model_x")
    assert sorted(found.values_list("check_version", "score", "advice")) == [
        (3, 0.75, "This may be copied."),
        (4, 0.75, "This may be copied."),
    ]


def test_a_duplicate_waits_for_a_curator(prompts, take, curator):
    found = row(prompts[1], verdict="duplicate", evidence=str(prompts[0].uid))

    assert take(found).taken == 1

    member = ClusterMember.objects.get(message=prompts[1])
    assert (member.state, member.cluster.head) == ("open", prompts[0])
    clusters.dismiss(member_ids=[member.pk], by=curator)
    assert take(found).unchanged == 1
    member.refresh_from_db()
    assert member.state == "dismissed"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"record_id": "x"}, "There is no record x"),
        ({"revision": "0" * 16}, "on other words"),
        ({"verdict": "reject"}, "“verdict” is one of hint, duplicate"),
        ({"score": 1.5}, "“score” goes from 0 to 1"),
        ({"score": None}, "must be there"),
        ({"check_version": -1}, "“check_version” goes"),
        ({"check": "personal_data.email"}, "no name of a check"),
        ({"evidence": ""}, "“evidence” is a text"),
        ({"evidence": "x" * 301}, "“evidence” is a text"),
        ({"verdict": "duplicate"}, "a record of another conversation"),
    ],
)
def test_a_row_that_makes_no_sense_is_reported_and_the_others_are_taken(
    prompts, take, fields, problem
):
    report = take(row(prompts[0], **fields), row(prompts[1]))

    assert (report.taken, report.refused) == (1, 1)
    assert report.problems[0].line == 1
    assert problem in report.problems[0].said


def test_newer_checks_leave_proposals_alone(prompts, take):
    take(row(prompts[0]))
    rechecks.note_new(is_thorough=True)

    assert rechecks.catch_up().looked_at == 3

    assert prompts[0].findings.filter(check_name="set.model_x").exists()


def test_a_search_for_duplicates_leaves_proposals_alone(dataset, prompts, take):
    pairs = [(prompts[1], prompts[0]), (prompts[0], prompts[2])]
    for message, head in pairs:
        take(row(message, verdict="duplicate", evidence=str(head.uid)))
    clusters.find(dataset=dataset)
    there = ClusterMember.objects.filter(state="open")
    assert {(one.message, one.cluster.head) for one in there} == set(pairs)

    withdrawals.take_back(message_id=prompts[2].pk, by=prompts[2].author)
    clusters.find(dataset=dataset)

    assert [(one.message, one.cluster.head) for one in there.all()] == pairs[:1]


def test_two_are_put_up_once_whichever_leads(prompts, take):
    one, other = prompts[:2]

    report = take(
        row(one, verdict="duplicate", evidence=str(other.uid)),
        row(other, verdict="duplicate", evidence=str(one.uid)),
    )

    assert (report.taken, report.unchanged) == (1, 1)
    assert Cluster.objects.get().head == other


def test_what_was_taken_before_a_file_breaks_off_stays(prompts, take, monkeypatch):
    def broken(path):
        yield [row(prompts[0]), row(prompts[1])]
        raise BadLine("It breaks off.")

    monkeypatch.setattr("curation.formats.exchange.decisions", broken)

    with pytest.raises(CurationError, match="taken up to row 2"):
        take()

    assert Finding.objects.filter(check_name="set.model_x").count() == 2
    assert Event.objects.get(kind="decisions.imported").data["taken"] == 2


@pytest.mark.django_db(transaction=True)
def test_nobody_who_reviews_meanwhile_is_thrown_out(dataset, prompts, take):
    """Who holds a conversation has locked one of its rows, and wants the other."""
    first = prompts[0]
    last = ReplyFactory(parent=first)
    begun = threading.Event()

    def review():
        with transaction.atomic():
            conversations.lock(last.conversation_id)
            for message in (last, first):
                Message.objects.filter(pk=message.pk).update(
                    state="accepted", decided_at=now()
                )
                begun.set()
                time.sleep(1)

    def import_them():
        begun.wait()
        return take(row(first), row(last)).taken

    assert 2 in together(review, import_them)
    connection.close()


def test_texts_of_other_datasets_are_not_there(take):
    elsewhere = ReplyFactory()

    assert take(row(elsewhere)).refused == 1
    assert not Finding.objects.filter(message=elsewhere, check_name="set.model_x").exists()


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (None, "This is not a Parquet file"),
        ({"record_id": ["x"]}, "The column “check” is missing"),
        (
            {name: ["x"] for name in DECISIONS.names},
            "A column is of another type",
        ),
        (
            {name: [{"of": "another"}] for name in DECISIONS.names},
            "A column is of another type: Unsupported cast",
        ),
        (
            # Some kilobytes that would be twenty gigabytes.
            {
                name: pa.DictionaryArray.from_arrays(
                    pa.array([0] * 10_000, pa.int32()), pa.array(["x" * 2_000_000])
                )
                for name in DECISIONS.names
            },
            "The column “record_id” is too long",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused(dataset, curator, tmp_path, table, problem):
    path = tmp_path / "decisions.parquet"
    if table is None:
        path.write_text("hello")
    else:
        pq.write_table(pa.table(table), path)

    with pytest.raises(CurationError, match=problem):
        decisions.take(dataset=dataset, path=path, by=curator)


def test_a_file_that_is_damaged_further_in_is_refused(dataset, curator, prompts, tmp_path):
    path = tmp_path / "decisions.parquet"
    rows = [row(prompts[0])] * 100
    pq.write_table(pa.Table.from_pylist(rows, schema=DECISIONS), path)
    content = bytearray(path.read_bytes())
    content[20:400] = bytes(380)
    path.write_bytes(content)

    with pytest.raises(CurationError, match="The file is damaged"):
        decisions.take(dataset=dataset, path=path, by=curator)


def test_a_group_of_rows_that_fills_the_memory_is_refused(take, prompts, monkeypatch):
    monkeypatch.setattr(exchange, "GROUP_AT_MOST", 2**10)

    with pytest.raises(CurationError, match="A row group is larger than"):
        take(*[row(prompts[0], evidence=f"Seen {n} times.") for n in range(100)])

    assert not Finding.objects.filter(check_name="set.model_x").exists()


def test_only_curators_send_and_take(dataset, tmp_path):
    writer = ContributorFactory(member=dataset)

    with pytest.raises(NotAllowed):
        sets.write(dataset=dataset, folder=tmp_path / "set", by=writer)
    with pytest.raises(NotAllowed):
        decisions.take(dataset=dataset, path=tmp_path / "x", by=writer)


def test_the_commands_do_both(dataset, curator, prompts, tmp_path, capsys):
    folder, file = tmp_path / "set", tmp_path / "decisions.parquet"
    call_command("export_set", dataset.slug, str(folder), "--by", curator.email)
    assert "records/part-00000.parquet: 3 rows" in capsys.readouterr().out
    pq.write_table(pa.Table.from_pylist([row(prompts[0])], schema=DECISIONS), file)

    call_command("import_decisions", dataset.slug, str(file), "--by", curator.email)

    assert "1 proposals taken" in capsys.readouterr().out
    with pytest.raises(CommandError, match="There is no dataset nowhere"):
        call_command("export_set", "nowhere", str(folder), "--by", curator.email)


def test_progress_is_told_while_much_is_written_and_read(
    dataset, curator, prompts, tmp_path, monkeypatch
):
    monkeypatch.setattr(sets, "TOLD_EVERY", 2)
    monkeypatch.setattr(exchange, "ROWS_AT_ONCE", 2)
    written, taken = [], []
    sets.write(dataset=dataset, folder=tmp_path / "set", by=curator, tell=written.append)
    path = tmp_path / "decisions.parquet"
    rows = [row(prompt) for prompt in prompts]
    pq.write_table(pa.Table.from_pylist(rows, schema=DECISIONS), path)

    decisions.take(dataset=dataset, path=path, by=curator, tell=taken.append)

    assert written == [2, 2]  # records, then signatures
    assert taken == [2, 3]
