"""What drf-spectacular cannot see by itself: how one signs in, and what a refusal looks
like."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from curation.rest.problems import MEDIA_TYPE
from curation.rest.replays import HEADER, LONGEST, Replays

Schema = dict[str, Any]
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `detail` is worded for people.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "where": {"type": "string", "description": "A page where a person settles it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["field", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
WRITES = {"post", "put", "patch", "delete"}
# Of every answer but the expected ones; which of them a request meets depends on rules.
ALWAYS = [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
          HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_REQUEST]  # fmt: skip
ON_WRITING = [
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
]
STANDARD = {"list", "retrieve", "create", "update", "partial_update", "destroy"}
KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": LONGEST},
    OpenApiParameter.HEADER,
    description="Sent twice, the request is carried out once and answered alike.",
)


class Described(AutoSchema):
    """Parameters are described where they are checked: `asks` and `places` of the view."""

    def get_override_parameters(self) -> list[Any]:
        parameters = getattr(self.view, "parameters", None)
        places = getattr(self.view, "places", {})
        return [
            *[parameters] * bool(parameters),
            *[KEY] * self._takes_keys(),
            *(
                OpenApiParameter(name, kind, OpenApiParameter.PATH)
                for name, kind in places.items()
                if f"{{{name}}}" in self.path
            ),
        ]

    def get_summary(self) -> str:
        """Its name in words: "Versions list", "Tasks claim"."""
        words = self.get_operation_id().split("_")
        is_named = getattr(self.view, "action", None) not in STANDARD
        return " ".join(words[:-1] if is_named and len(words) > 2 else words).capitalize()

    def _takes_keys(self) -> bool:
        is_write = self.method.lower() in WRITES
        return is_write and isinstance(self.view, Replays) and self.view.takes_keys


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "curation.rest.bearer.BearerAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of one's own, made under Profile → Keys for programs.",
        }


def add_problems(result: Schema, **_given: Any) -> Schema:
    """Every operation can be refused."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    refusal = {
        "description": "A refusal.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result["paths"].values():
        for method, operation in path.items():
            for status in [*ALWAYS, *(ON_WRITING if method in WRITES else [])]:
                operation["responses"].setdefault(str(int(status)), refusal)
    return result
