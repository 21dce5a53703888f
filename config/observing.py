"""How Winnow is watched: by people, by Prometheus, by Sentry, by OpenTelemetry."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from config.env import BadEnvironment, env_str
from config.logs import FORMATS

LOG_LEVEL = env_str("WINNOW_LOG_LEVEL", "INFO").upper()
LOG_FORMAT = env_str("WINNOW_LOG_FORMAT", "line").lower()
if LOG_FORMAT not in FORMATS:
    raise BadEnvironment(f"WINNOW_LOG_FORMAT must be line or json, not {LOG_FORMAT!r}.")
# Who shows it may read /metrics, and what /readyz found. Without one: only this computer,
# and only where it is one person's own.
METRICS_TOKEN = env_str("WINNOW_METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise BadEnvironment("WINNOW_METRICS_TOKEN must have at least 20 characters.")
SENTRY_DSN = env_str("WINNOW_SENTRY_DSN")
OTLP_ENDPOINT = env_str("OTEL_EXPORTER_OTLP_ENDPOINT")

# What is looked at for /settings/health/ and /metrics: functions that return vitals.
CHECKUPS = [
    "curation.health.servers.checkup",
    "curation.health.clock.checkup",
    "trainer.checkup.workers",
    "curation.health.waiting.checkup",
    "curation.health.upkeep.mail",
    "curation.health.upkeep.versions",
    "curation.health.upkeep.backups",
    "curation.health.upkeep.identity_providers",
]
# And functions that return figures, for /metrics.
FIGURES = [
    "curation.health.figures.of_the_record",
    "curation.health.clock.figures",
    "annotate.figures.slots",
    "trainer.figures.of_models",
]
# Called at the start: what is to be done with each task.
LISTENERS = ["curation.health.tasks_seen.listen"]
if OTLP_ENDPOINT:
    LISTENERS.append("curation.health.spans.listen")
# Outside of all others, so that a trace begins with the request.
MIDDLEWARE = ["curation.health.spans.SpanMiddleware"] if OTLP_ENDPOINT else []


def begin() -> None:
    """Both are extras: nothing of them is imported where nobody asked for them."""
    if SENTRY_DSN:
        _wanted("config.sentry", "WINNOW_SENTRY_DSN").begin(SENTRY_DSN)
    if OTLP_ENDPOINT:
        _wanted("config.traces", "OTEL_EXPORTER_OTLP_ENDPOINT").begin()


def _wanted(module: str, variable: str) -> Any:
    try:
        return import_module(module)
    except ImportError as missing:
        raise BadEnvironment(
            f"{variable} is set, but {missing.name} is not installed: see the extras "
            "sentry and traces in pyproject.toml."
        ) from missing
