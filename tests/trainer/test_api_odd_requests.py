"""The whole API against what schemathesis makes of its schema: nothing is a 5xx."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from benchmarks.odd_requests import BASE, attack
from curation.models import Membership
from curation.rest.throttles import PerKey
from tests.factories import ContributorFactory, MessageFactory
from tests.programs import Program

EXAMPLES = 4  # of each operation; `make bench NAME=fuzz` makes more


@pytest.fixture
def programs(dataset, frozen, base, request_run, folders):
    """One for each role in a dataset with something of each sort."""
    request_run()
    people = {
        role: ContributorFactory(member=dataset, member__roles=[role])
        for role in Membership.Role.values
    }
    people["admin"] = ContributorFactory(is_staff=True)
    MessageFactory(conversation__dataset=dataset, author=people["writer"])
    programs = {role: Program(person) for role, person in people.items()}
    curator = programs["curator"]
    curator.post("tasks/claim/", {})
    curator.post(f"versions/{frozen.digest}/exports/", {"made_for": "Nobody"})
    wish = {"name": "Each night", "dataset": dataset.slug, "base": base.slug}
    curator.post("schedules/", wish)
    return programs


@pytest.mark.slow
@pytest.mark.django_db
def test_no_odd_request_is_a_server_error(programs, tmp_path, monkeypatch):
    monkeypatch.setattr(PerKey, "rate", "100000/min", raising=False)
    path = tmp_path / "schema.json"
    call_command("spectacular", file=str(path), format="openapi-json")
    failed = []

    def ask(path):
        answer = programs["admin"].get(path)
        return answer.json() if answer.status_code == 200 else None

    def send(role, asked):
        """What it writes is undone, so that the next one finds the same."""
        client = Client(raise_request_exception=False)
        headers = {**asked.headers, "Authorization": f"Bearer {programs[role].secret}"}
        with transaction.atomic():
            answer = client.generic(
                asked.method,
                asked.url.removeprefix(BASE),
                asked.body or b"",
                content_type=headers.pop("Content-Type", "application/json"),
                headers=headers,
            )
            if answer.status_code >= 500:
                failed.append((asked.method, asked.url, asked.body, answer.content))
            if answer.streaming:
                list(answer)  # to its end, where it closes its file
            transaction.set_rollback(True)
        return answer.status_code

    schema = json.loads(path.read_bytes())
    found = attack(schema, ask, send, roles=list(programs), examples=EXAMPLES)

    assert failed == []
    assert found["200"] > 50 and found["400"] > 50  # both sorts got through
