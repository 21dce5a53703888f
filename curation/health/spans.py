"""Requests and tasks as spans of OpenTelemetry. Loaded only where traces are sent.

They are made here and not by instrumentations, which put addresses, queries and messages
of exceptions into them: a span has the name of a route or a task, and how it ended.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from celery import signals
from django.http import HttpRequest, HttpResponse
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from curation.health import metrics
from curation.health.tasks_seen import sent_along

SERVER_ERROR = 500
_begun: dict[str, AbstractContextManager[trace.Span]] = {}


class SpanMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Of what came along only the place in the trace is read.
        given = {"traceparent": request.headers.get("traceparent", "")}
        method = request.method if request.method in metrics.METHODS else "other"
        with _tracer().start_as_current_span(
            str(method),
            context=propagate.extract(given),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            answer = self.get_response(request)
            route = metrics.route_of(request)
            span.update_name(f"{method} {route}".strip())
            span.set_attribute("http.request.method", str(method))
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", answer.status_code)
            if answer.status_code >= SERVER_ERROR:
                span.set_status(Status(StatusCode.ERROR))
        return answer


def listen() -> None:
    signals.before_task_publish.connect(_send_along)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)


def _send_along(headers: dict[str, Any] | None = None, **facts: Any) -> None:
    if headers is not None:
        propagate.inject(headers)


def _begin(task_id: str, task: Any, **facts: Any) -> None:
    given = {"traceparent": sent_along(task, "traceparent") or ""}
    span = _tracer().start_as_current_span(
        task.name,
        context=propagate.extract(given),
        kind=SpanKind.CONSUMER,
        record_exception=False,
        set_status_on_exception=False,
    )
    span.__enter__()
    _begun[task_id] = span


def _end(task_id: str, state: str = "", **facts: Any) -> None:
    span = _begun.pop(task_id, None)
    if span is None:
        return
    if state == "FAILURE":
        trace.get_current_span().set_status(Status(StatusCode.ERROR))
    span.__exit__(None, None, None)


def _tracer() -> trace.Tracer:
    return trace.get_tracer("winnow")
