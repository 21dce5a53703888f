"""What the API answers when it cannot do what was asked: RFC 9457's problem details."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from curation.errors import ConsentMissing, CurationError, NotAllowed, Unavailable

MEDIA_TYPE = "application/problem+json"
Problem = dict[str, Any]


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Set as DRF's EXCEPTION_HANDLER, so no view needs a try block for a refusal."""
    if isinstance(error, CurationError):
        return _response(_status(error), str(error), **_more(error))
    if isinstance(error, RequestDataTooBig):
        return _response(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("This is too much at once.")
        )
    response = exception_handler(error, context)
    if response is None:
        return None
    headers = {name: response[name] for name in ("WWW-Authenticate", "Retry-After")
               if name in response}  # fmt: skip
    if isinstance(error, exceptions.ValidationError):
        errors = list(_errors(error.detail))
        detail = "; ".join(
            f"{one['field']}: {one['detail']}" if one["field"] else one["detail"]
            for one in errors
        )
        return _response(response.status_code, detail, headers, errors=errors)
    return _response(response.status_code, _detail(error), headers)


def _status(refusal: CurationError) -> int:
    if isinstance(refusal, NotAllowed):
        return HTTPStatus.FORBIDDEN
    if isinstance(refusal, Unavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.CONFLICT


def _more(refusal: CurationError) -> Problem:
    """Where a person agrees to the terms that stand in the way: at the page, not here."""
    if isinstance(refusal, ConsentMissing):
        return {"where": reverse("curation:consent", args=[refusal.slug])}
    return {}


def _response(
    status: int, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    body: Problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        **more,
    }
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _detail(error: Exception) -> str:
    if isinstance(error, Http404):
        return str(exceptions.NotFound.default_detail)
    if isinstance(error, PermissionDenied):
        return str(exceptions.PermissionDenied.default_detail)
    return str(getattr(error, "detail", error))


def _errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested lists and dictionaries, as one list: {"field": "recipe.x", …}."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            is_own = name == "non_field_errors"
            yield from _errors(inner, field if is_own else f"{field}.{name}".lstrip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _errors(inner, field)
    else:
        yield {"field": field, "detail": str(detail)}
