from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils.timezone import now

from curation.actions import tokens
from curation.models import DatasetVersion, KeptAnswer
from curation.rest import replays
from tests.curation.pages import frozen
from tests.factories import ContributorFactory, DatasetFactory, ReplyFactory
from tests.races import together

VERSIONS = "/api/v1/versions/"


@pytest.fixture(autouse=True)
def versions_dir(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path


@pytest.fixture
def dataset(db):
    dataset = DatasetFactory()
    frozen(dataset)
    return dataset


@pytest.fixture
def secret(dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    return tokens.issue(by=curator, name="x", scopes=["read", "curate"], days=1)[1]


def freeze(secret, dataset, key="one", **more):
    body = json.dumps({"dataset": dataset.slug, **more})
    return Client().post(
        VERSIONS,
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}", "idempotency-key": key},
    )


def test_the_same_request_is_answered_alike_and_done_once(secret, dataset):
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    first = freeze(secret, dataset)
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    again = freeze(secret, dataset)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert DatasetVersion.objects.count() == 2


def test_another_request_under_the_same_key_is_refused(secret, dataset):
    freeze(secret, dataset)

    answer = freeze(secret, dataset, recipe={"best_replies": 1})

    assert answer.status_code == 422
    assert "another request" in answer.json()["detail"]


def test_keys_are_each_persons_own(secret, dataset):
    freeze(secret, dataset)
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    theirs = tokens.issue(by=other, name="x", scopes=["curate"], days=1)[1]

    assert "Idempotent-Replayed" not in freeze(theirs, dataset, best=1).headers


def test_a_refusal_keeps_nothing(secret, dataset):
    refused = freeze(secret, dataset, recipe={"best_replies": -1})

    assert refused.status_code == 400
    assert not KeptAnswer.objects.exists()
    assert freeze(secret, dataset).status_code in (200, 201)


@pytest.mark.parametrize("key", ["x" * 201, "a\tb"])
def test_odd_keys_are_refused(secret, dataset, key):
    assert freeze(secret, dataset, key=key).status_code == 400


def test_old_answers_are_forgotten(secret, dataset):
    freeze(secret, dataset)
    assert tokens.forget_answers() == 0

    KeptAnswer.objects.update(at=now() - timedelta(days=3))

    assert tokens.forget_answers() == 1


@pytest.mark.django_db(transaction=True)
def test_of_ten_at_the_same_moment_one_does_the_work(secret, dataset, monkeypatch):
    done = []
    real = replays._once

    def counted(handler, *args, **kwargs):
        def noted(*inner, **more):
            done.append(transaction.get_connection().in_atomic_block)
            return handler(*inner, **more)

        return real(noted, *args, **kwargs)

    monkeypatch.setattr(replays, "_once", counted)
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)

    answers = together(*[lambda: freeze(secret, dataset)] * 10)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert done == [True]
