"""What the tests of webhooks share."""

from __future__ import annotations

import json
from typing import Any

from config.places import ROOT
from curation.actions import deliveries, hooks
from curation.models import Delivery, Event
from tests.factories import ContributorFactory

SAYS = ("run.finished", "run.failed", "message.accepted", "version.frozen")


def added(receiver, dataset=None, *, wants=SAYS, **fields):
    """A hook of a dataset, or of the site, and its secret."""
    by = ContributorFactory(
        member=dataset, member__roles=["curator"], is_staff=dataset is None
    )
    url = receiver if isinstance(receiver, str) else receiver.address
    return hooks.add(dataset=dataset, name="Ours", url=url, wants=wants, by=by, **fields)


def happen(dataset, kind="run.finished", count=1, subject=None, **data):
    """So many events, written together."""
    line = (kind, subject or dataset)
    lines = [
        Event.objects.line(*line, by=None, dataset=dataset, **data) for _ in range(count)
    ]
    Event.objects.record_all(lines)
    return lines


def is_signed(heard, secret):
    """As the docs tell a receiver to check it."""
    page = (ROOT / "docs" / "howto" / "tell-another-program.md").read_text()
    code = page.partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_ours"](heard.headers, heard.body, secret)


def told(heard):
    return json.loads(heard.body)


def due_now():
    """The next attempt of everything is at once, and no hook rests."""
    Delivery.objects.filter(state="waiting").update(due_at="2020-01-01T00:00Z")
    for delivery in Delivery.objects.select_related("hook"):
        type(delivery.hook).objects.filter(pk=delivery.hook_id).update(rests_until=None)


def sent():
    assert deliveries.carry_on(seconds=30) is False


def states():
    return sorted(Delivery.objects.values_list("state", flat=True))
