"""What an import makes by itself is what the slower ways there would have made of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.forms import model_to_dict

from curation.actions import planting, settlements, turns
from curation.actions.conversations import advance_unwritten
from curation.copied import copy_in, copy_rows
from curation.models import (
    Conversation,
    Entry,
    Event,
    Message,
    Settlement,
)
from tests.curation.lines import answer, node, take, tree
from tests.curation.test_clean_secrets import GITHUB
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db

FOLLOW_UP = node("Why?", answer("Because.", rank=0), answer("No idea.", rank=1))
TREES = (
    tree(node(
        "Ask",
        answer("Fair", rank=2),
        answer("Good", FOLLOW_UP, rank=0),
        answer("As fair", rank=2),
        answer("Not looked at", review_result=None, rank=1),
        answer("By a model", synthetic=True, model_name="m", rank=4),
    )),
    tree(node("Lone", answer("One", rank=0), answer("Two")), tree_state="growing"),
    tree(node("Waits", review_result=None), tree_state="initial_prompt_review"),
    tree(node(f"My key is {GITHUB}", answer("No", rank=1), answer("Yes", rank=0))),
)  # fmt: skip


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=2, policy__max_depth=2)


def test_its_orders_are_what_settling_them_gives(dataset):
    take(dataset, *TREES)
    there = list(Settlement.objects.select_related("prompt__conversation__dataset__policy"))
    assert len(there) == 3
    for one in there:
        before = model_to_dict(one, exclude=["settled_at"])
        settlements.settle(one.prompt)
        one.refresh_from_db()
        assert model_to_dict(one, exclude=["settled_at"]) == before


@pytest.mark.parametrize("held", [{}, {"secret": "hold"}])
def test_its_conversations_stand_where_their_messages_put_them(dataset, monkeypatch, held):
    dataset.policy.checks = held
    made = {}

    def noted(conversations, given):
        made.update(given)
        return advance_unwritten(conversations, given)

    monkeypatch.setattr(planting, "advance_unwritten", noted)
    take(dataset, *TREES)
    there = list(Conversation.objects.select_related("dataset__policy").order_by("pk"))
    assert made == turns.turns_of(there)
    first, lone, waits, key = (one.state for one in there)
    assert (first, lone, waits) == ("growing", "ranking", "review")
    assert key == ("held" if held else "complete")
    moved = Event.objects.filter(subject_kind="conversation").values_list("kind", flat=True)
    assert set(moved) == {f"conversation.{one}" for one in (first, lone, key)}


@pytest.mark.parametrize("is_settled_first", [True, False])
def test_entries_are_the_same_whatever_is_written_first(dataset, is_settled_first):
    take(dataset, *TREES)
    before = entries()
    scores = {entry["score"] for entry in before}
    assert {entry["status"] for entry in before} == {"", "consensus"}
    assert {None, 0, 50, 100} <= scores
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kept AS SELECT * FROM curation_settlement")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        if not is_settled_first:
            cursor.execute("DELETE FROM curation_settlement")
            assert not Entry.objects.exclude(status="", score=None).exists()
        cursor.execute("CREATE TEMP TABLE written AS SELECT * FROM curation_message")
        cursor.execute("DELETE FROM curation_message")
        cursor.execute("INSERT INTO curation_message SELECT * FROM written")
        if not is_settled_first:
            cursor.execute("INSERT INTO curation_settlement SELECT * FROM kept")
    assert entries() == before


def entries():
    """But for the findings, which nobody writes before their message."""
    names = [field.attname for field in Entry._meta.fields if field.name != "checks"]
    return list(Entry.objects.order_by("pk").values(*names))


def test_plain_values_become_what_a_new_row_has():
    dataset = DatasetFactory()
    line = Event.objects.line("one", dataset, by=None, dataset=dataset, n=[1, "ä\t\\N"])
    copy_in([line])
    columns = ("kind", "subject_kind", "subject_id", "dataset_id", "data")
    plain = ("one", "dataset", dataset.pk, dataset.pk, '{"n": [1, "ä\\t\\\\N"]}')
    copy_rows(Event, columns, [plain])
    ours, theirs = Event.objects.filter(kind="one").order_by("pk").values()
    assert ours["at"] <= theirs["at"]
    for kept in (ours, theirs):
        del kept["id"], kept["at"]
    assert ours == theirs


def test_nothing_to_write_writes_nothing(dataset):
    take(dataset)
    assert not Message.objects.exists()
