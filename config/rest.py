"""How programs are let in, and how the API describes itself."""

from __future__ import annotations

from typing import Any

from config.env import env_int
from config.proxies import PROXIES

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "curation.rest.bearer.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "curation.rest.scopes.InScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["curation.rest.parsers.CarefulJSONParser"],
    "DEFAULT_METADATA_CLASS": None,  # the schema tells what there is: OPTIONS is a 405
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 100,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is a name like any other
    "EXCEPTION_HANDLER": "curation.rest.problems.answer",
    "DEFAULT_SCHEMA_CLASS": "curation.rest.schema.Described",
    "DEFAULT_THROTTLE_CLASSES": ["curation.rest.throttles.PerKey"],
    "DEFAULT_THROTTLE_RATES": {"key": f"{env_int('WINNOW_KEY_RATE', 1200)}/min"},
    "NUM_PROXIES": PROXIES,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Winnow",
    "DESCRIPTION": "All that the pages can do, for programs.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    # Without the hook that names enums: states and kinds of many things would collide.
    "POSTPROCESSING_HOOKS": ["curation.rest.schema.add_problems"],
    # Out of the wheel of drf-spectacular-sidecar: nothing is fetched from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
