"""What was done, told to programs; and small things that they do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from curation import audit
from curation.actions import discussion, messages, people
from curation.models import Comment, Event
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
)
from tests.programs import Program, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(dataset):
    return ContributorFactory(
        email="cora@example.org", member=dataset, member__roles=["curator"]
    )


def listed(program, path):
    answer = program.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_the_history_of_a_dataset_is_read_by_its_curators(dataset, person, monkeypatch):
    monkeypatch.setattr(audit, "SETTLES", -timedelta(minutes=1))
    curator, here = Program(person), f"datasets/{dataset.slug}/history/"
    text = MessageFactory(accepted=True, conversation__dataset=dataset)
    newcomer = ContributorFactory()
    people.join(dataset=dataset, person=newcomer, role="viewer", by=person)
    messages.hold(message_id=text.pk, by=person, why="It names a person.")
    people.join(dataset=DatasetFactory(), person=newcomer, role="viewer",
                by=ContributorFactory(is_staff=True))  # fmt: skip

    oldest, newest = listed(curator, f"{here}?order=oldest&person=cora")

    assert (oldest["kind"], newest["kind"]) == ("membership.added", "message.held")
    assert newest["subject"] == "message" and newest["subject_id"] == text.pk
    assert newest["dataset"] == dataset.slug and newest["data"]["why"]
    assert newest["person"] == "cora@example.org" and newest["address"] == ""
    assert listed(curator, f"{here}?subject=message {text.pk}") == [newest]
    assert [one["kind"] for one in listed(curator, f"{here}?kind=membership")] == [
        "membership.added"
    ]
    assert listed(curator, f"{here}?since=2999-01-01") == []
    odd = curator.get(f"{here}?kind=a b&since=soon&dataset=x")
    assert refused_fields(odd) == {"dataset"}
    assert refused_fields(curator.get(f"{here}?kind=a b&since=soon")) == {"kind", "since"}
    admin = Program(ContributorFactory(is_staff=True))
    assert len(listed(admin, "history/?kind=membership.added")) == 2
    assert refused_fields(admin.get("history/?dataset=none")) == {"dataset"}
    assert curator.get("history/").status_code == 403
    for program in (Program(newcomer), Program(ContributorFactory())):
        assert program.get(here).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_who_follows_the_history_misses_no_line_that_appears_late(
    dataset, person, monkeypatch
):
    monkeypatch.setattr(audit, "SETTLES", timedelta())
    Event.objects.update(at=F("at") - timedelta(minutes=1))
    curator, here = Program(person), f"datasets/{dataset.slug}/history/?order=oldest"
    before = len(listed(curator, here))
    late = connection.copy()
    with late.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "INSERT INTO curation_event (kind, data, dataset_id, subject_kind, subject_id,"
            " at) VALUES ('message.imported', '{}', %s, 'message', 1, now())",
            [dataset.pk],
        )
        people.join(dataset=dataset, person=ContributorFactory(), role="viewer", by=person)
        assert len(listed(curator, here)) == before

        cursor.execute("COMMIT")
    late.close()

    kinds = [line["kind"] for line in listed(curator, here)[before:]]
    assert kinds == ["message.imported", "membership.added"]


def test_a_conversation_is_put_into_another_category(dataset, person):
    CategoryFactory(dataset=dataset, slug="qa")
    CategoryFactory(slug="theirs")
    text = MessageFactory(conversation__dataset=dataset)
    there = f"datasets/{dataset.slug}/conversations/{text.conversation_id}/"
    curator = Program(person)

    moved = curator.patch(there, {"category": "qa"}, key="k")

    assert (moved.status_code, moved.json()["category"]) == (200, "qa"), moved.content
    assert curator.patch(there, {"category": "qa"}, key="k").json() == moved.json()
    assert curator.patch(there, {"category": "qa"}).status_code == 409
    assert refused_fields(curator.patch(there, {"category": "theirs"})) == {"category"}
    writer = Program(ContributorFactory(member=dataset))
    assert writer.patch(there, {"category": "qa"}).status_code == 404


def test_what_one_said_oneself_is_taken_back(dataset, person):
    text = MessageFactory(accepted=True, conversation__dataset=dataset)
    said = discussion.comment(message_id=text.pk, by=person, text="Well.")
    one = f"comments/{said.pk}/"
    assert Program(ContributorFactory(member=dataset)).delete(one).status_code == 404
    assert Program(person, "read").delete(one).status_code == 403

    assert Program(person).delete(one).status_code == 204

    assert Comment.objects.get().deleted_at
