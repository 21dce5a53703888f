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

from curation import files
from curation.actions import unpacking, versions
from curation.actions.carried import LEFT, TABLES
from curation.errors import CurationError, NotAllowed
from curation.models import (
    Comment,
    Consent,
    Contributor,
    Dataset,
    Entry,
    Event,
    Hook,
    Membership,
    Message,
    Terms,
    Withdrawal,
)
from tests.curation.archived import RECIPES, lived_in, packed, restored, tables
from tests.curation.hooks import added
from tests.curation.test_moving import clean, in_a_place_of_its_own
from tests.factories import ContributorFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    return tmp_path


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
