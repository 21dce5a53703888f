"""The API as its schema describes it: what there is, which key it wants, what it takes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from config.reference.markdown import cell, code, table

VERBS = ("get", "post", "put", "patch", "delete")


@cache
def schema() -> dict[str, Any]:
    generator: Any = SchemaGenerator  # without types
    found = generator().get_schema(request=None, public=True)
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))  # no lazy texts
    return plain


def schema_as_json() -> str:
    return json.dumps(schema(), indent=1)


def page() -> str:
    parts = [
        "# The API",
        "Everything below stands under your Winnow's address. A key goes into the header "
        "`Authorization: Bearer winnow_…`; make one under *Profile → Keys for programs*. "
        "The same as a file for generators: [openapi.json](openapi.json).",
    ]
    for tag, operations in sorted(_by_tag().items()):
        parts.append(f"## {tag}")
        for path, verb, operation in operations:
            parts += _about(path, verb, operation)
    return "\n\n".join(parts) + "\n"


def _by_tag() -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = defaultdict(list)
    for path, item in schema()["paths"].items():
        for verb in VERBS:
            if verb in item:
                tag = path.removeprefix("/api/v1/").partition("/")[0]
                found[tag.capitalize()].append((path, verb, item[verb]))
    return found


def _about(path: str, verb: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### `{verb.upper()} {path}`"
    if said := operation.get("description"):
        yield " ".join(said.split())
    rows = [
        (code(one["name"]), cell(one["in"]), cell(_in_line(one.get("description", ""))))
        for one in operation.get("parameters", [])
        if one["in"] != "path"
    ]
    rows += [(code(name), "body", cell(_kind(field))) for name, field in _fields(operation)]
    if rows:
        yield table(("name", "where", "means"), rows)
    codes = (code(status) for status in sorted(operation.get("responses", {})))
    yield f"Answers {', '.join(codes)}."


def _fields(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("schema", {})
    if reference := body.get("$ref"):
        body = schema()["components"]["schemas"][reference.rpartition("/")[2]]
    yield from body.get("properties", {}).items()


def _kind(field: dict[str, Any]) -> str:
    said = field.get("description") or field.get("title") or ""
    kind = field.get("type") or field.get("$ref", "").rpartition("/")[2]
    said = _in_line(said)
    return f"{kind}. {said}" if kind and said else str(kind or said)


def _in_line(said: str) -> str:
    """A list of values as one line: a cell has no room for bullets."""
    before, *values = re.split(r"(?m)^\* ", said)
    listed = "; ".join(one.strip().replace("` - ", "`: ", 1) for one in values)
    return f"{before.strip()} {listed}".strip()
