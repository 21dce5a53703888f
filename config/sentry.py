"""What goes wrong is told to Sentry: where in the code and of what kind, and no word more.

Of an event only what is listed here is sent. Messages of exceptions, values of variables,
addresses, headers, cookies, queries, breadcrumbs and arguments of tasks may all hold what
people wrote, or who they are.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event

SENT = {
    "event_id", "timestamp", "level", "platform", "logger", "transaction", "release",
    "environment", "server_name", "sdk", "type",
}  # fmt: skip
SENT_OF_EXCEPTION = {"type", "module"}
# Lines of our own code around the place; `vars` are the values, and are not sent.
SENT_OF_FRAME = {
    "filename", "abs_path", "function", "module", "lineno", "pre_context", "context_line",
    "post_context", "in_app",
}  # fmt: skip


def begin(address: str, **more: Any) -> None:
    """`more` is for tests: another way for events to leave."""
    sentry_sdk.init(
        dsn=address,
        integrations=[
            DjangoIntegration(transaction_style="url", middleware_spans=False),
            CeleryIntegration(propagate_traces=False),
            LoggingIntegration(level=None),
        ],
        auto_enabling_integrations=False,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        enable_logs=False,
        before_send=allowed,
        before_send_transaction=lambda event, hint: None,
        **more,
    )


def allowed(happened: Event, hint: dict[str, Any]) -> Event:
    """A new event with nothing but what may leave."""
    event: dict[str, Any] = {**happened}
    told = {name: event[name] for name in SENT & event.keys()}
    if name := import_module("curation.request_ids").current():
        told["tags"] = {"request_id": name}
    found = event.get("exception", {}).get("values") or []
    if found:
        told["exception"] = {"values": [_exception(one) for one in found]}
    # What a line of the log says without its values: "%s failed".
    template = (event.get("logentry") or {}).get("message")
    if template and (event.get("logentry") or {}).get("params"):
        told["logentry"] = {"message": template}
    return cast(Event, told)


def _exception(one: dict[str, Any]) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames") or []
    told = {name: one[name] for name in SENT_OF_EXCEPTION & one.keys()}
    kept = [{name: f[name] for name in SENT_OF_FRAME & f.keys()} for f in frames]
    return told | {"stacktrace": {"frames": kept}}
