"""All that a person can leave behind, by every page; erased; and nothing is found."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from curation import renaming, tasks
from curation.actions import destruction, echoes, versions
from curation.models import Erasure, Export, Flag, Message, Review, Session, Tombstone
from tests.curation.life import EMAIL, MARK, Life
from tests.curation.pages import url
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


# ---- looking for traces ------------------------------------------------------------------
def in_database():
    """Tables, and what the planner remembers of them, that have the word in any row.

    As a dump has it: `COPY … TO STDOUT`. Bytes are hexadecimal there, and a session is
    packed, so both are read as well.
    """
    found = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        dumps = [(name, f'SELECT * FROM "{name}"') for (name,) in cursor.fetchall()]
        dumps.append(("statistics", "SELECT * FROM pg_stats WHERE schemaname = 'public'"))
        for name, query in dumps:
            with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
                dump = b"".join(bytes(part) for part in copy).lower()
            if MARK.encode() in dump or MARK.encode().hex().encode() in dump:
                found.add(name)
    for session in Session.objects.all():
        packed = session.session_data.partition(":")[0].lstrip(".")
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        for content in (raw, _unpacked(raw)):
            if MARK.encode() in content.lower():
                found.add("curation_session")
    return found


def _unpacked(raw):
    try:
        return zlib.decompress(raw)
    except zlib.error:
        return b""


def in_files(*folders):
    return {
        str(path)
        for folder in folders
        for path in Path(folder).rglob("*")
        if path.is_file()
        and "postgres" not in path.parts
        and MARK.encode() in path.read_bytes().lower()
    }


# ---- leaving them ------------------------------------------------------------------------
@pytest.fixture
def life(settings, tmp_path):
    settings.VERSIONS_DIR, settings.RUNS_DIR = tmp_path / "versions", tmp_path / "runs"
    cache.clear()  # or so many sign-ins in a row are too many
    life = Life(DatasetFactory())
    life.sign_up()
    life.write()
    life.talk()
    life.judge()
    life.curate()
    life.freeze(tmp_path)
    life.look()
    life.take_back()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return life


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


def has_them_erased(life, admin, callbacks):
    """By the page; then the worker comes, as the clock calls it."""
    client = Client()
    client.force_login(admin)
    with callbacks(execute=False):
        sent = client.post(url("erase", life.person.pk), {"email": EMAIL})
    assert sent.status_code == 302
    assert "Being erased" in client.get(sent.url).text
    tasks.carry_on_erasures()
    return client.get(sent.url).text


def files_of_ours():
    return in_files(settings.VERSIONS_DIR, settings.RUNS_DIR, settings.VAR_DIR)


def test_nothing_of_them_is_found_anywhere(
    life, admin, settings, caplog, django_capture_on_commit_callbacks
):
    before = in_database()
    assert before >= {
        "account_emailaddress", "annotate_allotment", "annotate_draft",
        "annotate_submission", "curation_accesstoken", "curation_comment",
        "curation_contributor", "curation_decision", "curation_event", "curation_export",
        "curation_flag", "curation_golditem", "curation_keptanswer", "curation_message",
        "curation_profile", "curation_review", "curation_savedview",
        "curation_suspension", "curation_words",
        "django_admin_log", "statistics", "trainer_sample",
        "trainer_talkanswer", "trainer_talkturn",
    }  # fmt: skip
    assert {Path(name).suffix for name in files_of_ours()} == {".jsonl", ".parquet"}
    caplog.clear()

    page = has_them_erased(life, admin, django_capture_on_commit_callbacks)

    assert "the account has no name any more" in page
    assert MARK not in page.lower()
    # A colleague quoted them in words of their own: a curator is asked, see below.
    Message.objects.filter(pk=life.quoting.pk).update(text="You say so. Is it so?")
    destruction.forget_samples()
    assert in_database() == set()
    assert files_of_ours() == set()
    assert MARK not in caplog.text.lower()


def test_what_leaves_afterwards_has_nothing_of_them(
    life, admin, tmp_path, django_capture_on_commit_callbacks
):
    """Files, exports, records and pages, made once more."""
    has_them_erased(life, admin, django_capture_on_commit_callbacks)
    Message.objects.filter(pk=life.quoting.pk).update(text="You say so. Is it so?")

    made = b"".join(renaming.pseudonymous(Export.objects.get(), "train"))
    made += b"".join(renaming.pseudonymous(Export.objects.get(), "held_out"))
    for name in ("record.jsonl", "set"):
        command = "export_record" if name == "record.jsonl" else "export_set"
        path = tmp_path / "after" / name
        path.parent.mkdir(exist_ok=True)
        call_command(command, life.dataset.slug, str(path), "--by", admin.email)
    life.look()
    answers = [
        life.curators.get(url(name, life.dataset.slug)).content
        for name in ("dataset", "browse", "versions", "people", "agreement")
    ]
    answers.append(life.curators.get(url("version", life.dataset.slug, 1)).content)
    for tree in (life.question, life.prompt):
        answers.append(
            life.curators.get(
                url("conversation", life.dataset.slug, tree.conversation_id)
            ).content
        )

    assert MARK.encode() not in made.lower()
    assert in_files(tmp_path / "after") == set()
    assert files_of_ours() == set()
    assert MARK.encode() not in b"".join(answers).lower()
    assert versions.verify(life.version) == []


def test_models_answers_to_their_words_go_and_peoples_stay(
    life, admin, django_capture_on_commit_callbacks
):
    has_them_erased(life, admin, django_capture_on_commit_callbacks)

    for said in life.by_model:
        said.refresh_from_db()
        assert (said.text, said.state) == (Tombstone.TEXT, "withdrawn")
    for said in (life.quoting, *life.direct, life.quoted_once):
        before = said.text
        said.refresh_from_db()
        assert said.text == before and said.state == "accepted"


def test_curators_are_asked_about_what_people_answered(
    life, admin, django_capture_on_commit_callbacks
):
    has_them_erased(life, admin, django_capture_on_commit_callbacks)

    flags = {flag.message_id: flag for flag in Flag.objects.filter(by=admin)}
    # Below them, and without words of theirs: nobody needs to look.
    assert flags.keys() == {life.quoting.pk, *(said.pk for said in life.direct)}
    assert flags[life.quoting.pk].note == echoes.QUOTES
    assert {flags[said.pk].note for said in life.direct} == {echoes.ANSWERS}
    queue = life.curators.get(url("flags", life.dataset.slug)).text
    assert echoes.QUOTES in queue


def test_judgements_and_consents_stay_without_a_name(
    life, admin, django_capture_on_commit_callbacks
):
    judged = Review.objects.filter(reviewer=life.person).count()
    agreed = life.person.consents.count()

    has_them_erased(life, admin, django_capture_on_commit_callbacks)

    assert Review.objects.filter(reviewer=life.person).count() == judged == 1
    assert life.person.consents.count() == agreed == 2  # given, and taken back
    assert Erasure.objects.get().person == life.person
