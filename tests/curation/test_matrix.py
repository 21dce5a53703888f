"""Who gets what on every page and every address of the API: tests/matrix says what ought
to be, and this asks. A route that no row lists fails."""

from __future__ import annotations

import json
import sys
from collections import Counter
from types import ModuleType

import pytest
from django.db import transaction
from django.db.models import Max
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from curation.actions import people, tokens
from curation.models import AccessToken, Event
from tests.matrix import accounts, models, pages, programs, work
from tests.matrix.quiet import QUIET
from tests.matrix.rule import PEOPLE, SIGN_IN, Row
from tests.matrix.world import World

PARTS: dict[str, ModuleType] = {
    "pages": pages, "work": work, "models": models, "programs": programs,
    "accounts": accounts,
}  # fmt: skip
ADMIN = "admin:"  # Django's own tables: one rule for all of them


def routes(resolver=None, names=()):
    """Every route, by its name; those of `include()` with their namespaces."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield ":".join([*names, pattern.name or "without a name"])
        else:
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from routes(pattern, inner)


def test_every_route_has_a_row_and_every_row_a_route():
    there = {route for route in routes() if not route.startswith(ADMIN)}
    listed = {row.route for part in PARTS.values() for row in part.ROWS}
    assert sorted(there - listed) == []
    assert sorted(listed - there) == []


@pytest.fixture
def world(db, settings, tmp_path):
    settings.VERSIONS_DIR, settings.RUNS_DIR = tmp_path / "versions", tmp_path / "runs"
    settings.RUNS_DIR.mkdir()
    return World(settings.RUNS_DIR)


def clients(world, *, with_keys=False):
    """Each person with a browser, or a program. One account is closed once it is in."""
    found = {"anonymous": Client()}
    for name, person in world.people.items():
        found[name] = _with_key(person) if with_keys else Client()
        if not with_keys:
            found[name].force_login(person, "curation.sessions.Accounts")
    people.set_active(
        person_id=world.people["closed"].pk, is_active=False, by=world.people["admin"]
    )
    return found


def _with_key(person):
    scopes = [one for one in AccessToken.Scope.values if one != "admin" or person.is_staff]
    _token, secret = tokens.issue(by=person, name="Key", scopes=scopes, days=7)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def asked(client, method, address, row, world):
    """What the answer is, and how many lines of history it left; all is taken back."""
    body = row.body(world)
    as_json = {"content_type": "application/json"} if isinstance(body, bytes) else {}
    sent = {} if method == "get" else {"data": body, **as_json}
    cookies = client.cookies.copy()
    with transaction.atomic():
        before = 0 if method == "get" else newest_line()
        answer = getattr(client, method)(
            address, **sent, query_params=None, headers=dict(row.headers)
        )
        if answer.streaming:  # to its end: closing it would close the database
            list(answer.streaming_content)
        lines = 0 if method == "get" else newest_line() - before
        transaction.set_rollback(True)
    client.cookies = cookies
    is_sent_away = answer.status_code == 302 and answer.url.startswith("/accounts/login/")
    return SIGN_IN if is_sent_away else answer.status_code, lines


def newest_line():
    """Of history. Numbers are given once, also where the line is taken back."""
    return Event.objects.aggregate(last=Max("pk", default=0))["last"]


@pytest.mark.parametrize("part", PARTS)
def test_everybody_gets_what_the_matrix_says(part, world):
    browsers = clients(world, with_keys=part == "programs")
    cells, wrong = Counter(), []
    for row in PARTS[part].ROWS:
        address = reverse(row.route, args=row.arguments(world))
        address += f"?{row.query}" if row.query else ""
        for method, rule in row.asks():
            for person in PEOPLE:
                got, lines = asked(browsers[person], method, address, row, world)
                cells[got] += 1
                is_done = method != "get" and person in rule.allowed and rule.ok < 400
                if is_done and not lines and row.route not in QUIET:
                    wrong.append(f"{method.upper()} {row.route}: {person} leaves no line")
                if got != rule.of(person):
                    told = f"{method.upper()} {row.route}: {person}"
                    wrong.append(f"{told} gets {got}, not {rule.of(person)}")
    counted = {
        "part": part, "routes": len({row.route for row in PARTS[part].ROWS}),
        "roles": len(PEOPLE), "cells": cells.total(), "wrong": len(wrong),
    }  # fmt: skip
    sys.stdout.write(json.dumps(counted) + "\n")  # shown by pytest -s
    assert not wrong, "\n".join(wrong)


def test_tables_of_the_admin_are_for_admins(world):
    browsers = clients(world)
    wrong = []
    lists = [
        name for name in set(routes()) if name.endswith("_changelist") and ADMIN in name
    ]
    assert len(lists) > 10
    for name in sorted(lists):
        for person in PEOPLE:
            status = browsers[person].get(reverse(name)).status_code
            if status != (200 if person == "admin" else 302):
                wrong.append(f"{name}: {person} gets {status}")
    assert not wrong, "\n".join(wrong)


def test_a_wrong_cell_is_seen(world):
    """The test itself: a rule that is not so is found."""
    row = Row("curation:dataset", "slug", get=pages.ADMINS)
    address = reverse(row.route, args=row.arguments(world))
    got, _lines = asked(clients(world)["viewer"], "get", address, row, world)
    assert got != row.get.of("viewer")
