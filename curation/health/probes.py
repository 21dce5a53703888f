"""/healthz, /readyz and /metrics: for programs that watch the server.

Answered before all else: those who ask come by number, over plain http, and without a
session. Strangers learn yes or no.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST

from curation.health import metrics, servers

Answer = Callable[[HttpRequest], HttpResponse]
ASKING = {"GET", "HEAD"}


class ProbeMiddleware:
    """The first of all."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None or request.method not in ASKING:
            return self.get_response(request)
        answer = probe(request)
        answer["Cache-Control"] = "no-store"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


def alive(request: HttpRequest) -> HttpResponse:
    """This process answers. That a database is away is not its fault, so none is asked."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> HttpResponse:
    """It can serve people: the database, its migrations, room on the disk."""
    found = servers.readiness()
    told: dict[str, object] = {"status": "ready" if found.is_ready else "not ready"}
    if is_known(request):
        told["parts"] = found.parts
    return JsonResponse(told, status=200 if found.is_ready else 503)


def figures(request: HttpRequest) -> HttpResponse:
    if not is_known(request):
        return HttpResponseNotFound()
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def is_known(request: HttpRequest) -> bool:
    """Who shows the token; without one, whoever sits at this very computer."""
    if settings.METRICS_TOKEN:
        kind, _space, given = request.headers.get("Authorization", "").partition(" ")
        is_right = constant_time_compare(given.strip(), settings.METRICS_TOKEN)
        return is_right and kind.lower() == "bearer"
    is_direct = "X-Forwarded-For" not in request.headers
    return bool(settings.LOCAL and is_direct and _is_here(request.META["REMOTE_ADDR"]))


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False  # a socket has none


PROBES: dict[str, Answer] = {"/healthz": alive, "/readyz": ready, "/metrics": figures}
