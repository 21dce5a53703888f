"""What the tests of webhooks share."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from curation.actions import hooks
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
    """As a receiver checks it, by the Standard Webhooks' rules."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    told = [heard.headers["webhook-id"], heard.headers["webhook-timestamp"]]
    signed = ".".join(told).encode() + b"." + heard.body
    mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{mark}" in heard.headers["webhook-signature"].split(" ")


def told(heard):
    return json.loads(heard.body)


def due_now():
    """The next attempt of everything is at once, and no hook rests."""
    Delivery.objects.filter(state="waiting").update(due_at="2020-01-01T00:00Z")
    for delivery in Delivery.objects.select_related("hook"):
        type(delivery.hook).objects.filter(pk=delivery.hook_id).update(rests_until=None)
