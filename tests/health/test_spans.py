"""What leaves for OpenTelemetry: names of routes and tasks, and how they ended."""

from __future__ import annotations

import json

from tests.health.test_sentry import run

CODE = """
import json, sys
import django
django.setup()
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept = InMemorySpanExporter()
provider = trace.get_tracer_provider()
provider.shutdown()  # nothing is sent from here
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.resources import Resource
ours = TracerProvider(resource=provider.resource)
ours.add_span_processor(SimpleSpanProcessor(kept))
trace._TRACER_PROVIDER = ours
from celery import shared_task
from django.test import Client
from django.urls import path
from config import urls

@shared_task
def rung():
    raise ValueError(WORDS)

def fails(request, words):
    headers = {}
    from celery import signals
    signals.before_task_publish.send(sender="x", headers=headers, body=None)
    rung.apply(headers=headers)
    raise ValueError(words)

urls.urlpatterns.insert(0, path("fails/<str:words>/", fails, name="fails"))
client = Client(raise_request_exception=False, headers={"host": "localhost"})
client.get(f"/fails/{WORDS}/?q={WORDS}", HTTP_TRACEPARENT=PARENT, HTTP_BAGGAGE=f"a={WORDS}")
json.dump([json.loads(span.to_json()) for span in kept.get_finished_spans()], sys.stdout)
"""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_a_trace_goes_on_into_tasks_and_holds_no_words():
    code = f"WORDS = 'my-private-words'; PARENT = {PARENT!r}\n{CODE}"
    ran = run(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")

    assert ran.returncode == 0, ran.stderr
    assert "my-private-words" not in ran.stdout
    task, page = json.loads(ran.stdout)
    assert page["name"] == "GET fails"
    assert page["attributes"] == {
        "http.request.method": "GET",
        "http.route": "fails",
        "http.response.status_code": 500,
    }
    assert page["context"]["trace_id"] == task["context"]["trace_id"] == f"0x{TRACE}"
    assert task["parent_id"] == page["context"]["span_id"]
    assert page["status"]["status_code"] == task["status"]["status_code"] == "ERROR"
    assert page["events"] == task["events"] == []
    assert page["resource"]["attributes"]["service.name"] == "winnow"
