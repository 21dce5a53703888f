"""From where something is done: by which means, and from which machine. For the history."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from curation import browsers, command_line
from curation.wording import in_english

SEEN = "winnow.seen"

_request: ContextVar[HttpRequest | None] = ContextVar("asked_by", default=None)


class Middleware:
    """Lets a line of history know of the request. Costs nothing where none is written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(before)


def here() -> dict[str, Any] | None:
    """For a line of history. None where a machine does something by itself."""
    request = _request.get()
    if request is None:
        name = command_line.current()
        return {"by": "command", "name": name} if name else None
    seen = request.META.get(SEEN)
    if seen is None:
        seen = request.META[SEEN] = _seen(request)
    found = {"by": "page", **seen}
    key = getattr(request, "auth", None)  # as DRF notes it
    if key is not None:
        found |= {"by": "key", "key": key.pk}
    return found


def _seen(request: HttpRequest) -> dict[str, str]:
    words = in_english(browsers.name_of(agent_of(request)))
    return {"address": address_of(request) or "", "agent": words}


def address_of(request: HttpRequest) -> str | None:
    """As our own last proxy saw it: what others claim is not believed. None where a proxy
    says nothing, or not an address."""
    try:
        return str(ip_address(get_adapter(request).get_client_ip(request)))
    except (PermissionDenied, ValueError):
        return None


def agent_of(request: HttpRequest) -> str:
    agent: str = get_adapter(request).get_http_user_agent(request)
    return agent.replace("\0", "")[:300]
