"""Somebody asks a moderator to look at a message, and a curator decides."""

from __future__ import annotations

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import messages
from curation.actions.people import Role, require
from curation.errors import CurationError, WrongState
from curation.models import Contributor, Dataset, Event, Flag, Message
from curation.wording import in_english

Outcome = Flag.Outcome
State = Message.State


@transaction.atomic
def raise_flag(*, message_id: int, by: Contributor, reason: str, note: str = "") -> Flag:
    """Ask for a curator's look. Flagging twice while nobody looked is flagging once."""
    message = Message.objects.select_related("conversation__dataset").get(pk=message_id)
    dataset = message.conversation.dataset
    require(by, dataset, Role.WRITER, Role.REVIEWER)
    if reason not in Flag.Reason.values:
        raise CurationError(_("Choose a reason, so that a curator knows what to look for."))
    if message.state in (State.WITHDRAWN, State.DRAFT):
        raise WrongState("message", message.state)
    flag, is_new = Flag.objects.get_or_create(
        message=message, by=by, resolved_at=None, defaults={"reason": reason, "note": note}
    )
    if is_new:
        Event.objects.record("message.flagged", message, by=by, dataset=dataset, why=reason)
    return flag


@transaction.atomic
def resolve_flag(*, flag_id: int, by: Contributor, outcome: str, why: str = "") -> Message:
    """Decide on a flagged message: leave it, hold it, or reject it.

    One decision answers everybody who flagged it so far.
    """
    first = Flag.objects.select_related("message__conversation__dataset").get(pk=flag_id)
    message, dataset = first.message, first.message.conversation.dataset
    require(by, dataset)
    if outcome not in Outcome.values:
        raise CurationError(_("Choose what to do about it."))
    waiting = message.flags.select_for_update().filter(resolved_at=None)
    flags = list(waiting.order_by("pk"))
    if not flags:
        raise CurationError(_("Somebody has decided on this already."))
    if outcome != Outcome.DISMISSED:
        _set_aside(message, by=by, outcome=outcome, why=why or _reason(flags))
    waiting.update(resolved_at=now(), resolved_by=by, outcome=outcome)
    Event.objects.record(
        f"flag.{outcome}", message, by=by, dataset=dataset, flags=len(flags)
    )
    message.refresh_from_db()
    return message


def _set_aside(message: Message, *, by: Contributor, outcome: str, why: str) -> None:
    """Held, and from there rejected: only a moderator's hold undoes an acceptance."""
    if message.state != State.HELD and State.HELD in Message.MOVES[message.state]:
        messages.hold(message_id=message.pk, by=by, why=why)
        message.state = State.HELD
    if outcome == Outcome.HELD and message.state != State.HELD:
        raise WrongState("message", message.state)
    if outcome == Outcome.REMOVED and message.state == State.HELD:
        messages.release(message_id=message.pk, by=by, accept=False, why=why)


def _reason(flags: list[Flag]) -> str:
    return f"{in_english(flags[0].get_reason_display())}."


def waiting_in(dataset: Dataset) -> int:
    """How many messages somebody asked a moderator to look at. Causes a query."""
    waiting = Flag.objects.filter(message__conversation__dataset=dataset, resolved_at=None)
    return waiting.values("message").distinct().count()
