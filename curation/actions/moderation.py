"""Curators look after texts that were flagged, held, or in which a check saw something."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import conversations, messages, notices, withdrawals
from curation.actions.rights import holds, require
from curation.errors import CurationError, NotAllowed
from curation.models import (
    Case,
    Contributor,
    Dataset,
    Decision,
    Event,
    Finding,
    Flag,
    Message,
)
from curation.wording import in_english

Action = Decision.Action
State = Message.State
LETS_STAND = (Action.KEEP, Action.RELEASE)
OUTCOMES = {
    Action.KEEP: Flag.Outcome.DISMISSED,
    Action.RELEASE: Flag.Outcome.DISMISSED,
    Action.HOLD: Flag.Outcome.HELD,
    Action.REJECT: Flag.Outcome.REMOVED,
    Action.WITHDRAW: Flag.Outcome.REMOVED,
}


def choices_for(message: Message, person: Contributor) -> list[Action]:
    """What a curator may decide about a text in its present state; not that their own may
    stand."""
    moves = Message.MOVES[message.state]
    is_held = message.state == State.HELD
    found = [Action.RELEASE] if is_held else [Action.KEEP]
    if State.HELD in moves:
        found.append(Action.HOLD)
    if is_held or State.HELD in moves:
        found.append(Action.REJECT)
    if person.is_staff and State.WITHDRAWN in moves and message.author_id is not None:
        found.append(Action.WITHDRAW)
    if person.pk in messages.authors_of(message):
        found = [action for action in found if action not in LETS_STAND]
    return found


def sign_of(state: str, newest: int | None) -> str:
    """What somebody saw, for `decide`: the state, and the newest decision on the text."""
    return f"{state}-{newest or 0}"


@transaction.atomic
def decide(
    *, message_id: int, by: Contributor, action: str, note: str = "", seen: str = ""
) -> Decision:
    """Decide on a text that waits: it answers all flags and findings so far.

    `seen` is the sign of what the curator had before them; who comes second is refused.
    """
    conversation = conversations.lock_around(message_id)
    dataset = conversation.dataset
    require(by, dataset)
    message = Message.objects.select_related("parent").get(pk=message_id)
    flags = list(message.flags.select_for_update().filter(resolved_at=None).order_by("pk"))
    found = list(Finding.objects.filter(message=message).for_curators().unanswered())
    _require_waiting(message, seen, is_waiting=bool(flags or found))
    if action in LETS_STAND and by.pk in messages.authors_of(message):
        raise CurationError(_("Somebody else must decide on your own words."))
    if action not in choices_for(message, by):
        raise CurationError(_("That cannot be done with this text. Load the page again."))
    decision = Decision(message=message, dataset=dataset, by=by, action=action, note=note)
    decision.checks = sorted({one.check_name for one in found})
    decision.after = newest_line()
    _apply(message, by=by, action=Action(action), why=note or _reason(flags, found))
    outcome = OUTCOMES[Action(action)]
    Event.objects.record(
        f"moderation.{action}", message, by=by, dataset=dataset, flags=len(flags), why=note
    )
    decision.until = newest_line()
    decision.save()
    message.flags.filter(pk__in=[flag.pk for flag in flags]).update(
        resolved_at=decision.at, resolved_by=by, outcome=outcome, decision=decision
    )
    Case.objects.filter(message=message).delete()
    _tell(flags, message, by=by, outcome=outcome)
    return decision


@transaction.atomic
def take(*, message_id: int, by: Contributor) -> None:
    """Look after a text that nobody else looks after."""
    message = _message(message_id, by)
    case, is_new = Case.objects.get_or_create(
        message=message, defaults={"assignee": by, "assigned_by": by}
    )
    if not is_new and case.assignee_id != by.pk:
        said = _("%(person)s looks after this text already.")
        raise CurationError(said % {"person": case.assignee})
    if is_new:
        _note_assignee(message, to=by, by=by)


@transaction.atomic
def give(*, message_id: int, to: Contributor, by: Contributor) -> None:
    """Ask another curator to look after a text. Twice is once."""
    message = _message(message_id, by)
    dataset = message.conversation.dataset
    if not (to.is_active and holds(to, dataset)):
        said = _("%(person)s is no curator of %(dataset)s.")
        raise NotAllowed(said % {"person": to, "dataset": dataset})
    if Case.objects.filter(message=message, assignee=to).exists():
        return
    facts = {"assignee": to, "assigned_by": by, "assigned_at": now()}
    Case.objects.update_or_create(message=message, defaults=facts)
    _note_assignee(message, to=to, by=by)
    told = {"wanted": 1, "dataset": str(dataset)}
    notices.tell(to, notices.Kind.ALLOTTED, message=message, by=by, **told)


@transaction.atomic
def let_go(*, message_id: int, by: Contributor) -> None:
    """Whoever comes first may look after it."""
    message = _message(message_id, by)
    if Case.objects.filter(message=message).delete()[0]:
        _note_assignee(message, to=None, by=by)


def newest_line() -> int:
    """Where history ends just now."""
    newest: int = Event.objects.aggregate(last=Max("pk", default=0))["last"]
    return newest


def _message(message_id: int, by: Contributor) -> Message:
    found = Message.objects.select_related("conversation__dataset").get(pk=message_id)
    require(by, found.conversation.dataset)
    return found


def _note_assignee(message: Message, *, to: Contributor | None, by: Contributor) -> None:
    dataset: Dataset = message.conversation.dataset
    person = to.pk if to else None
    Event.objects.record(
        "moderation.assigned", message, by=by, dataset=dataset, person=person
    )


def _require_waiting(message: Message, seen: str, *, is_waiting: bool) -> None:
    newest = message.decisions.order_by("-pk").values_list("pk", flat=True).first()
    is_stale = bool(seen) and seen != sign_of(message.state, newest)
    if is_stale or not (is_waiting or message.state == State.HELD):
        raise CurationError(_("Somebody has decided on this already."))


def _apply(message: Message, *, by: Contributor, action: Action, why: str) -> None:
    """Held, and from there rejected: only a moderator's hold undoes an acceptance."""
    if action in (Action.HOLD, Action.REJECT) and message.state != State.HELD:
        messages.hold(message_id=message.pk, by=by, why=why)
    if action == Action.REJECT:
        messages.release(message_id=message.pk, by=by, accept=False, why=why)
    elif action == Action.RELEASE:
        messages.release(message_id=message.pk, by=by, accept=True, why=why)
    elif action == Action.WITHDRAW:
        withdrawals.take_back(message_id=message.pk, by=by)
        notices.tell_author(message, notices.Kind.REMOVED, by=by, why=why)


def _reason(flags: list[Flag], found: list[Finding]) -> str:
    if flags:
        return f"{in_english(flags[0].get_reason_display())}."
    return found[0].advice if found else ""


def _tell(
    flags: Iterable[Flag], message: Message, *, by: Contributor, outcome: str
) -> None:
    """Those who asked hear what came of it, not who decided."""
    people = Contributor.objects.filter(pk__in=[flag.by_id for flag in flags])
    for person in people:
        notices.tell(
            person, notices.Kind.LOOKED_AT, message=message, by=by, outcome=outcome
        )
