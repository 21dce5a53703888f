"""Traces for OpenTelemetry. Its own variables say where to, as which service, how many."""

from __future__ import annotations

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config.env import env_str


def begin() -> None:
    resource = Resource.create({SERVICE_NAME: env_str("OTEL_SERVICE_NAME", "winnow")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    # Baggage could carry anything from one service to the next: it is not passed on.
    propagate.set_global_textmap(TraceContextTextMapPropagator())
