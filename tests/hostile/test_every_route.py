"""Every route of the URL resolver: asked by a stranger, and by an admin with odd wishes."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from curation.models import Contributor
from tests.curation.pages import frozen
from tests.factories import ContributorFactory, DatasetFactory
from tests.hostile.routes import SLUG, routes

pytestmark = pytest.mark.django_db
# What people without an account need, and programs that watch the server.
FOR_ALL = {
    "socialaccount_login_cancelled",
    "account_login",
    "account_logout",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_email_verification_sent",
    "account_inactive",
    "set_language",
    "admin:login",
    "admin:logout",
}
# Names of filters that would tell an account's password hash letter by letter.
ODD = {
    "author__password__startswith": "pbkdf2",
    "person__password__gt": "a",
    "dataset__members__password__regex": ".",
    "ordering": "author__password",
    "order": "-password",
    "sort": "password",
    "_connector": "OR 1=1) --",
    "q": "'\"><script>alert(1)</script>",
    "page": "-1",
    "cursor": "cD0xJw==",
    "format": "../../etc/passwd",
}
# Swagger UI's and Redoc's, which have their arrows in their styles.
WITH_ARROWS = {"api-docs", "api-reference"}
BY_PASSWORD = re.compile(
    r'(WHERE|ORDER BY)[^;]*password"? *(LIKE|~|>|<|=|ASC|DESC|::)', re.I
)


@pytest.fixture(autouse=True)
def errors_are_answers(client):
    client.raise_request_exception = False


@pytest.fixture
def dataset():
    found = DatasetFactory(slug=SLUG)
    frozen(found)
    return found


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level("CRITICAL")


def test_the_addresses_are_those_of_the_resolver():
    for route in routes():
        resolve(route.path)  # raises where it is none
    assert len(routes()) > 300


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_sign_in_everywhere(client, dataset, method):
    open_to_them = []
    for route in routes():
        answer = getattr(client, method)(route.path)
        if answer.status_code == 302 and not _is_sign_in(answer):
            answer = client.get(answer.url)  # by link, where only forms are sent to
        if answer.status_code not in (401, 403, 404, 405) and not _is_sign_in(answer):
            open_to_them.append((route.name, answer.status_code))

    assert [one for one in open_to_them if one[0] not in FOR_ALL] == []


def _is_sign_in(answer):
    where = answer.get("Location", "")
    return answer.status_code == 302 and where.startswith(
        ("/accounts/login/", "/admin/login/")
    )


def test_other_peoples_datasets_do_not_exist(client, dataset):
    client.force_login(ContributorFactory(member=DatasetFactory()))
    inside = [route for route in routes() if route.is_of_dataset]
    assert len(inside) > 50

    shown = [
        (route.name, method, answer.status_code)
        for route in inside
        for method in ("get", "post")
        if (answer := getattr(client, method)(route.path)).status_code not in (404, 405)
        # Who comes by link to where forms are sent is shown the page instead: a 404.
        and not (answer.status_code == 302 and client.get(answer.url).status_code == 404)
    ]
    assert shown == []


def test_headers_stand_and_no_odd_wish_reaches_the_database(client, dataset):
    """And nothing ends in an error, whatever is asked for."""
    client.force_login(ContributorFactory(is_staff=True, is_superuser=True))
    problems, pages = [], 0
    for route in routes():
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(route.path, ODD)
        if answer.status_code >= 500:
            problems.append((route.name, answer.status_code))
        problems += [(route.name, q["sql"]) for q in asked if BY_PASSWORD.search(q["sql"])]
        if answer.get("Content-Type", "").startswith("text/html"):
            pages += answer.status_code == 200
            problems += [(route.name, what) for what in _lacking(route.name, answer)]
        if answer.get("X-Content-Type-Options") != "nosniff":
            problems.append((route.name, "nosniff"))

    assert problems == []
    assert pages > 60


def test_a_query_by_a_password_would_be_seen():
    people = Contributor.objects.all()
    for query in (people.filter(password__startswith="a"), people.order_by("-password")):
        assert BY_PASSWORD.search(str(query.query))


def _lacking(name, answer):
    policy = dict(
        part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";")
    )
    if "unsafe" in answer["Content-Security-Policy"]:
        yield "unsafe"
    wanted = {
        "default-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self' data:" if name in WITH_ARROWS else "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    yield from (part for part, value in wanted.items() if policy.get(part) != value)
    headers = {
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    yield from (header for header, value in headers.items() if answer.get(header) != value)
    # No script and no style in the page, and no handler on an element.
    body = re.sub(r"<!--.*?-->", "", answer.text, flags=re.DOTALL)
    if re.search(r"<script(?![^>]*\b(?:src=|type=.application/json))[^>]*>", body):
        yield "an inline script"
    if re.search(r"<[^>]+\son\w+\s*=", body):
        yield "a handler"


def test_over_https_browsers_are_told_to_stay_there(client, settings):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True

    said = client.get("/accounts/login/", secure=True)["Strict-Transport-Security"]

    assert said.startswith("max-age=31536000; includeSubDomains")
