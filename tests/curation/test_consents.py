from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from curation.actions import consents, conversations, rights
from curation.errors import ConsentMissing, CurationError, NotAllowed
from curation.models import Consent, Terms
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
TEXT = "You may use what I write here to train models."


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


@pytest.fixture
def writer(dataset):
    return ContributorFactory(member=dataset)


def published(admin, dataset=None, text=TEXT, uses=("training",)):
    return consents.publish(
        dataset=dataset, text=text, licence="CC-BY-4.0", uses=uses, by=admin
    )


def write(dataset, by):
    return conversations.write_prompt(dataset=dataset, by=by, text="Why is the sky blue?")


def test_where_there_are_no_terms_nobody_is_asked(dataset, writer):
    assert consents.unanswered(writer, dataset.pk) == []
    write(dataset, writer)


def test_work_is_refused_until_the_terms_are_agreed_to(dataset, writer, admin):
    terms = published(admin, dataset)

    with pytest.raises(ConsentMissing, match="have not agreed"):
        write(dataset, writer)
    consents.agree(terms_ids=[terms.pk], by=writer)

    write(dataset, writer)


def test_terms_of_the_installation_and_of_the_dataset_are_both_asked_for(
    dataset, writer, admin
):
    general, special = published(admin), published(admin, dataset)
    published(admin, DatasetFactory())

    assert consents.unanswered(writer, dataset.pk) == [general, special]
    consents.agree(terms_ids=[special.pk], by=writer)
    assert consents.unanswered(writer, dataset.pk) == [general]


def test_a_new_version_asks_anew_and_the_old_agreement_stays(dataset, writer, admin):
    first = published(admin, dataset)
    consents.agree(terms_ids=[first.pk], by=writer)

    second = published(admin, dataset, text="And to publish it.", uses=["publishing"])

    assert (first.number, second.number) == (1, 2)
    assert consents.unanswered(writer, dataset.pk) == [second]
    assert Consent.objects.in_force().get(contributor=writer).terms == first


def test_old_terms_cannot_be_agreed_to(dataset, writer, admin):
    first = published(admin, dataset)
    published(admin, dataset, text="Other words.")

    assert consents.agree(terms_ids=[first.pk], by=writer) == []


def test_the_same_words_are_the_same_version(dataset, admin):
    assert published(admin, dataset) == published(admin, dataset)


def test_agreeing_twice_is_agreeing_once(dataset, writer, admin):
    terms = published(admin, dataset)

    consents.agree(terms_ids=[terms.pk], by=writer)
    consents.agree(terms_ids=[terms.pk], by=writer)

    assert Consent.objects.count() == 1


def test_taking_back_is_a_new_line_and_work_asks_anew(dataset, writer, admin):
    terms = published(admin, dataset)
    consents.agree(terms_ids=[terms.pk], by=writer)

    consents.take_back(person=writer, dataset=dataset, by=writer)

    acts = Consent.objects.order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["given", "withdrawn"]
    with pytest.raises(ConsentMissing):
        write(dataset, writer)
    assert consents.take_back(person=writer, dataset=dataset, by=writer) == 0


def test_who_comes_back_agrees_once_more(dataset, writer, admin):
    terms = published(admin, dataset)
    consents.agree(terms_ids=[terms.pk], by=writer)
    consents.take_back(person=writer, dataset=dataset, by=writer)

    consents.agree(terms_ids=[terms.pk], by=writer)

    write(dataset, writer)


@pytest.mark.parametrize("table", ["curation_terms", "curation_consent"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_the_ledger(
    table, statement, dataset, writer, admin
):
    consents.agree(terms_ids=[published(admin, dataset).pk], by=writer)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        connection.cursor().execute(statement.format(table))


def test_only_a_site_admin_writes_terms(dataset, writer):
    with pytest.raises(NotAllowed):
        published(writer, dataset)


@pytest.mark.parametrize(
    "wrong", [{"text": " "}, {"uses": []}, {"uses": ["selling"]}], ids=str
)
def test_terms_need_words_and_a_use(wrong, admin):
    with pytest.raises(CurationError):
        published(admin, **wrong)

    assert not Terms.objects.exists()


def test_checking_consent_costs_no_query_more(
    dataset, writer, admin, django_assert_num_queries
):
    consents.agree(terms_ids=[published(admin, dataset).pk], by=writer)

    with django_assert_num_queries(1):
        rights.require(writer, dataset, "writer")
