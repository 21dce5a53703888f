"""Figures for Prometheus: what web processes counted, and what the database says now."""

from __future__ import annotations

import os
from collections.abc import Iterable
from time import monotonic

from django.http import HttpRequest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from curation.health import figures, vitals

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 15.0)
KEPT_SECONDS = 10.0  # several may ask; the queries are for one of them

# By route names, not addresses: those are without number, and tell of datasets.
REQUESTS = Counter("winnow_requests", "Answered requests.", ["route", "method", "status"])
SECONDS = Histogram(
    "winnow_request_seconds", "Until an answer began.", ["route"], buckets=BUCKETS
)


def route_of(request: HttpRequest) -> str:
    """Empty where no address of ours was asked for: static files, and what is not there."""
    match = request.resolver_match
    return (match.view_name or match.route) if match else ""


def count(request: HttpRequest, status: int, seconds: float) -> None:
    route = route_of(request)
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


class _Now(Collector):
    """Asked for at each reading; where several ask at once, one of them pays."""

    def __init__(self) -> None:
        self._read_at, self._known = -KEPT_SECONDS, list[GaugeMetricFamily]()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        if monotonic() - self._read_at >= KEPT_SECONDS:
            self._known = list(_families())
            self._read_at = monotonic()
        return self._known

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []  # without it, registering would ask the database


def _families() -> Iterable[GaugeMetricFamily]:
    families: dict[str, GaugeMetricFamily] = {}
    for figure in figures.all_of_them():
        family = families.get(figure.name)
        if family is None:
            family = GaugeMetricFamily(
                figure.name, figure.means, labels=list(figure.labels)
            )
            families[figure.name] = family
        family.add_metric(list(figure.labels.values()), figure.value)
    yield from families.values()
    well = GaugeMetricFamily(
        "winnow_well",
        "As /settings/health/ shows: 1 well, 0.5 look, 0 not.",
        labels=["of"],
    )
    for vital in vitals.look():
        well.add_metric([vital.name], vital.state.number)
    yield well


_FROM_THE_DATABASE = CollectorRegistry()
_FROM_THE_DATABASE.register(_Now())


def exposition() -> bytes:
    """Of all web processes of this server: see config/web_server.py."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY) + generate_latest(_FROM_THE_DATABASE)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together) + generate_latest(_FROM_THE_DATABASE)
