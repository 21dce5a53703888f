"""Programs that act for people: what tests of the API send requests with."""

from __future__ import annotations

import json

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from curation.actions import tokens

ALL = ("read", "work", "curate", "train")
# What no resource may take: half a surrogate pair, NUL, and nesting beyond reading.
HOSTILE = {
    "nul": b'{"%s": "a\\u0000b"}',
    "surrogate": b'{"%s": "\\ud800"}',
    "deep": b'{"%s": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "not json": b'{"%s": nothing}',
    "a list": b'["%s"]',
}


class Program:
    """A client with a key of the person's, with all scopes or those given."""

    def __init__(self, person, *scopes):
        scopes = scopes or ((*ALL, "admin") if person.is_staff else ALL)
        _token, secret = tokens.issue(by=person, name="x", scopes=scopes, days=1)
        self.client, self.secret = Client(), secret

    def ask(self, method, path, body=None, *, key="", **headers):
        content = body if isinstance(body, bytes) else json.dumps(body)
        if key:
            headers["idempotency-key"] = key
        return self.client.generic(
            method.upper(),
            f"/api/v1/{path}",
            b"" if body is None else content,
            content_type="application/json",
            headers={"authorization": f"Bearer {self.secret}", **headers},
        )

    def get(self, path, **headers):
        return self.ask("get", path, **headers)

    def post(self, path, body=None, **more):
        return self.ask("post", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.ask("patch", path, body, **more)

    def put(self, path, body=None, **more):
        return self.ask("put", path, body, **more)

    def delete(self, path, **more):
        return self.ask("delete", path, **more)

    def queries(self, path):
        """How many queries a request takes."""
        with CaptureQueriesContext(connection) as taken:
            assert self.get(path).status_code == 200
        return len(taken)


def refused_fields(answer):
    """The names in a problem's list of errors."""
    assert answer["Content-Type"] == "application/problem+json"
    return {one["field"] for one in answer.json()["errors"]}


def hostile(field):
    """Bodies that must be a 400 wherever JSON with this field is taken."""
    return [body.replace(b"%s", field.encode()) for body in HOSTILE.values()]


def claimed(program, **wanted):
    answer = program.post("tasks/claim/", wanted)
    assert answer.status_code == 200, answer.content
    return answer.json()
