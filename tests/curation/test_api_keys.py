from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from curation.actions import tokens
from curation.errors import CurationError, NotAllowed
from curation.models import AccessToken, Event
from tests.curation.pages import frozen, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
DATASETS, VERSIONS = "/api/v1/datasets/", "/api/v1/versions/"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def key(person, *scopes, days=7):
    return tokens.issue(by=person, name="nightly", scopes=scopes or ["read"], days=days)


def asked(secret, path=DATASETS, **body):
    client, header = Client(), {"authorization": f"Bearer {secret}"}
    if body:
        return client.post(path, body, content_type="application/json", headers=header)
    return client.get(path, headers=header)


def test_a_program_sees_what_its_owner_sees(curator, dataset):
    DatasetFactory()
    _token, secret = key(curator)

    found = asked(secret).json()["results"]

    assert [one["slug"] for one in found] == [dataset.slug]


def test_only_the_hash_of_a_secret_is_kept(curator):
    token, secret = key(curator)

    assert secret.startswith("winnow_") and len(secret) > 45
    stored = AccessToken.objects.filter(pk=token.pk).values().get()
    assert not any(secret in str(value) for value in stored.values())


def test_a_key_does_no_more_than_its_scopes_say(curator, dataset, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path
    frozen(dataset)
    _token, reads = key(curator, "read", "train")
    _token, curates = key(curator, "curate")

    refused = asked(reads, VERSIONS, dataset=dataset.slug)

    assert refused.status_code == 403
    assert "curate" in refused.json()["detail"]
    assert asked(curates, VERSIONS, dataset=dataset.slug).status_code in (200, 201)
    assert asked(curates).status_code == 403  # and that one cannot read


def test_a_writer_with_a_curating_key_still_cannot_curate(dataset, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path
    frozen(dataset)
    writer = ContributorFactory(member=dataset, member__roles=["writer"])
    _token, secret = key(writer, "curate")

    assert asked(secret, VERSIONS, dataset=dataset.slug).status_code == 403


@pytest.mark.parametrize("spoilt", ["revoked", "expired", "closed", "unknown", "odd"])
def test_a_key_that_opens_nothing_is_refused_alike(curator, spoilt):
    token, secret = key(curator)
    if spoilt == "revoked":
        tokens.revoke(token=token, by=curator)
    elif spoilt == "expired":
        AccessToken.objects.update(expires_at=now() - timedelta(seconds=1))
    elif spoilt == "closed":
        type(curator).objects.filter(pk=curator.pk).update(is_active=False)
    else:
        secret = {"unknown": "winnow_" + "x" * 43, "odd": "\xff é \x01"}[spoilt]

    answer = asked(secret)

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "Make a new one" in answer.json()["detail"]


def test_another_header_leaves_the_session_alone(client, dataset):
    signed_in(client, dataset)

    found = client.get(DATASETS, headers={"authorization": "Basic eDp5"})

    assert found.status_code == 200


def test_when_it_was_used_is_noted_once_a_minute(curator):
    token, secret = key(curator)
    asked(secret)
    token.refresh_from_db()
    first = token.used_at

    asked(secret)
    token.refresh_from_db()
    assert first is not None and token.used_at == first

    AccessToken.objects.update(used_at=now() - timedelta(minutes=2))
    asked(secret)
    token.refresh_from_db()
    assert token.used_at > first


def test_too_many_requests_are_told_when_to_come_back(curator, monkeypatch):
    monkeypatch.setattr("curation.rest.throttles.PerKey.rate", "3/min", raising=False)
    _token, secret = key(curator)

    codes = [asked(secret).status_code for _ in range(4)]

    assert codes == [200, 200, 200, 429]
    answer = asked(secret)
    assert int(answer["Retry-After"]) > 0 and answer.json()["status"] == 429


def test_odd_wishes_are_refused(curator):
    for scopes, days in [(["everything"], 7), ([], 7), (["read"], 0), (["read"], 4000)]:
        with pytest.raises(CurationError):
            tokens.issue(by=curator, name="x", scopes=scopes, days=days)
    with pytest.raises(NotAllowed):
        key(curator, "admin")


def test_nobody_takes_back_the_key_of_another(curator):
    token, secret = key(curator)

    with pytest.raises(NotAllowed):
        tokens.revoke(token=token, by=ContributorFactory())
    tokens.revoke(token=token, by=ContributorFactory(is_staff=True))
    assert asked(secret).status_code == 401


def test_the_page_shows_a_new_key_once(client):
    person = signed_in(client)
    page = client.post(
        url("tokens"), {"name": "Nightly export", "scopes": ["read"], "days": "30"}
    )
    secret = page.context["secret"]

    assert asked(secret).status_code == 200
    assert secret in page.content.decode()
    again = client.get(url("tokens")).content.decode()
    assert secret not in again and "Nightly export" in again
    line = Event.objects.get(kind="token.issued")
    assert line.by == person and secret not in str(line.data)


def test_the_page_takes_one_back(client):
    person = signed_in(client)
    mine, secret = key(person)
    other, others_secret = key(ContributorFactory())

    client.post(url("token-revoke", mine.pk))
    answer = client.post(url("token-revoke", other.pk))

    assert answer.status_code == 404
    assert asked(secret).status_code == 401
    assert asked(others_secret).status_code == 200
    assert "Taken back" in client.get(url("tokens")).content.decode()


def test_a_form_with_mistakes_keeps_what_was_typed(client):
    signed_in(client)

    page = client.post(url("tokens"), {"name": "Mine", "scopes": ["admin"], "days": "7"})

    assert page.status_code == 422
    assert 'value="Mine"' in page.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("header", [{}, {"idempotency-key": "one"}])
def test_what_cannot_be_done_here_is_a_405_for_programs_too(
    curator, dataset, method, header
):
    """Also with an idempotency key, which is kept for nothing."""
    secret = key(curator, "read", "curate")[1]
    path = DATASETS if method == "patch" else f"{DATASETS}{dataset.slug}/"
    sent = getattr(Client(), method)(
        path, {}, content_type="application/json",
        headers={"authorization": f"Bearer {secret}"} | header,
    )  # fmt: skip

    assert sent.status_code == 405
