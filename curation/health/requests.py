"""Each request gets a name, is counted, and has its line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse

from curation import request_ids
from curation.health import metrics

logger = logging.getLogger(__name__)

NOT_THERE = 404


class RequestMiddleware:
    """After the probes and before all else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        with request_ids.named(request.headers.get(request_ids.HEADER)) as name:
            answer = self.get_response(request)
            seconds = perf_counter() - began
            metrics.count(request, answer.status_code, seconds)
            _log(request, answer.status_code, seconds)
        answer[request_ids.HEADER] = name
        return answer


def _log(request: HttpRequest, status: int, seconds: float) -> None:
    """The route and not the address: searches and names of datasets are in that."""
    route = metrics.route_of(request)
    if not route and status < NOT_THERE:
        return  # a static file
    told = {
        "route": route,
        "method": request.method,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    logger.info("%(method)s %(route)s %(status)s %(ms)s ms", told, extra=told)
