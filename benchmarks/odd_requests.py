"""Odd requests to every operation of the API, as it describes itself, by every role.

Requests are made by schemathesis: such as the schema allows, and such as it does not.
Where a path names something, it is mostly something that is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from unittest import SkipTest

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

BASE = "http://testserver"
SERVER_ERROR = 500
# A segment of a path, and the list that tells what may follow it: its field there.
LISTED = {
    "datasets": ("datasets/", "slug"),
    "categories": ("datasets/{datasets}/categories/", "slug"),
    "guidelines": ("datasets/{datasets}/guidelines/", "number"),
    "conversations": ("datasets/{datasets}/conversations/", "number"),
    "members": ("datasets/{datasets}/members/", "id"),
    "messages": ("datasets/{datasets}/messages/", "id"),
    "queue": ("datasets/{datasets}/messages/?state=submitted", "id"),
    "decisions": ("datasets/{datasets}/decisions/", "id"),
    "imports": ("datasets/{datasets}/imports/", "id"),
    "texts": ("me/texts/", "id"),
    "tasks": ("tasks/", "id"),
    "versions": ("versions/", "digest"),
    "exports": ("versions/{versions}/exports/", "id"),
    "bases": ("bases/", "slug"),
    "runs": ("runs/", "id"),
    "jobs": ("jobs/", "id"),
    "schedules": ("schedules/", "id"),
    "promotions": ("promotions/", "id"),
    "models": ("models/", "id"),
    "learning-curves": ("datasets/", "slug"),
    "forecasts": ("datasets/", "slug"),
    "evaluation-sets": ("evaluation-sets/", "id"),
}

Ask: TypeAlias = Callable[[str], Any]  # a path of the API to what is answered, or None
Send: TypeAlias = Callable[[str, requests.PreparedRequest], int]  # by a role, to a status


def attack(
    schema: Mapping[str, Any], ask: Ask, send: Send, *, roles: Sequence[str], examples: int
) -> Counter[str]:
    """Send so many requests to each operation; how often each status was answered.

    Those answered by a 5xx are under "METHOD path", too.
    """
    there, found = _there(ask), Counter[str]()
    api: Any = schemathesis.openapi.from_dict(dict(schema))
    for result in api.get_all_operations():
        operation = result.ok()
        places = _places(operation.path, there)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            cases = strategies.tuples(
                operation.as_strategy(generation_mode=mode),
                strategies.sampled_from(roles),
                strategies.sampled_from([{}, places, places]),
            )
            try:
                _often(partial(_once, send, found), cases, examples // 2)
            except (Unsatisfiable, SkipTest):  # nothing odd can be asked here
                continue
    return found


def _often(once: Callable[[Any], None], cases: Any, examples: int) -> None:
    rounds = settings(
        max_examples=max(1, examples),
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @rounds
    @given(cases)
    def asked(one: Any) -> None:
        once(one)

    asked()


def _once(
    send: Send, found: Counter[str], one: tuple[Case[Any], str, Mapping[str, Any]]
) -> None:
    case, role, places = one
    case.path_parameters = {**(case.path_parameters or {}), **places}
    status = send(role, _request(case))
    found[str(status)] += 1
    if status >= SERVER_ERROR:
        found[f"{case.method} {case.operation.path}"] += 1


def _request(case: Case[Any]) -> requests.PreparedRequest:
    told = case.as_transport_kwargs(base_url=BASE)
    names = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
    asked = requests.Request(**{name: told[name] for name in names if name in told})
    return asked.prepare()


def _there(ask: Ask) -> dict[str, Any]:
    """One of each thing that the API lists."""
    found: dict[str, Any] = {}
    for segment, (path, name) in LISTED.items():
        try:
            rows = ask(path.format(**found))
        except KeyError:  # of something that is not there
            continue
        if rows and rows.get("results"):
            found[segment] = rows["results"][0][name]
    return found


def _places(path: str, there: Mapping[str, Any]) -> dict[str, Any]:
    parts = path.strip("/").split("/")
    return {
        part.strip("{}"): there[before]
        for before, part in zip(parts, parts[1:], strict=False)
        if part.startswith("{") and before in there
    }
