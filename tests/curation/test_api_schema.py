from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import URLPattern, get_resolver, include
from django.urls import path as route
from drf_spectacular.generators import SchemaGenerator
from rest_framework.permissions import SAFE_METHODS

from curation.rest.pages import Nowhere
from curation.rest.scopes import Scope
from tests.curation.pages import signed_in
from tests.factories import ContributorFactory
from tests.programs import Program


def routes(patterns=None, before=""):
    for pattern in patterns or get_resolver().url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from routes(pattern.url_patterns, path)


def ours():
    return [(p, c) for p, c in routes() if p.startswith("api/v1/") and hasattr(c, "cls")]


def test_the_schema_is_whole_and_without_a_warning(tmp_path):
    file = tmp_path / "schema.yml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))

    assert "application/problem+json" in file.read_text()


def test_an_idempotency_key_is_offered_where_it_counts():
    """Those that have none ignore it: see docs/api.md."""
    patterns = [
        route("api/v1/", include(f"{app}.api.urls")) for app in ("curation", "annotate")
    ]

    schema = SchemaGenerator(patterns=patterns).get_schema(public=True)

    takes = {
        f"{method} {address.removeprefix('/api/v1/')}": any(
            one["name"] == "Idempotency-Key" for one in operation.get("parameters", [])
        )
        for address, operations in schema["paths"].items()
        for method, operation in operations.items()
    }
    without = {one for one, is_offered in takes.items() if not is_offered}
    writing = {one for one in takes if one.partition(" ")[0] != "get"}
    assert not [one for one in takes if takes[one] and one not in writing]
    assert {one for one in writing & without if "/imports/" not in one} == {
        "delete hooks/{id}/", "patch hooks/{id}/", "post hooks/",
        "post hooks/{id}/deliveries/{uid}/send/", "post hooks/{id}/ping/",
        "post datasets/{slug}/queue-together/",
        "post datasets/{slug}/second-looks/of-person/",
        "post datasets/{slug}/selections/", "post datasets/{slug}/selections/rows/",
        "post hooks/{id}/secret/", "post tasks/claim/", "post tasks/{id}/heartbeat/",
        "post tasks/{id}/skip/", "post tasks/{id}/undo/", "put tasks/{id}/draft/",
    }  # fmt: skip
    assert not any(takes[one] for one in takes if "/imports/" in one)
    assert takes["post tasks/{id}/submit/"] and takes["post versions/"]


def test_every_action_that_writes_names_its_scope():
    without = []
    for path, callback in ours():
        actions = getattr(callback, "actions", None) or {}
        for method, action in actions.items():
            if method.upper() in SAFE_METHODS:
                continue
            scope = getattr(callback.cls, "scopes", {}).get(action)
            if scope not in Scope.values:
                without.append(f"{method} {path}")

    assert ours() and without == []


@pytest.mark.django_db
def test_a_person_reads_it_at_the_page(client):
    assert client.get("/api/v1/docs/").status_code == 401
    signed_in(client)

    page = client.get("/api/v1/docs/")

    assert page.status_code == 200
    assert b"drf_spectacular_sidecar/swagger-ui-dist" in page.content
    assert b"//cdn" not in page.content
    assert client.get("/api/v1/docs/?script=").status_code == 200
    assert client.get("/api/v1/schema/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v2/datasets/", "/api/v1/x/1/"])
def test_an_odd_address_is_a_problem_and_not_a_page(client, path):
    for method in (client.get, client.post, client.delete):
        answer = method(path)

        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["title"] == "Not Found"
    assert Nowhere.permission_classes == ()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["datasets/", "versions/", "hooks/", "runs/", "bases/"])
def test_options_tell_nothing_that_the_schema_does_not(path):
    program = Program(ContributorFactory(is_staff=True))

    answer = program.ask("options", path)

    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
