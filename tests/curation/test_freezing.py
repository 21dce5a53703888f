"""Versions made by a worker: asked for, watched, called off, lost and found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from curation import tasks
from curation.actions import freezing, messages, versions, withdrawals
from curation.actions.gathering import Gathering
from curation.errors import CurationError, NotAllowed
from curation.formats.recipe import Recipe
from curation.models import DatasetVersion, Event, Freezing, Message
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def large(monkeypatch):
    """Everything with a conversation is made in the background."""
    monkeypatch.setattr(freezing, "AT_ONCE", 0)


def accepted(dataset, count=3):
    return [
        ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
        for _ in range(count)
    ]


def ask(dataset, curator, **recipe):
    return freezing.ask(dataset_id=dataset.pk, by=curator, recipe=recipe)


def test_a_worker_makes_what_freezing_at_once_would_have_made(dataset, curator):
    accepted(dataset)
    asked = ask(dataset, curator, languages=["en"])

    freezing.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.state, asked.seen, asked.of, asked.taken) == ("frozen", 3, 3, 3)
    at_once = versions.freeze(
        dataset_id=dataset.pk, by=curator, recipe={"languages": ["en"]}
    )
    assert asked.version == at_once == DatasetVersion.objects.get()
    assert asked.version.frozen_by == curator


def test_nothing_new_is_the_version_that_is_there(dataset, curator):
    accepted(dataset)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)
    asked = ask(dataset, curator)

    freezing.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.version, asked.is_new) == (version, False)


def test_one_at_a_time_and_by_curators_only(dataset, curator):
    ask(dataset, curator)

    with pytest.raises(CurationError, match="is being made"):
        ask(dataset, curator)
    with pytest.raises(NotAllowed):
        ask(dataset, ContributorFactory(member=dataset))
    with pytest.raises(CurationError, match="A recipe has no"):
        ask(dataset, curator, catgories=["qa"])


def test_a_refusal_is_said_on_the_row(dataset, curator):
    asked = ask(dataset, curator)

    freezing.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.state, asked.version) == ("failed", None)
    assert asked.why.startswith("Nothing is accepted yet")


def test_it_can_be_called_off_until_it_is_there(dataset, curator, monkeypatch):
    accepted(dataset)
    asked = ask(dataset, curator)
    told = freezing._teller

    def call_off_meanwhile(row):
        freezing.cancel(freezing_id=row.pk, by=curator)
        return told(row)

    monkeypatch.setattr(freezing, "_teller", call_off_meanwhile)
    freezing.run(asked.pk)

    asked.refresh_from_db()
    assert asked.state == "cancelled"
    assert not DatasetVersion.objects.exists()
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"freezing.asked", "freezing.cancelled"} <= kinds

    monkeypatch.setattr(freezing, "_teller", told)
    again = ask(dataset, curator)
    freezing.run(again.pk)
    with pytest.raises(CurationError, match="It has ended already"):
        freezing.cancel(freezing_id=again.pk, by=curator)


def test_a_worker_that_was_taken_for_dead_publishes_nothing(dataset, curator, monkeypatch):
    accepted(dataset)
    asked = ask(dataset, curator)
    gather = Gathering.gather

    def slowly(self, tell):
        Freezing.objects.update(attempt=2)  # another worker has it now
        gather(self, tell)

    monkeypatch.setattr(Gathering, "gather", slowly)
    freezing.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.state, asked.attempt) == ("running", 2)
    assert not DatasetVersion.objects.exists()


def test_what_a_lost_worker_left_is_made_by_the_next_three_times_at_most(dataset, curator):
    accepted(dataset)
    asked = ask(dataset, curator)
    silent = now() - timedelta(minutes=5)
    Freezing.objects.update(state="running", attempt=1, beat_at=silent)

    assert freezing.take_back_silent() == [asked.pk]

    Freezing.objects.update(state="running", attempt=3, beat_at=silent)
    assert freezing.take_back_silent() == []
    asked.refresh_from_db()
    assert (asked.state, asked.ended_at is not None) == ("failed", True)
    Freezing.objects.update(state="running", ended_at=None, beat_at=now())
    assert freezing.take_back_silent() == []


def test_a_second_worker_finds_nothing_to_claim(dataset, curator):
    accepted(dataset)
    asked = ask(dataset, curator)
    Freezing.objects.update(state="running", attempt=1)

    freezing.run(asked.pk)

    assert not DatasetVersion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_version_that_is_being_published():
    dataset = DatasetFactory()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    asked, other = (
        ask(dataset, curator),
        ask(DatasetFactory(), ContributorFactory(is_staff=True)),
    )
    Freezing.objects.filter(pk=asked.pk).update(
        state="running", attempt=1, beat_at=now() - timedelta(minutes=5)
    )

    def without_waiting(work):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        return work()

    with transaction.atomic():  # as publishing does
        Freezing.objects.select_for_update().get(pk=asked.pk)
        outcomes = together(
            lambda: without_waiting(freezing.take_back_silent),
            lambda: without_waiting(
                lambda: freezing.cancel(freezing_id=asked.pk, by=curator)
            ),
        )

    assert [other.pk] in outcomes
    assert CurationError in outcomes
    assert set(freezing.take_back_silent()) == {asked.pk, other.pk}
    connection.close()


# ---- what people do while it is read ---------------------------------------------------
def test_what_changed_since_it_was_read_is_read_again(dataset, curator):
    kept, taken_back, held = accepted(dataset)
    with Gathering(dataset, Recipe()) as gathered:
        gathered.gather()
        withdrawals.take_back(message_id=taken_back.pk, by=taken_back.author)
        messages.hold(message_id=held.parent_id, by=curator, why="?")
        [late] = accepted(dataset, 1)
        another = ReplyFactory(parent=kept.parent)
        messages.review(
            message_id=another.pk, by=ContributorFactory(member=dataset), verdict="accept"
        )
        version = versions.publish(gathered, by=curator).version

    found = set(version.items.values_list("reply", flat=True))
    assert found == {kept.pk, late.pk, another.pk}
    assert versions.verify(version) == []
    assert versions.freeze(dataset_id=dataset.pk, by=curator) == version


def test_lines_that_do_not_fit_in_memory_give_the_same_version(
    dataset, curator, monkeypatch
):
    accepted(dataset, 6)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)
    monkeypatch.setattr("curation.actions.gathering.IN_MEMORY", 10)
    monkeypatch.setattr("curation.actions.choosing.AT_ONCE", 2)

    assert versions.freeze(dataset_id=dataset.pk, by=curator) == version


# ---- pages -----------------------------------------------------------------------------
def test_a_large_dataset_is_frozen_in_the_background(
    client, dataset, large, monkeypatch, django_capture_on_commit_callbacks
):
    accepted(dataset)
    signed_in(client, dataset, "curator")
    rung = []
    monkeypatch.setattr(tasks.freeze_version, "delay", lambda **ids: rung.append(ids))

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(url("versions", dataset.slug), {"with_models": "on"})

    asked = Freezing.objects.get()
    assert response.url == url("versions", dataset.slug)
    assert rung == [{"freezing_id": asked.pk}]
    page = client.get(url("versions", dataset.slug)).text
    assert "A version is being made" in page
    assert 'data-live="2"' in page

    tasks.freeze_version(asked.pk)
    page = client.get(url("versions", dataset.slug)).text
    assert "Version 1 is frozen." in page
    assert 'data-live="2"' not in page


def test_the_button_calls_it_off(client, dataset, curator):
    asked = ask(dataset, curator)
    signed_in(client, dataset, "curator")

    response = client.post(url("freezing-cancel", dataset.slug, asked.pk), follow=True)

    assert "The version was called off." in response.text
    asked.refresh_from_db()
    assert asked.state == "cancelled"


def test_others_do_not_call_it_off(client, dataset, curator):
    asked = ask(dataset, curator)
    signed_in(client, dataset, "writer")

    assert client.post(url("freezing-cancel", dataset.slug, asked.pk)).status_code == 404
    signed_in(client, DatasetFactory(), "curator")
    assert client.post(url("freezing-cancel", dataset.slug, asked.pk)).status_code == 404


def test_the_api_freezes_a_large_one_in_the_background(
    client, dataset, large, monkeypatch, django_capture_on_commit_callbacks
):
    accepted(dataset)
    signed_in(client, dataset, "curator")
    monkeypatch.setattr(tasks.freeze_version, "delay", lambda **ids: None)

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(
            "/api/v1/versions/",
            {"dataset": dataset.slug, "recipe": {"pairs": "all", "statuses": ["unranked"]}},
            content_type="application/json",
        )

    assert response.status_code == 202
    place = f"/api/v1/freezings/{response.json()['id']}/"
    assert client.get(place).json()["state"] == "waiting"
    assert Freezing.objects.get().recipe["statuses"] == ["unranked"]
    assert client.delete(place).status_code == 204
    assert client.get(place).json()["state"] == "cancelled"
    signed_in(client, DatasetFactory(), "curator")
    assert client.get(place).status_code == 404


def test_counts_follow_the_form_and_a_wrong_weight_is_said(client, dataset):
    accepted(dataset)
    Message.objects.filter(role="assistant").update(language="de")
    signed_in(client, dataset, "curator")
    path = url("versions", dataset.slug)

    page = client.get(path, {"preview": "1", "with_models": "on", "pairs": "all"})
    assert "Freeze 3 answers" in page.text
    assert 'hx-select="#freeze-count"' in page.text
    wrong = client.get(path, {"preview": "1", "weights": "poems lots"})
    assert wrong.status_code == 422
    assert "“poems lots” is no category and its weight." in wrong.text
