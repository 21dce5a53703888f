"""What means nearly the same is found, hinted at, and shown to those who judge."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curation import neighbours
from curation.actions import rechecks, vectors, withdrawals
from curation.models import EmbeddingModel, Finding, Message, Vector
from tests.curation.meanings import (
    BREAD,
    CAR,
    WAGEN,
    dataset,
    embed_all,
    hints,
    nothing_kept,
    wrote,
)
from tests.curation.pages import queries, signed_in, url
from tests.factories import DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


# ---- what is nearest ---------------------------------------------------------------
@pytest.fixture
def filled(dataset):
    """A dataset of many vectors by an index, and one of few that lie elsewhere."""
    model = EmbeddingModel.objects.create(name="fake", dimensions=16)
    vectors.make_index(model)
    small, chance = DatasetFactory(slug="small"), np.random.default_rng(4)
    for there, count, centre in ((dataset, 400, 4.0), (small, 20, -4.0)):
        root = MessageFactory(conversation__dataset=there, accepted=True)
        rows = ReplyFactory.build_batch(
            count, parent=root, conversation=root.conversation, author=root.author
        )
        rows = Message.objects.bulk_create(rows)
        points = chance.normal(size=(count, 16))
        points[:, 0] += centre
        Vector.objects.bulk_create(
            Vector(
                message=row, dataset=there, model=model, is_first=True, numbers=list(point)
            )
            for row, point in zip(rows, points, strict=True)
        )
    return model, small


def exact(dataset, point, count):
    rows = Vector.objects.filter(dataset=dataset).values_list("message", "numbers")
    likeness = {
        key: np.dot(point, there) / np.linalg.norm(point) / np.linalg.norm(there)
        for key, there in rows
    }
    return sorted(likeness, key=likeness.__getitem__, reverse=True)[:count]


@pytest.mark.parametrize("few", [3_000, 10], ids=["one by one", "by the index"])
def test_the_nearest_of_a_dataset_are_found(filled, dataset, monkeypatch, few):
    monkeypatch.setattr(neighbours, "FEW", few)
    model, small = filled
    point = np.r_[4.0, np.ones(15)]

    for there in (dataset, small):
        found = neighbours.nearest(there, model, point, at_most=10)
        assert [one.message_id for one in found] == exact(there, point, 10)
        assert found == sorted(found, key=lambda one: -one.likeness)


def test_a_small_dataset_is_found_far_away_in_a_large_table(filled, monkeypatch):
    """The index gives up before it comes there: all are compared then."""
    monkeypatch.setattr(neighbours, "FEW", 10)
    monkeypatch.setattr(neighbours, "SCANNED_AT_MOST", 50)
    monkeypatch.setattr(neighbours, "WIDTH", 10)
    model, small = filled
    point = np.r_[40.0, np.ones(15)]  # beyond the large one

    with CaptureQueriesContext(connection) as sent:
        found = neighbours.nearest(small, model, point, at_most=10)

    assert [one.message_id for one in found] == exact(small, point, 10)
    assert sum("+ 0 LIMIT" in one["sql"] for one in sent) == 1


def test_of_many_the_index_is_used(filled, dataset, monkeypatch):
    monkeypatch.setattr(neighbours, "FEW", 10)
    model, __ = filled
    with CaptureQueriesContext(connection) as sent:
        neighbours.nearest(dataset, model, [1.0] * 16, at_most=10)
    asked = next(one["sql"] for one in sent if "<=>" in one["sql"])

    with connection.cursor() as cursor:
        cursor.execute(neighbours.BY_INDEX, ["100", "20000"])
        cursor.execute("EXPLAIN " + asked)
        plan = "\n".join(row[0] for row in cursor)

    assert f"Index Scan using vector_nearest_{model.pk}" in plan
    assert "Sort" not in plan


def test_settings_of_the_search_end_with_it(filled, dataset, monkeypatch):
    monkeypatch.setattr(neighbours, "FEW", 10)
    neighbours.nearest(dataset, filled[0], [1.0] * 16, at_most=10)

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_sort')")
        assert cursor.fetchone() == ("on",)


# ---- hints -------------------------------------------------------------------------
def test_a_prompt_in_other_words_gets_a_hint_that_names_the_first(embedder, dataset):
    first = wrote(dataset, CAR)
    second = wrote(dataset, WAGEN)
    wrote(dataset, BREAD)
    wrote(DatasetFactory(), CAR)  # of other people

    assert embed_all().hinted == 1

    assert hints() == [(second.pk, first.pk)]
    finding = Finding.objects.get(check_name="same_meaning")
    assert finding.score == pytest.approx(1.0, abs=0.01)
    assert finding.check_version == 1
    assert embed_all().hinted == 0


def test_the_newer_one_gets_the_hint_whichever_was_looked_at_first(embedder, dataset):
    first, second = wrote(dataset, CAR), wrote(dataset, WAGEN)

    Message.objects.filter(pk=first.pk).update(state=Message.State.DRAFT)
    embed_all()
    Message.objects.filter(pk=first.pk).update(state=Message.State.SUBMITTED)
    embed_all()

    assert hints() == [(second.pk, first.pk)]


@pytest.mark.parametrize(
    "text",
    ["How do I repair my 2 old cars?", "How do I not repair my old car?", BREAD],
)
def test_other_numbers_and_denials_are_other_questions(embedder, dataset, settings, text):
    settings.EMBEDDER_ALIKE = 0.5 if text != BREAD else 0.9
    wrote(dataset, CAR)
    wrote(dataset, text)

    assert embed_all().hinted == 0


def test_answers_and_texts_of_one_conversation_get_no_hint(embedder, dataset):
    prompt = wrote(dataset, CAR, accepted=True)
    ReplyFactory(parent=prompt, text=CAR)
    ReplyFactory(parent=prompt, text=WAGEN)
    MessageFactory(conversation=prompt.conversation, text=WAGEN, revises=prompt)

    assert embed_all().hinted == 0


def test_a_dataset_that_does_not_look_for_it_gets_none(embedder):
    dataset = DatasetFactory(policy__checks={"same_meaning": "off"})
    wrote(dataset, CAR)
    wrote(dataset, WAGEN)

    assert embed_all().hinted == 0
    assert Vector.objects.count() == 2


def test_what_is_said_of_the_same_words_already_is_not_said_twice(embedder, dataset):
    first, second = wrote(dataset, CAR), wrote(dataset, CAR)
    Finding.objects.create(
        message=second, other=first, check_name="near_duplicate", check_version=2,
        score=1.0, advice="It is there.",
    )  # fmt: skip

    assert embed_all().hinted == 0


def test_a_worker_that_looks_again_lets_the_hint_stay(embedder, dataset):
    first, second = wrote(dataset, CAR), wrote(dataset, WAGEN)
    embed_all()
    rechecks.note_new(is_thorough=True)
    rechecks.catch_up()

    assert hints() == [(second.pk, first.pk)]


# ---- the rules ---------------------------------------------------------------------
def test_curators_choose_between_nothing_and_a_hint(client, embedder, dataset):
    signed_in(client, dataset, "curator")
    page = client.get(url("rules", "d"))
    field = page.context["checks_form"].fields["check-same_meaning"]

    assert [value for value, words in field.choices] == ["off", "hint"]


def test_without_an_embedder_the_rules_do_not_speak_of_it_and_keep_what_was_said(client):
    dataset = DatasetFactory(slug="d", policy__checks={"same_meaning": "off"})
    signed_in(client, dataset, "curator")
    page = client.get(url("rules", "d"))
    form = page.context["checks_form"]
    assert "check-same_meaning" not in form.fields

    sent = {name: field.initial for name, field in form.fields.items()}
    client.post(url("rules-checks", "d"), {**sent, "check-echo": "off"})

    dataset.policy.refresh_from_db()
    assert dataset.policy.checks == {"same_meaning": "off", "echo": "off"}


# ---- the page ----------------------------------------------------------------------
def test_who_judges_sees_what_is_similar_elsewhere(client, embedder, dataset):
    message, like = wrote(dataset, CAR), wrote(dataset, WAGEN)
    wrote(dataset, BREAD)
    ReplyFactory(parent=like, text="Repair the old car yourself.")
    embed_all()
    signed_in(client, dataset, "reviewer")

    page = client.get(url("conversation", "d", message.conversation_id))
    assert url("similar", message.pk) in page.content.decode()
    page = client.get(url("similar", message.pk))

    found = [(one.excerpt, round(one.likeness, 1)) for one in page.context["similar"]]
    assert found[0] == (WAGEN, 1.0)
    assert [text for text, __ in found] == [WAGEN, BREAD]
    assert "100 % alike" in page.content.decode()


def test_held_and_withdrawn_texts_are_not_shown_to_a_reviewer(client, embedder, dataset):
    message, held, gone = (wrote(dataset, CAR) for _ in range(3))
    embed_all()
    Message.objects.filter(pk=held.pk).update(
        state=Message.State.HELD, decided_at=held.created_at
    )
    withdrawals.take_back(message_id=gone.pk, by=gone.author)

    signed_in(client, dataset, "reviewer")
    assert client.get(url("similar", message.pk)).context["similar"] == []
    signed_in(client, dataset, "curator")
    shown = client.get(url("similar", message.pk)).context["similar"]
    assert [one.message.pk for one in shown] == [held.pk]


@pytest.mark.parametrize("roles", [["writer"], None], ids=["writer", "stranger"])
def test_others_do_not_find_the_page(client, embedder, dataset, roles):
    message = wrote(dataset, CAR)
    embed_all()
    signed_in(client, dataset if roles else None, *(roles or []))

    assert client.get(url("similar", message.pk)).status_code == 404
    if roles:
        page = client.get(url("conversation", "d", message.conversation_id))
        assert "/similar/" not in page.content.decode()


def test_what_has_no_vector_says_why(client, embedder, dataset):
    odd = wrote(dataset, "Odd.")
    embedder.refuses = lambda text: text == "Odd."
    embed_all()
    late = wrote(dataset, CAR)
    signed_in(client, dataset, "reviewer")

    assert "look again in a minute" in client.get(url("similar", late.pk)).content.decode()
    assert "does not take it" in client.get(url("similar", odd.pk)).content.decode()


def test_without_an_embedder_no_page_has_a_trace_of_it(client, settings, embedder, dataset):
    message = wrote(dataset, CAR)
    embed_all()
    settings.EMBEDDER = ""
    signed_in(client, dataset, "curator")

    page = client.get(url("conversation", "d", message.conversation_id)).content.decode()
    assert "Similar" not in page
    assert client.get(url("similar", message.pk)).status_code == 404
    assert 'name="by"' not in client.get(url("browse", "d") + "?q=car").content.decode()
    assert (
        'name="by"'
        not in client.get(url("browse", "d") + "?q=car&by=meaning").content.decode()
    )


def test_the_page_takes_as_many_queries_for_many_as_for_few(client, embedder, dataset):
    message, __ = wrote(dataset, CAR), wrote(dataset, WAGEN)
    embed_all()
    signed_in(client, dataset, "reviewer")
    few = queries(client, url("similar", message.pk))
    for n in range(8):
        wrote(dataset, f"{WAGEN} {n}")
    embed_all()

    assert queries(client, url("similar", message.pk)) == few
