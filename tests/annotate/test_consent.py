from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.models import Assignment
from curation.actions import consents
from curation.models import Consent, Message
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def me(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


def terms_of(dataset, text="We train models with what you write."):
    return consents.publish(
        dataset=dataset,
        text=text,
        licence="CC-BY-4.0",
        uses=["training"],
        by=ContributorFactory(is_staff=True),
    )


def waiting(dataset):
    return planned(MessageFactory(conversation__dataset=dataset, accepted=True))


def agree(client, page, *terms):
    fields = {"agree": "yes", "terms": [one.pk for one in terms], "back": "/"}
    return client.post(page, fields)


def test_the_first_task_asks_for_consent_and_comes_back_to_the_task(client, dataset, me):
    waiting(dataset)
    terms = terms_of(dataset)

    slot = claim(client, kind="answer")
    task = reverse("annotate:task", args=[slot.pk])
    asked = client.get(task).url
    page = client.get(asked)

    assert asked.startswith(reverse("curation:consent", args=[dataset.slug]))
    assert "We train models with what you write." in page.text
    fields = {"agree": "yes", "terms": terms.pk, "back": task}
    assert client.post(asked, fields).url == task
    assert client.get(task).status_code == 200
    mine = client.get(reverse("curation:consents")).text
    assert "You agreed on" in mine and "We train models with what you write." in mine


def test_without_the_tick_nothing_is_entered(client, dataset, me):
    terms = terms_of(dataset)

    response = client.post(
        reverse("curation:consent", args=[dataset.slug]), {"terms": terms.pk}
    )

    assert response.status_code == 422
    assert not Consent.objects.exists()


def test_terms_that_changed_while_the_page_was_open_are_shown_once_more(
    client, dataset, me
):
    old = terms_of(dataset)
    terms_of(dataset, text="We publish it, too.")

    response = agree(client, reverse("curation:consent", args=[dataset.slug]), old)

    assert response.status_code == 422
    assert "We publish it, too." in response.text
    assert not Consent.objects.exists()


def test_new_terms_refuse_what_is_sent_and_keep_its_words(client, dataset, me):
    waiting(dataset)
    slot = claim(client, kind="answer")
    terms_of(dataset)

    response = submit(client, slot, text="My answer, half an hour of work.")

    assert response.status_code == 409
    assert "You have not agreed to the terms" in response.text
    assert "My answer, half an hour of work." in response.text
    assert not Message.objects.filter(author=me).exists()
    assert Assignment.objects.get(pk=slot.pk).state == "leased"


def test_who_sees_nothing_of_the_dataset_is_not_asked(client, me):
    other = terms_of(DatasetFactory()).dataset

    assert client.get(reverse("curation:consent", args=[other.slug])).status_code == 404


def test_terms_are_read_by_members_and_written_by_site_admins(client, dataset, me):
    page = reverse("curation:terms", args=[dataset.slug])
    sent = {"text": "New.", "licence": "CC0-1.0", "uses": ["training"]}

    assert "No terms yet" in client.get(page).text
    assert client.post(page, sent).status_code == 404
    assert client.get(reverse("curation:instance-terms")).status_code == 404

    client.force_login(ContributorFactory(is_staff=True))
    assert client.post(page, {**sent, "uses": []}).status_code == 422
    assert client.post(page, sent).status_code == 302
    everybody = reverse("curation:instance-terms")
    assert client.post(everybody, {**sent, "text": "For all."}).status_code == 302
    assert "For all." in client.get(everybody).text
