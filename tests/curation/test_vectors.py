"""Texts get vectors after they were sent, and lose them with their words."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from threading import Thread
from types import SimpleNamespace

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils.timezone import now

from config import embedded
from curation import tasks
from curation.actions import conversations, erasure, meanings, vectors, withdrawals
from curation.clean.check import Unavailable
from curation.models import EmbeddingModel, Message, Vector
from tests.curation.meanings import embed_all, hints, vector_of
from tests.embedder import DIMENSIONS
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


# ---- after submit ------------------------------------------------------------------
def test_what_was_sent_gets_a_vector_in_the_background(embedder):
    dataset = DatasetFactory(pairs=True)
    writer = ContributorFactory(member=dataset)
    conversations.write_pair(dataset=dataset, by=writer, prompt="Why?", reply="Because.")
    assert embedder.asked == []

    tasks.embed_texts()

    rows = Vector.objects.order_by("pk").values_list("is_first", "model__name", "dataset")
    assert list(rows) == [(True, "fake", dataset.pk), (False, "fake", dataset.pk)]
    assert {len(one.numbers) for one in Vector.objects.all()} == {DIMENSIONS}


def test_nothing_is_sent_anywhere_where_no_embedder_is_configured(settings, embedder):
    settings.EMBEDDER = ""
    MessageFactory()

    tasks.embed_texts()
    tasks.embed_all_texts()

    assert embedder.asked == []
    assert Vector.objects.count() == EmbeddingModel.objects.count() == 0


def test_a_passage_is_sent_with_its_text_and_the_key_with_both(embedder, settings):
    settings.EMBEDDER_KEY = "hush"
    MessageFactory(text="Sum this up.", context="Kites fly.")

    embed_all()

    assert embedder.texts[-1] == "Sum this up.\n\nKites fly."
    assert set(embedder.keys) == {"Bearer hush"}


def test_many_texts_are_sent_in_batches_and_each_once(embedder):
    prompt = MessageFactory()
    ReplyFactory.create_batch(40, parent=prompt)

    run = embed_all()

    assert (run.embedded, run.is_done, Vector.objects.count()) == (41, True, 41)
    assert [len(sent["input"]) for sent in embedder.asked] == [1, 32, 9]
    assert embed_all().embedded == 0


def test_drafts_and_what_was_taken_back_is_not_sent(embedder):
    MessageFactory(state=Message.State.DRAFT)
    MessageFactory(state=Message.State.WITHDRAWN, decided_at=now())

    assert embed_all().embedded == 0


# ---- compared once they are there --------------------------------------------------
@pytest.mark.parametrize("end", [KeyboardInterrupt, ValueError])
def test_what_was_not_compared_is_compared_by_the_next_worker(embedder, monkeypatch, end):
    older = MessageFactory(text="How can I fix my car?")
    dataset = older.conversation.dataset
    newer = MessageFactory(
        text="How can I repair my automobile?", conversation__dataset=dataset
    )

    def dies(fresh):
        raise end

    with monkeypatch.context() as once:
        once.setattr(meanings, "note_same", dies)
        with suppress(KeyboardInterrupt):
            assert embed_all().problem == ""
    assert (Vector.objects.count(), hints()) == (2, [])

    embed_all()

    assert hints() == [(newer.pk, older.pk)]
    assert not Vector.objects.filter(is_compared=False).exists()


def test_what_cannot_be_compared_is_tried_twice(embedder, monkeypatch, caplog):
    MessageFactory()
    tried = []

    def fails(fresh):
        tried.append(len(fresh))
        raise ValueError

    monkeypatch.setattr(meanings, "note_same", fails)
    for _ in range(3):
        assert embed_all().problem == ""

    assert tried == [1, 1]
    assert "means the same" in caplog.text


# ---- many texts --------------------------------------------------------------------
@pytest.fixture
def rung(monkeypatch):
    """When the task is to run again, and with how much patience."""
    bells = []

    def note(task, *, seconds=0, **arguments):
        bells.append((seconds, arguments))

    monkeypatch.setattr(tasks, "ring", note)
    monkeypatch.setattr(tasks, "ring_later", note)
    return bells


def test_a_worker_takes_turns_until_all_is_done(embedder, rung, monkeypatch):
    ReplyFactory.create_batch(40, parent=MessageFactory())
    embed_all(seconds=0)
    clock = iter(range(0, 1000, 5))  # a batch takes five seconds
    ticking = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr(vectors, "time", ticking)

    tasks.embed_all_texts()
    assert (Vector.objects.count(), rung) == (32, [(0, {})])
    tasks.embed_all_texts()
    assert (Vector.objects.count(), rung) == (41, [(0, {})] * 2)
    tasks.embed_all_texts()

    assert rung == [(0, {})] * 2, "nothing was left"


def test_it_lets_others_have_their_turn_but_not_for_ever(embedder, rung):
    MessageFactory()
    embed_all(seconds=0)
    EmbeddingModel.objects.update(busy_until=now() + timedelta(minutes=1))

    tasks.embed_all_texts()
    tasks.embed_all_texts(patience=0)

    assert rung == [(20, {"patience": 4})]


# ---- another model -----------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_another_model_makes_all_again_and_the_old_ones_go(embedder, settings):
    message = MessageFactory()
    embed_all()
    old = vectors.index_of(EmbeddingModel.objects.get())
    settings.EMBEDDER_MODEL, embedder.dimensions = "larger", 96

    assert embed_all().embedded == 1

    assert len(vector_of(message).numbers) == 96
    new = EmbeddingModel.objects.get()
    assert new.name == "larger"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE indexname ~ 'vector_nearest'"
        )
        there = {name for (name,) in cursor}
    assert vectors.index_of(new) in there
    assert old not in there


@pytest.mark.django_db(transaction=True)
def test_the_command_makes_all_afresh_for_a_model_that_kept_its_name(embedder, capsys):
    MessageFactory()
    call_command("embed_messages")
    embedder.dimensions = 32
    MessageFactory()
    with pytest.raises(CommandError, match="another model under the same name"):
        call_command("embed_messages")

    call_command("embed_messages", "--afresh")

    assert "2 vectors made, 0 hints, 0 texts left." in capsys.readouterr().out
    assert {len(one.numbers) for one in Vector.objects.all()} == {32}


# ---- without pgvector --------------------------------------------------------------
def test_no_column_needs_pgvector_before_there_is_an_embedder():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE udt_name IN ('vector', '_vector', 'halfvec', 'sparsevec')"
        )
        assert cursor.fetchall() == []


@pytest.fixture
def without_pgvector():
    """A database as a server without it would have; and Django's connection to it."""
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_plain"
    with psycopg.connect(embedded.database_url(), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield name
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_who_may_not_add_pgvector_is_told_who_may(without_pgvector, monkeypatch):
    other = connection.copy("default")
    other.settings_dict = {**other.settings_dict, "NAME": without_pgvector}
    monkeypatch.setattr(vectors, "connection", other)
    monkeypatch.setattr(vectors.transaction, "atomic", other.cursor)  # a savepoint there
    try:
        with pytest.raises(Unavailable, match="a superuser .* CREATE EXTENSION vector"):
            vectors.make_ready()
    finally:
        other.close()


def test_a_server_without_pgvector_works_on_and_says_what_is_lacking(
    embedder, monkeypatch, caplog
):
    monkeypatch.setattr(vectors, "IS_THERE", "SELECT '0', false WHERE false")
    message = MessageFactory()

    tasks.embed_texts()

    assert vector_of(message) is None
    assert embedder.asked == [], "no text is sent for nothing"
    assert "has no pgvector" in caplog.text


# ---- a vector goes with its text ---------------------------------------------------
def test_what_is_taken_back_has_no_vector_any_more(embedder):
    message = MessageFactory()
    embed_all()

    withdrawals.take_back(message_id=message.pk, by=message.author)

    assert vector_of(message) is None


def test_erasure_leaves_no_vector(embedder):
    dataset = DatasetFactory()
    person = ContributorFactory(member=dataset)
    own = MessageFactory(author=person, conversation__dataset=dataset)
    other = ReplyFactory(parent__conversation__dataset=dataset)
    embed_all()
    assert vector_of(own)

    admin = ContributorFactory(is_staff=True)
    erasure.erase(person_id=person.pk, by=admin)

    assert vector_of(own) is None
    assert vector_of(other) is not None
    assert embed_all().embedded == 0


def test_other_words_are_another_vector(embedder):
    message = MessageFactory(text="The old words.")
    embed_all()
    before = vector_of(message).numbers

    Message.objects.filter(pk=message.pk).update(text="Quite new words.")
    assert vector_of(message) is None
    embed_all()

    assert vector_of(message).numbers != before


def test_a_verdict_leaves_the_vector_alone(embedder):
    message = MessageFactory()
    embed_all()

    Message.objects.filter(pk=message.pk).update(
        state=Message.State.ACCEPTED, decided_at=now()
    )

    assert vector_of(message) is not None


def test_words_that_change_while_the_embedder_thinks_get_no_vector(embedder, monkeypatch):
    message = MessageFactory(text="Before.")
    think = vectors.embedded

    def change(*asked):
        Message.objects.filter(pk=message.pk).update(text="After.")
        return think(*asked)

    monkeypatch.setattr(vectors, "embedded", change)

    assert embed_all().embedded == 0
    assert embedder.texts[-1] == "Before."
    assert vector_of(message) is None


@pytest.mark.django_db(transaction=True)
def test_a_text_that_somebody_has_in_hand_waits_for_the_next_time(embedder):
    mine, others = MessageFactory(), MessageFactory()
    done = []

    def work():
        done.append(embed_all().embedded)
        connections.close_all()

    with transaction.atomic():
        Message.objects.select_for_update().get(pk=mine.pk)
        worker = Thread(target=work)
        worker.start()
        worker.join(20)

    assert done == [1]
    assert (vector_of(mine), vector_of(others) is not None) == (None, True)


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_asks_the_embedder(embedder):
    MessageFactory()
    embed_all()
    MessageFactory()
    EmbeddingModel.objects.update(busy_until=now() + timedelta(minutes=1))

    assert "another worker" in embed_all().problem
