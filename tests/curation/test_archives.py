"""A whole dataset in one file, and the same dataset made of it in another database."""

from __future__ import annotations

import io
import json
import zipfile
from operator import itemgetter

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.test import override_settings

from curation import files
from curation.actions import (
    consents,
    discussion,
    erasure,
    exports,
    flags,
    gold,
    packing,
    suspensions,
    unpacking,
    versions,
    withdrawals,
)
from curation.actions.carried import LEFT, TABLES
from curation.errors import CurationError, NotAllowed
from curation.formats import bundle
from curation.models import (
    Comment,
    Consent,
    Contributor,
    Dataset,
    Decision,
    Entry,
    Event,
    Finding,
    GoldBallot,
    GoldRanking,
    Hook,
    Label,
    Membership,
    Message,
    Original,
    Review,
    Settlement,
    Terms,
    Withdrawal,
)
from tests.curation.hooks import added
from tests.curation.test_moving import clean, fill, in_a_place_of_its_own, merge
from tests.factories import ContributorFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db

RECIPES = ({}, {"pairs": "all", "edits": True, "contested": "soft"}, {"duplicates": "out"})


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    return tmp_path


def lived_in():
    """A dataset with something in nearly every table, and a site admin."""
    dataset, curator = clean()
    admin = ContributorFactory(is_staff=True, email="admin@example.org")
    fill(dataset)
    merge(dataset, curator)
    everywhere = consents.publish(
        dataset=None, text="All of it.", licence="CC0-1.0", uses=["training"], by=admin
    )
    own = consents.publish(
        dataset=dataset, text="Here.", licence="CC-BY-4.0", uses=["training"], by=admin
    )
    writer = ContributorFactory(
        member=dataset, name="Wendelin Holzapfel", email="wendelin@holzapfel.example"
    )
    reviewer = ContributorFactory(member=dataset)
    consents.agree(terms_ids=[everywhere.pk, own.pk], by=writer)
    consents.agree(terms_ids=[everywhere.pk, own.pk], by=reviewer)
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True, author=writer)
    replies = [ReplyFactory(parent=prompt, accepted=True, author=writer) for _ in range(3)]
    discussion.comment(
        message_id=prompt.pk,
        by=reviewer,
        text="Ask @wendelin, Wendelin Holzapfel wrote it.",
    )
    flags.raise_flag(
        message_id=replies[0].pk, by=reviewer, reason="other", note="Wendelin?"
    )
    gold.make(message_id=replies[1].pk, by=curator, verdict="accept", why="It is right.")
    Finding.objects.create(
        message=replies[1], check_name="near_duplicate", check_version=1, score=0.9,
        advice="Alike.", other=replies[0], spans=[[0, 3]],
    )  # fmt: skip
    known = GoldRanking.objects.create(
        prompt=prompt, order=[[replies[1].pk], [replies[0].pk]], why="Known.",
        answers=[one.pk for one in replies[:2]], made_by=curator,
    )  # fmt: skip
    GoldBallot.objects.create(
        item=known, person=reviewer, places={str(replies[0].pk): 1}, right=0.0
    )
    Label.objects.create(review=Review.objects.all()[0], name="quality", value=3)
    Decision.objects.create(
        dataset=dataset, message=replies[0], action="keep", by=curator, note="Fine.",
        after=Event.objects.earliest("pk").pk, until=Event.objects.latest("pk").pk,
    )  # fmt: skip
    Original.objects.create(message=prompt, format="oasst", facts={"emojis": {"+1": 2}})
    suspensions.suspend(
        person_id=ContributorFactory(member=dataset).pk, dataset=dataset, reason="Rest.",
        by=curator,
    )  # fmt: skip
    made = [
        versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
        for recipe in RECIPES
    ]
    exports.make(version=made[0], made_for="A friend", by=curator)
    withdrawals.take_back(message_id=replies[2].pk, by=writer)
    gone = Message.objects.exclude(author=writer).filter(frozen_in__version=made[0])[0]
    erasure.erase(person_id=gone.author_id, by=admin)
    return dataset, curator


def packed(dataset, by, **options):
    out = io.BytesIO()
    packing.pack(dataset=dataset, out=out, by=by, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def made_elsewhere(django_db_setup, django_db_blocker, tmp_path_factory):
    """Does something in a database of which nothing is left, with files of its own."""

    def make(work):
        kept = override_settings(VERSIONS_DIR=tmp_path_factory.mktemp("elsewhere"))
        with django_db_blocker.unblock(), kept:
            return in_a_place_of_its_own(work)

    return make


@pytest.fixture(scope="module")
def archived(made_elsewhere):
    """The file, the same without names, and the hashes of the files of its versions."""

    def there():
        dataset, curator = lived_in()
        made = {
            one.digest: files.manifest_of(one)["files"] for one in dataset.versions.all()
        }
        nameless = packed(dataset, curator, has_names=False)
        return packed(dataset, curator), nameless, made

    return made_elsewhere(there)


def restored(content, **fields):
    admin = ContributorFactory(is_staff=True, **fields)
    return unpacking.unpack(file=io.BytesIO(content), by=admin).dataset


def tables(content):
    """Each table as a list of rows by column, with places in tables instead of numbers."""
    with bundle.Reader(io.BytesIO(content)) as found:
        read = {
            name.removeprefix("tables/").removesuffix(".jsonl"): list(found.lines(name))
            for name in found.names()
            if name.startswith("tables/")
        }
    told = {
        name: [dict(zip(columns, row, strict=True)) for row in rows]
        for name, (columns, *rows) in read.items()
    }
    places = {
        name: {row["id"]: place for place, row in enumerate(rows)}
        for name, rows in told.items()
        if rows and "id" in rows[0]
    }
    emails = {row["number"]: row.get("email", "") for row in told["people"]}
    # Who has no name any more has another number as name in each place.
    named = {n: "" if email.endswith("@invalid") else email for n, email in emails.items()}
    return {
        table.name: [placed(table, row, places, named) for row in told[table.name]]
        for table in TABLES
    }


def placed(table, row, places, named):
    for field in table.model._meta.concrete_fields:
        if field.name not in row or row[field.name] is None:
            continue
        if field.related_model is Contributor:
            row[field.name] = named[row[field.name]]
        elif field.is_relation or field.primary_key:
            of = field.related_model or table.model
            row[field.name] = places[of._meta.model_name][row[field.name]]
    messages_at = places["message"]
    if table.model is Settlement:
        row["order"] = [[messages_at[pk] for pk in group] for group in row["order"]]
        row["margins"] = [[messages_at[a], messages_at[b], n] for a, b, n in row["margins"]]
    if table.model is GoldRanking:
        row["order"] = [[messages_at[pk] for pk in group] for group in row["order"]]
        row["answers"] = [messages_at[pk] for pk in row["answers"]]
    if table.model is GoldBallot:
        row["places"] = {messages_at[int(pk)]: at for pk, at in row["places"].items()}
    if table.model is Decision:
        row |= {name: places["event"][row[name]] for name in ("after", "until")}
    if table.model is Event:
        row["subject_id"] = (
            named[row["subject_id"]]
            if row["subject_kind"] == "contributor"
            else places.get(row["subject_kind"], {}).get(row["subject_id"])
        )
        row["data"] = None if set(row["data"]) & set(NAMED) else row["data"]
    return row


NAMED = ("person", "review", "suspension", "version", "terms", "prompt", "revision", "of",
         "message", "replaced", "head")  # fmt: skip


def test_a_dataset_is_the_same_in_another_database(archived):
    content, _nameless, made = archived
    assert not Dataset.objects.exists()

    dataset = restored(content, email="another-admin@example.org")

    assert len(made) == len(RECIPES)
    for version in dataset.versions.all():
        checked = versions.check(version)
        assert (checked.problems, checked.erased > 0) == ([], True)
        assert files.manifest_of(version)["files"] == made[version.digest]
    assert Entry.objects.filter(dataset=dataset).count() == Message.objects.count() > 30
    again = packed(dataset, Contributor.objects.get(email="another-admin@example.org"))
    before, after = tables(content), tables(again)
    # By their people, who came in another order.
    for told in (before, after):
        told["profile"].sort(key=itemgetter("contributor"))
    history, history_after = before.pop("event"), after.pop("event")
    assert after == before
    assert history_after[: len(history)] == history
    assert [line["kind"] for line in history_after[len(history) :]] == ["dataset.restored"]
    assert {name for name, rows in before.items() if not rows} == {
        "case", "goldanswer", "savedview", "secondlook",
    }  # fmt: skip


def test_history_points_at_the_same_things_elsewhere(archived):
    content, *_ = archived

    dataset = restored(content)

    raised = Event.objects.get(kind="person.suspended", dataset=dataset)
    paused = dataset.suspensions.get()
    assert raised.data["suspension"] == paused.pk
    assert raised.subject_id == paused.person_id
    line = Event.objects.filter(kind="version.exported", dataset=dataset).get()
    assert line.data["version"] == dataset.versions.get(number=1).pk
    assert all(
        Message.objects.filter(pk=one.subject_id, conversation__dataset=dataset).exists()
        for one in Event.objects.filter(subject_kind="message", dataset=dataset)
    )


def test_who_has_an_account_there_is_the_same_person_and_others_cannot_sign_in(archived):
    content, *_ = archived
    known = ContributorFactory(email="Wendelin@holzapfel.example", name="W. H.")

    dataset = restored(content)

    assert Message.objects.filter(author=known).count() == 4
    assert Membership.objects.filter(dataset=dataset, contributor=known).count() == 2
    known.refresh_from_db()
    assert (known.name, known.password) == ("W. H.", "!")
    came = Contributor.objects.filter(memberships__dataset=dataset).exclude(pk=known.pk)
    assert came.count() > 10
    assert not any(one.has_usable_password() or one.is_staff for one in came)


def test_terms_of_the_whole_installation_become_the_datasets_own(archived):
    content, *_ = archived
    ours = Terms.objects.create(
        number=1, text="Ours.", licence="CC0-1.0", uses=["training"]
    )

    dataset = restored(content)

    told = Terms.objects.filter(dataset=dataset).order_by("number")
    assert list(told.values_list("number", "text")) == [(1, "All of it."), (2, "Here.")]
    assert Consent.objects.filter(terms__dataset=dataset).count() == 4
    assert list(Terms.objects.filter(dataset=None)) == [ours]


def test_without_names_nobody_is_named_and_the_digests_are_the_same(archived):
    _named, content, made = archived

    with zipfile.ZipFile(io.BytesIO(content)) as found:
        everything = b"".join(found.read(name) for name in found.namelist()).lower()
    for word in (b"holzapfel", b"wendelin", b"@example.org", b"person ", b"a friend"):
        assert word not in everything
    dataset = restored(content)
    assert {one.digest for one in dataset.versions.all()} == set(made)
    assert not Comment.objects.exists()
    came = Contributor.objects.filter(memberships__dataset=dataset)
    assert came.exists()
    assert not any(one.is_active for one in came)


def test_what_was_erased_is_not_in_the_file(archived):
    content, *_ = archived

    with zipfile.ZipFile(io.BytesIO(content)) as found:
        rows = [
            json.loads(line) for line in found.read("tables/message.jsonl").splitlines()
        ]
        salts = found.read("tables/messagesalt.jsonl").splitlines()
    erased = [row for row in rows if "[erased]" in row]
    assert erased
    assert not {row[0] for row in erased} & {json.loads(line)[0] for line in salts[1:]}


def test_what_happened_elsewhere_is_told_to_no_webhook(archived):
    content, *_ = archived
    kinds = ["version.frozen", "message.accepted", "dataset.restored"]
    told, _ = added("https://hooks.example/", wants=kinds[:2])
    Hook.objects.update(wants=kinds)

    restored(content)

    assert Event.objects.filter(kind__in=kinds[:2]).count() > 1
    assert [one.kind for one in told.deliveries.all()] == ["dataset.restored"]


def test_the_commands_write_and_restore_it(folder, capsys):
    file = folder / "handbook.zip"

    def there():
        _dataset, curator = lived_in()
        call_command("archive_dataset", "handbook", str(file), "--by", curator.email)
        with pytest.raises(CommandError, match="File exists"):
            call_command("archive_dataset", "handbook", str(file), "--by", curator.email)

    in_a_place_of_its_own(there)
    admin = ContributorFactory(is_staff=True)
    call_command("restore_archive", str(file), "--by", admin.email)

    said = capsys.readouterr().out
    assert "SHA-256" in said
    assert said.count("OK: handbook version") == len(RECIPES)
    with pytest.raises(CommandError, match="dataset handbook here already"):
        call_command("restore_archive", str(file), "--by", admin.email)
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore_archive", str(folder / "none"), "--by", admin.email)


def test_who_may():
    dataset, curator = clean()
    with pytest.raises(NotAllowed):
        packed(dataset, ContributorFactory(member=dataset))
    with pytest.raises(NotAllowed):
        unpacking.unpack(file=io.BytesIO(packed(dataset, curator)), by=curator)


def test_not_while_texts_are_taken_back():
    dataset, curator = clean()
    writer = ContributorFactory(member=dataset)
    MessageFactory(conversation__dataset=dataset, author=writer)
    Withdrawal.objects.create(person=writer, asked_by=writer)

    with pytest.raises(CurationError, match="being taken back"):
        packed(dataset, curator)


# ---- files that Winnow did not write ---------------------------------------------------
@pytest.fixture(scope="module")
def small(made_elsewhere):
    """A small archive, made once for all that is done to it."""

    def there():
        dataset, curator = clean()
        prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
        ReplyFactory(parent=prompt, accepted=True)
        versions.freeze(dataset_id=dataset.pk, by=curator)
        return packed(dataset, curator)

    return made_elsewhere(there)


def rewritten(content, *, member=None, manifest=None, add=(), without=""):
    """The same archive with a member changed, and with a manifest that fits, or not."""
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        held = {name: found.read(name) for name in found.namelist()}
    told = json.loads(held.pop("manifest.json"))
    if member:
        name, change = member
        held[name] = change(held[name])
    held |= dict(add)
    out = io.BytesIO()
    with bundle.Writer(out) as writer:
        for name, bytes_of_it in held.items():
            with writer.member(name) as one:
                one.write(bytes_of_it)
        if manifest:
            manifest(told, writer._members)
        writer.finish({k: v for k, v in told.items() if k not in ("members", without)})
    return out.getvalue()


def column(name, value):
    """Puts a value into a column of all rows."""

    def change(content):
        columns, *rows = [json.loads(line) for line in content.splitlines()]
        for row in rows:
            row[columns.index(name)] = value
        return b"".join(json.dumps(row).encode() + b"\n" for row in (columns, *rows))

    return change


def wrong_hash(told, members):
    members["tables/message.jsonl"]["sha256"] = "0" * 64


def wrong_size(told, members):
    members["tables/message.jsonl"]["size"] += 1


def not_there(told, members):
    del members["tables/message.jsonl"]


MESSAGES, PEOPLE = "tables/message.jsonl", "tables/people.jsonl"
BROKEN = {
    "newer": ({"manifest": lambda told, _m: told.update(version=2)}, "newer Winnow"),
    "no version": (
        {"manifest": lambda told, _m: told.update(version="1")},
        "which version",
    ),
    "other": ({"manifest": lambda told, _m: told.update(format="x")}, "no archive of"),
    "hash": ({"manifest": wrong_hash}, "is not what it was"),
    "size": ({"manifest": wrong_size}, "another size"),
    "unnamed": ({"manifest": not_there}, "not what its manifest names"),
    "outside": ({"add": [("../../etc/passwd", b"")]}, "no archive of Winnow has"),
    "absolute": ({"add": [("/etc/passwd", b"")]}, "no archive of Winnow has"),
    "versions": (
        {"manifest": lambda told, _m: told["versions"].clear()},
        "not those that its manifest",
    ),
    "facts": ({"without": "rows"}, "does not hold together"),
    "text": ({"member": (MESSAGES, column("text", "Else."))}, "not what was"),
    "null": ({"member": (MESSAGES, column("text", None))}, "hold together"),
    "NUL": ({"member": (MESSAGES, column("text", "\0"))}, "hold together"),
    "state": ({"member": (MESSAGES, column("state", "x"))}, "state is none"),
    "twice": ({"member": (MESSAGES, column("id", 1))}, "in the order"),
    "nowhere": (
        {"member": (MESSAGES, column("conversation", 9**15))},
        "points at nothing",
    ),
    "date": (
        {"member": (MESSAGES, column("created_at", 7))},
        "hold together",
    ),
    "column": (
        {"member": (MESSAGES, lambda c: c.replace(b'"role"', b'"rule"', 1))},
        "a column rule that this Winnow does not know",
    ),
    "fewer": (
        {"member": (MESSAGES, lambda c: c[: c[:-1].rindex(b"\n") + 1])},
        "as many rows",
    ),
    "cut": ({"member": (MESSAGES, lambda c: c[:-9])}, "not whole"),
    "JSON": ({"member": (MESSAGES, lambda c: b"{\n")}, "not JSON"),
    "object": ({"member": (MESSAGES, lambda c: b"{}\n")}, "no row"),
    "slug": ({"member": ("tables/dataset.jsonl", column("slug", "x"))}, "hold together"),
    "email": (
        {"member": (PEOPLE, column("email", "a b@c"))},
        "hold together",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_not_what_winnow_wrote_is_refused_as_a_whole(small, case, folder):
    change, problem = BROKEN[case]

    with pytest.raises(CurationError, match=problem):
        restored(rewritten(small, **change))

    assert not Dataset.objects.exists()
    assert Contributor.objects.count() == 1
    assert not list((folder / "versions").glob("*"))


def test_a_file_that_is_no_zip_or_cut_off_is_refused(small):
    for content in (b"", b"nothing", small[:-30], small[30:]):
        with pytest.raises(CurationError, match="archive|damaged"):
            restored(content)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("else.txt", "x")
    with pytest.raises(CurationError, match="no manifest"):
        restored(out.getvalue())


def test_a_member_that_unfolds_to_more_than_it_says_is_read_no_further(small):
    claimed = 100
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("tables/message.jsonl", b" " * 10**7)
        made.getinfo("tables/message.jsonl").file_size = claimed  # in the list at the end
        members = {"tables/message.jsonl": {"size": claimed, "sha256": "0" * 64}}
        told = {"format": bundle.FORMAT, "version": 1, "members": members}
        made.writestr("manifest.json", json.dumps(told))

    with pytest.raises(CurationError, match="damaged|longer|not what it was"):
        restored(out.getvalue())


# ---- what is carried ------------------------------------------------------------------
def test_every_table_of_the_record_is_carried_or_stays_for_a_reason():
    ours = apps.get_app_config("curation").get_models(include_auto_created=True)

    carried = {table.name for table in TABLES}
    assert {one._meta.model_name for one in ours} == carried | set(LEFT)
    assert not carried & set(LEFT)


def test_whatever_a_carried_row_must_point_at_is_carried_before():
    above = {Contributor}
    for table in TABLES:
        above.add(table.model)
        for name in table.columns:
            field = table.model._meta.get_field(name)
            if field.is_relation:
                assert field.related_model in above, (table.name, name)


def test_lists_of_numbers_are_known_as_such():
    """A new column that holds lists or JSON may hold numbers of rows: say so, or not."""
    told = {
        (table.name, name)
        for table in TABLES
        for name in table.columns
        if isinstance(table.model._meta.get_field(name), models.JSONField)
        and name not in table.numbers
    }

    assert told == {
        ("policy", "checks"), ("original", "facts"), ("finding", "spans"),
        ("datasetversion", "recipe"), ("datasetversion", "manifest"),
        ("versionranking", "facts"),
    }  # fmt: skip
