"""Nothing that leaves names a person: by account, by our own numbers, or by the second."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow.parquet
import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from curation import handoff
from curation.actions import exports, judgements, messages, versions
from curation.models import Conversation, Message
from tests.curation.pages import signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
# No such number is in a file by chance, as a count or a place.
FIRST = 7_654_321_000
WRITTEN_AT = datetime(2019, 3, 17, 4, 52, 31, 987654, tzinfo=UTC)
COUNTED_UP = (
    "contributor", "conversation", "message", "datasetversion", "versionitem", "review",
    "ballot", "dataset", "category", "guideline",
)  # fmt: skip


@pytest.fixture
def large_numbers():
    """No transaction takes back how far PostgreSQL has counted."""
    sequences = [f"curation_{table}_id_seq" for table in COUNTED_UP]
    with connection.cursor() as cursor:
        before = {}
        for place, sequence in enumerate(sequences):
            cursor.execute(f"SELECT last_value FROM {sequence}")
            (before[sequence],) = cursor.fetchone()
            cursor.execute("SELECT setval(%s, %s)", [sequence, FIRST + place * 10_000])
        yield
        for sequence, last in before.items():
            cursor.execute("SELECT setval(%s, %s)", [sequence, last])


@pytest.fixture
def version(large_numbers, settings, tmp_path):
    """Answers, an order, an edit, on both sides, all by people with telling names."""
    settings.VERSIONS_DIR = tmp_path / "versions"
    dataset = DatasetFactory()
    people = [
        ContributorFactory(
            member=dataset,
            name=f"Wendelin{n} Holzapfel",
            email=f"wendelin{n}@holzapfel.example",
        )
        for n in range(4)
    ]
    for split in ("train", "held_out"):
        prompt = MessageFactory(
            conversation__dataset=dataset,
            conversation__split=split,
            author=people[0],
            accepted=True,
        )
        replies = [
            ReplyFactory(parent=prompt, author=person, accepted=True)
            for person in people[:2]
        ]
        judgements.rank(
            prompt_id=prompt.pk,
            by=people[2],
            outcome="ranked",
            shown=[one.pk for one in replies],
            positions={one.pk: place for place, one in enumerate(replies, 1)},
        )
        edited = ReplyFactory(parent=prompt, author=people[3])
        messages.review(
            message_id=edited.pk, by=people[2], verdict="edit", edited_text="Much better."
        )
    Message.objects.update(created_at=WRITTEN_AT, decided_at=WRITTEN_AT)
    Conversation.objects.update(created_at=WRITTEN_AT)
    curator = ContributorFactory(
        member=dataset, member__roles=["curator"], name="Cora Holzapfel",
        email="cora@holzapfel.example",
    )  # fmt: skip
    recipe = {"pairs": "all", "edits": True}
    return versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)


def read(path):
    """What a reader of the file sees: of Parquet the values, of all else the text."""
    if path.suffix == ".parquet":
        return json.dumps(pyarrow.parquet.read_table(path).to_pylist(), default=str)
    return path.read_text()


def all_formats(version, client, tmp_path):
    """Everything that can be had of a version or its dataset, by its name."""
    curator, slug = version.frozen_by, version.dataset.slug
    client.force_login(curator)
    found = {path.name: read(path) for path in handoff.files(version.pk).iterdir()}
    assert {"train.jsonl", "held_out.parquet", "pairs_train.jsonl", "manifest.json",
            "rankings_train.parquet", "unpaired_train.jsonl"} <= found.keys()  # fmt: skip
    for name in ("README.md", "croissant.json", "datasheet.md", "consent.md"):
        found[name] = client.get(url("card", slug, version.number, name)).text
    for kind in (handoff.supervised, handoff.preference_pairs, handoff.rankings,
                 handoff.unpaired):  # fmt: skip
        found[kind.__name__] = json.dumps(list(kind(version.pk)))
        assert found[kind.__name__] != "[]"
    digest = version.digest
    for name, address in (
        ("api_list", reverse("api:version-list")),
        ("api_detail", reverse("api:version-detail", args=[digest])),
    ):
        found[name] = client.get(address).text
        assert digest in found[name]
    command = {"by": curator.email}
    call_command("export_set", slug, str(tmp_path / "set"), **command)
    call_command("export_record", slug, str(tmp_path / "record.jsonl"), **command)
    for path in tmp_path.glob("set/**/*"):
        if path.is_file():
            found[str(path.relative_to(tmp_path))] = read(path)
    found["record.jsonl"] = read(tmp_path / "record.jsonl")
    found |= pseudonymous(version, client)
    return found


def pseudonymous(version, client, made_for="Acme"):
    made = exports.make(version=version, made_for=made_for, by=version.frozen_by)
    client.force_login(version.frozen_by)
    args = [version.dataset.slug, version.number, made.pk]
    return {
        f"pseudonymous {split}": client.get(url("export", *args, split)).getvalue().decode()
        for split in ("train", "held_out")
    }


def test_no_account_number_or_moment_leaves_in_any_format(
    version, client, tmp_path, capsys
):
    found = all_formats(version, client, tmp_path)

    assert len(found) > 25
    for name, text in found.items():
        assert "olzapfel" not in text and "wendelin" not in text.lower(), name
        assert str(FIRST)[:5] not in text, name
        assert "2019-03-17" not in text and "04:52" not in text, name
        assert "1552798" not in text, name  # the same moment in seconds


def test_under_other_names_not_even_our_opaque_ids_leave(version, client):
    known = {str(uid) for uid in Message.objects.values_list("uid", flat=True)}
    for conversation in Conversation.objects.all():
        known |= {str(conversation.uid), str(conversation.group)}
    known |= {one.replace("-", "") for one in known}

    found = pseudonymous(version, client)

    for text in found.values():
        lines = [json.loads(line) for line in text.splitlines()]
        assert len(lines) == 3
        assert {line["month"] for line in lines} == {"2019-03"}  # as documented: no day
        assert not any(one in text for one in known)
        assert version.digest not in text
        for line in lines:
            names = {line[one] for one in ("id", "prompt_id", "tree", "author",
                                           "prompt_author")}  # fmt: skip
            assert len(names) in (4, 5)
            assert all(len(name) == 32 for name in names)


def test_two_exports_share_no_name(version, client):
    def names(found):
        lines = [json.loads(one) for text in found.values() for one in text.splitlines()]
        return {
            line[field]
            for line in lines
            for field in ("id", "prompt_id", "tree", "author", "prompt_author")
        }

    first, second = (
        names(pseudonymous(version, client, made_for)) for made_for in ("Acme", "Others")
    )

    assert first and not first & second


def test_only_curators_get_them(version, client):
    made = exports.make(version=version, made_for="Acme", by=version.frozen_by)
    signed_in(client, version.dataset)

    args = [version.dataset.slug, version.number, made.pk, "train"]
    assert client.get(url("export", *args)).status_code == 404
