"""Browsers that are signed in: which, and that they no longer are."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from curation.errors import CurationError, NotAllowed
from curation.models import Contributor, Event, Session


def renew(person_id: int) -> None:
    """Their rights are others: each browser of theirs gets a new key when it next asks."""
    theirs = Session.objects.filter(person=person_id, state=Session.State.CURRENT)
    theirs.update(state=Session.State.DUE)


@transaction.atomic
def end(
    *, person: Contributor, name: str, by: Contributor, mine: str | None = None
) -> None:
    """Sign out one browser: the one of that name. `mine` is the key of the caller's own."""
    _require_right(person, by)
    found = [
        one for one in Session.objects.open().filter(person=person) if one.name == name
    ]
    if not found:
        raise CurationError(_("This browser is signed out already."))
    if found[0].session_key == mine:
        raise CurationError(_("This is the browser you sit at: sign out instead."))
    Session.objects.filter(pk=found[0].pk).delete()
    Event.objects.record("sessions.ended", person, by=by, count=1)


@transaction.atomic
def end_all(*, person: Contributor, by: Contributor, but: str | None = None) -> int:
    """Sign out every browser of theirs, except the one with that key. Return how many."""
    _require_right(person, by)
    theirs = Session.objects.filter(person=person).exclude(session_key=but or "")
    count = theirs.open().count()
    theirs.delete()
    if count:
        Event.objects.record("sessions.ended", person, by=by, count=count)
    return count


def _require_right(person: Contributor, by: Contributor) -> None:
    if person.pk != by.pk and not by.is_staff:
        raise NotAllowed(_("Only a site admin can sign somebody else out."))
