from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from curation.actions import conversations, lookalikes
from curation.actions.lookalikes import catch_up, note_sketches
from curation.clean import sketches
from curation.models import Dataset, Sketch
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db

ASKED = "What is the best way to learn the piano as an adult with little time?"
ALIKE = "What is the best way to learn the piano as an adult with so little time?"
APPLES = "Tom has 3 red apples and buys 5 more at the shop, how many has he?"


@pytest.fixture
def dataset():
    return DatasetFactory()


def prompt(dataset, text, **fields):
    message = MessageFactory(conversation__dataset=dataset, text=text, **fields)
    note_sketches([message])
    return message


def found(dataset, text, **options):
    alike = lookalikes.lookalikes(dataset, text, **options)
    return [one.message for one in alike]


def test_a_prompt_in_nearly_the_same_words_is_found(dataset):
    there = prompt(dataset, ASKED)
    same = prompt(dataset, ALIKE.upper())
    prompt(dataset, "How do I tune a guitar that has been in a cold car for a week?")
    prompt(DatasetFactory(), ASKED)

    first, second = lookalikes.lookalikes(dataset, ALIKE)

    assert first == (same, 1.0)
    assert second.message == there
    assert 0.5 <= second.likeness < 1
    assert found(dataset, ALIKE, besides=there.conversation) == [same]


def test_the_most_alike_comes_first_and_no_more_than_wanted(dataset):
    near, nearer = prompt(dataset, ASKED[:60]), prompt(dataset, ALIKE + " Thank you.")

    assert found(dataset, ALIKE) == [nearer, near]
    assert found(dataset, ALIKE, at_most=1) == [nearer]


@pytest.mark.parametrize("asked", ["What is a cat?", ASKED])
def test_the_same_words_are_found_without_a_sketch(dataset, asked):
    begun = conversations.begin(dataset, text=asked, category=None)
    there = MessageFactory(conversation=begun, text=asked)

    assert found(dataset, asked.upper()) == [there]
    assert found(dataset, "What is a cow?") == []


def test_other_numbers_and_denials_are_no_duplicate(dataset):
    prompt(dataset, APPLES)

    assert found(dataset, APPLES.replace("3", "4")) == []
    assert found(dataset, APPLES.replace("buys", "does not buy")) == []
    assert len(found(dataset, APPLES.replace("shop", "shops"))) == 1


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "held"])
def test_what_nobody_sees_is_not_found(dataset, state):
    prompt(dataset, ASKED, accepted=True, state=state)

    assert found(dataset, ALIKE) == []


def test_answers_have_no_sketch(dataset):
    reply = ReplyFactory(parent__conversation__dataset=dataset)

    note_sketches([reply, reply.parent])

    assert list(Sketch.objects.values_list("pk", flat=True)) == [reply.parent.pk]


def test_a_prompt_that_is_written_can_be_found_at_once_and_names_the_other(dataset):
    writer = ContributorFactory(member=dataset)
    first = conversations.write_prompt(dataset=dataset, by=writer, text=ASKED)

    second = conversations.write_prompt(dataset=dataset, by=writer, text=ALIKE)

    finding = second.messages.get().findings.get(check_name="near_duplicate")
    assert finding.other == first.messages.get()
    assert not first.messages.get().findings.filter(check_name="near_duplicate").exists()


def test_what_was_written_before_is_caught_up_with(dataset, monkeypatch):
    monkeypatch.setattr(lookalikes, "AT_ONCE", 2)
    there = [
        MessageFactory(conversation__dataset=dataset, text=ASKED + "!" * n)
        for n in range(5)
    ]
    old = prompt(dataset, ALIKE)
    Sketch.objects.update(version=sketches.VERSION - 1, bands=[], signature=b"")

    assert catch_up() == 6
    assert catch_up() == 0

    row = Sketch.objects.get(message=old)
    assert row.version == sketches.VERSION
    assert row.bands == sketches.bands(sketches.signatures([ALIKE]))[0].tolist()
    assert len(found(dataset, ASKED + " Please.", at_most=9)) == 6
    assert Sketch.objects.count() == 1 + len(there)


def test_a_lookup_asks_twice_at_most(dataset, django_assert_num_queries):
    prompt(dataset, ASKED)

    with django_assert_num_queries(1):  # the same words
        lookalikes.lookalikes(dataset, "What is a cow?")
    with django_assert_num_queries(1):  # sketches that share a band
        lookalikes.lookalikes(
            dataset, "Why is the sea salt, and the river that fills it not?"
        )
    with django_assert_num_queries(2):  # their texts
        lookalikes.lookalikes(dataset, ALIKE)


# ---- with many -------------------------------------------------------------------------
MANY = 120_000


@pytest.fixture
def many(dataset):
    """Sketches by SQL, of messages that are not there. The last is a true one."""
    there = prompt(dataset, ASKED)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO curation_sketch(message_id, dataset_id, version, signature, bands)"
            " SELECT 1000000 + n, %s, 1, ''::bytea, ARRAY[hashint4(n), hashint4(-n)]"
            " FROM generate_series(1, %s) n",
            [dataset.pk, MANY],
        )
        cursor.execute("ANALYZE curation_sketch")
    yield there
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM curation_sketch WHERE message_id > 1000000")


def reads():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_scan, idx_scan, seq_tup_read + idx_tup_fetch "
            "FROM pg_stat_xact_user_tables WHERE relname = 'curation_sketch'"
        )
        return np.array(cursor.fetchone())


@pytest.mark.slow
def test_among_very_many_the_table_is_not_read_but_looked_up(dataset, many):
    bands = Sketch.objects.get(message=many).bands
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT message_id FROM curation_sketch "
            f"WHERE bands && ARRAY{bands} AND dataset_id = {dataset.pk} LIMIT 500"
        )
        unguarded = "\n".join(line for (line,) in cursor.fetchall())
    before = reads()

    assert found(dataset, ALIKE) == [many]

    seq_scans, index_scans, rows = reads() - before
    assert "Seq Scan" in unguarded  # else this shows nothing
    assert seq_scans == 0
    assert index_scans >= 1
    assert rows < 100


@pytest.mark.slow
def test_a_band_that_very_many_share_hides_nothing_that_is_nearer(dataset, many):
    band = Sketch.objects.get(message=many).bands[0]
    some = "message_id BETWEEN 1000001 AND 1000250"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE curation_sketch SET bands = ARRAY[{band}] WHERE {some}")

    bands = Sketch.objects.get(message=many).bands
    near = Sketch.objects.worth_reading(dataset, prompt_key="", bands=bands, alive=[])

    assert near[0].message_id == many.pk
    assert len(near) == 100


def test_sketches_go_with_their_message(dataset):
    there = prompt(dataset, ASKED)

    there.delete()

    assert not Sketch.objects.exists()
    assert Dataset.objects.filter(pk=dataset.pk).exists()
