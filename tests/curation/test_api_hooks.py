"""Webhooks for programs."""

from __future__ import annotations

import pytest

from curation.actions import deliveries, tokens
from curation.models import Delivery, Hook
from tests.curation.hooks import added, happen
from tests.curation.pages import signed_in
from tests.factories import ContributorFactory, DatasetFactory
from tests.receiver import receiving

pytestmark = pytest.mark.django_db
LIST = "/api/v1/hooks/"


@pytest.fixture
def dataset():
    return DatasetFactory()


def send(client, method, path, data=None, **headers):
    ask = getattr(client, method)
    return ask(path, data, content_type="application/json", headers=headers)


def key(person, *scopes):
    secret = tokens.issue(by=person, name="x", scopes=scopes, days=1)[1]
    return {"Authorization": f"Bearer {secret}"}


def wanted(dataset=None, **changed):
    return {
        "dataset": dataset and dataset.slug, "name": "Bot", "url": "https://hooks.example/",
        "wants": ["run.finished"], **changed,
    }  # fmt: skip


def test_a_curator_adds_changes_tries_and_removes_one(client, dataset):
    signed_in(client, dataset, "curator")
    with receiving() as receiver:
        made = send(client, "post", LIST, wanted(dataset, url=receiver.address))
        assert made.status_code == 201
        assert made.json()["secret"].startswith("whsec_")
        one = f"{LIST}{made.json()['id']}/"

        tried = send(client, "post", f"{one}ping/")
        assert (tried.json()["state"], tried.json()["tries"][0]["answer"]) == (
            "delivered", "ok",
        )  # fmt: skip
        receiver.says(500)
        happen(dataset)
        deliveries.carry_on(seconds=9)
    shown = client.get(f"{one}deliveries/").json()["results"]
    assert [(sent["kind"], sent["state"]) for sent in shown] == [
        ("run.finished", "waiting"), ("ping", "delivered"),
    ]  # fmt: skip
    again = send(client, "post", f"{one}deliveries/{shown[0]['id']}/send/")
    assert again.status_code == 202
    changed = send(client, "patch", one, {"name": "Anew", "is_on": False}).json()
    assert (changed["name"], changed["is_on"], changed["wants"]) == (
        "Anew", False, ["run.finished"],
    )  # fmt: skip
    refused = send(client, "post", f"{one}deliveries/{shown[0]['id']}/send/")
    assert refused.status_code == 409
    fresh = send(client, "post", f"{one}secret/").json()["secret"]
    assert fresh != made.json()["secret"]
    assert [hook["name"] for hook in client.get(LIST).json()["results"]] == ["Anew"]
    assert "secret" not in client.get(one).json()
    assert send(client, "delete", one).status_code == 204
    assert client.get(one).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://hooks.example/"},
        {"url": "https://a:b@hooks.example/"},
        {"wants": []},
        {"wants": ["message.submitted"]},
        {"wants": "run.finished"},
        {"name": ""},
        {"url": "https://hooks.example/" + "a" * 600},
    ],
)
def test_what_cannot_be_one_is_refused_with_a_reason(client, dataset, wrong, settings):
    settings.LOCAL = False
    signed_in(client, dataset, "curator")

    refused = send(client, "post", LIST, wanted(dataset, **wrong))

    assert refused.status_code in (400, 409) and refused.json()["detail"]
    assert not Hook.objects.exists()


def test_a_secret_is_not_kept_for_a_request_that_is_sent_twice(client, dataset):
    signed_in(client, dataset, "curator")

    first = send(client, "post", LIST, wanted(dataset), **{"Idempotency-Key": "one"})
    second = send(client, "post", LIST, wanted(dataset), **{"Idempotency-Key": "one"})

    assert (first.status_code, second.status_code) == (201, 409)
    assert Hook.objects.count() == 1


def test_others_find_none(client, dataset):
    hook, _ = added("https://hooks.example/", dataset)
    site, _ = added("https://hooks.example/")
    happen(dataset)
    uid = Delivery.objects.filter(hook=hook).get().uid
    calls = [
        ("get", f"{LIST}{hook.pk}/"), ("get", f"{LIST}{hook.pk}/deliveries/"),
        ("patch", f"{LIST}{hook.pk}/"), ("delete", f"{LIST}{hook.pk}/"),
        ("post", f"{LIST}{hook.pk}/ping/"), ("post", f"{LIST}{hook.pk}/secret/"),
        ("post", f"{LIST}{hook.pk}/deliveries/{uid}/send/"), ("get", f"{LIST}{site.pk}/"),
    ]  # fmt: skip
    for member in (dataset, DatasetFactory()):
        roles = ["writer", "reviewer"] if member == dataset else ["curator"]
        signed_in(client, member, *roles)
        assert client.get(LIST).json()["results"] == []
        for method, path in calls:
            data = None if method == "get" else {}
            assert send(client, method, path, data).status_code == 404, path
        assert send(client, "post", LIST, wanted()).status_code == 403
        status = send(client, "post", LIST, wanted(dataset)).status_code
        assert status == (403 if member == dataset else 404)


def test_a_key_needs_its_scopes(client, dataset):
    admin = ContributorFactory(is_staff=True)
    hook, _ = added("https://hooks.example/")
    reader, curates = key(admin, "read"), key(admin, "curate")
    administers = key(admin, "curate", "admin")

    assert client.get(LIST, headers=reader).status_code == 403
    assert client.get(LIST, headers=curates).json()["results"] == []
    assert send(client, "post", LIST, wanted(), **curates).status_code == 403
    (found,) = client.get(LIST, headers=administers).json()["results"]
    assert found["id"] == hook.pk
    made = send(client, "post", LIST, wanted(url="https://two.example/"), **administers)
    assert (made.status_code, made.json()["dataset"]) == (201, None)
