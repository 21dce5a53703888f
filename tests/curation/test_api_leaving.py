"""What one agreed to, what one takes back, and being forgotten, by programs."""

from __future__ import annotations

import pytest

from curation.actions import consents
from curation.models import Erasure, Terms, Withdrawal
from tests.curation.pages import frozen
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory
from tests.programs import Program, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(dataset):
    return ContributorFactory(
        email="ada@example.org", member=dataset, member__roles=["writer"]
    )


@pytest.fixture
def writer(person):
    return Program(person)


def test_all_of_a_dataset_is_taken_back_with_what_holds_it(dataset, person, writer):
    version = frozen(dataset, count=1, author=person)
    elsewhere = MessageFactory(author=person, accepted=True)
    for nothing in ({}, {"dataset": dataset.slug, "is_everything": True}):
        assert writer.post("me/withdrawals/", nothing).status_code == 400
    other = {"dataset": DatasetFactory().slug}
    assert writer.post("me/withdrawals/", other).status_code == 404

    asked = writer.post("me/withdrawals/", {"dataset": dataset.slug}, key="k")

    assert asked.status_code == 201, asked.content
    assert (asked.json()["state"], asked.json()["total"]) == ("finished", 1)
    assert (asked.json()["dataset"], asked.json()["message"]) == (dataset.slug, None)
    (held,) = asked.json()["held_by"]
    assert (held["digest"], held["number"], held["models"]) == (version.digest, 1, [])
    assert writer.post("me/withdrawals/", {"dataset": dataset.slug}, key="k").json() == (
        asked.json()
    )
    one = f"me/withdrawals/{asked.json()['id']}/"
    assert writer.get(one).json() == asked.json()
    assert Program(ContributorFactory(member=dataset)).get(one).status_code == 404
    elsewhere.refresh_from_db()
    assert elsewhere.state == "accepted"
    assert writer.post("me/withdrawals/", {"is_everything": True}).status_code == 201
    elsewhere.refresh_from_db()
    assert elsewhere.state == "withdrawn"
    assert len(writer.get("me/withdrawals/").json()["results"]) == 2


def test_to_be_forgotten_is_typed_out_and_asked_once(person, writer):
    assert writer.get("me/erasure/").status_code == 404
    wrong = writer.post("me/erasure/", {"email": "bo@example.org"})
    assert refused_fields(wrong) == {"email"}
    assert not Erasure.objects.exists()

    asked = writer.post("me/erasure/", {"email": "Ada@example.org "})

    assert (asked.status_code, asked.json()["ordered_at"]) == (201, None), asked.content
    assert writer.post("me/erasure/", {"email": person.email}).json() == asked.json()
    assert writer.get("me/erasure/").json() == asked.json()
    assert Withdrawal.objects.count() == 1
    assert Program(person, "read").post("me/erasure/", {}).status_code == 403


def test_terms_are_read_here_and_agreed_to_at_the_page(dataset, person, writer):
    admin = Program(ContributorFactory(is_staff=True))
    sent = {"text": "Yours stays yours.", "licence": "CC-BY-4.0", "uses": ["training"]}
    there = f"datasets/{dataset.slug}/terms/"
    assert writer.post(there, sent).status_code == 403
    assert writer.get("terms/").status_code == 404

    published = admin.post(there, sent)

    assert published.status_code == 201, published.content
    assert admin.post("terms/", sent).json()["dataset"] is None
    assert writer.get(there).json()["results"] == [published.json()]
    assert published.json()["uses"] == ["training"]
    assert refused_fields(admin.post(there, {**sent, "uses": ["selling"]})) == {"uses.0"}
    waiting = writer.get(f"me/consents/waiting/?dataset={dataset.slug}").json()
    assert [one["dataset"] for one in waiting["results"]] == [dataset.slug, None]
    assert waiting["where"] == f"/datasets/{dataset.slug}/consent/"
    refused = writer.post("tasks/claim/", {"dataset": dataset.slug})
    assert (refused.status_code, refused.json()["where"]) == (403, waiting["where"])
    given = consents.agree(terms_ids=Terms.objects.values_list("pk", flat=True), by=person)
    consents.take_back(person=person, dataset=dataset, by=person)
    lines = writer.get("me/consents/").json()["results"]
    assert len(given) == 2
    assert [(one["act"], one["is_in_force"]) for one in lines] == [
        ("withdrawn", False), ("given", True), ("given", False),
    ]  # fmt: skip
