"""Somebody asks a moderator to look at a message; what they decide: see moderation.py."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.rights import Role, require
from curation.errors import CurationError, WrongState
from curation.models import Contributor, Event, Flag, Message

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
