"""A person's words are destroyed and their name is taken off; what others did stays.

An admin orders it; a worker does it in small steps, each a transaction. The row is the
queue: a step that was cut short is done again, by whichever worker comes next.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import reach
from curation.actions import destruction, errands, withdrawals
from curation.actions.withdrawals import FOREVER
from curation.errors import CurationError, NotAllowed
from curation.models import (
    Contributor,
    Erasure,
    Event,
    Message,
    Session,
    Withdrawal,
)

logger = logging.getLogger(__name__)

AT_ONCE = 50  # texts in a transaction

Step = Callable[[Erasure], bool]  # whether there is more of it to do


class Taken(Exception):
    """Somebody else is at it, or it is done."""


@transaction.atomic
def ask(*, by: Contributor) -> Erasure:
    """A person wants to be erased. They take their texts back at once; an admin destroys
    them, as this cannot be undone."""
    asked, is_new = Erasure.objects.get_or_create(person=by, defaults={"asked_by": by})
    if not is_new:
        return asked
    Event.objects.record("erasure.asked", asked, by=by)
    if not _withdrawal_under_way(by):
        withdrawals.take_back_all(person=by, dataset=None, by=by)
    return asked


@transaction.atomic
def order(*, person_id: int, by: Contributor) -> Erasure:
    """From now on the person cannot sign in, and a worker destroys what is theirs.

    The caller rings: see tasks.carry_on_erasures. Ordering twice is ordering once.
    """
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can erase a person."))
    if person_id == by.pk:
        raise CurationError(_("You cannot erase yourself: ask another admin."))
    # no_key: whoever is just sending something points at the row, and need not wait.
    person = Contributor.objects.select_for_update(no_key=True).get(pk=person_id)
    asked, _is_new = Erasure.objects.get_or_create(person=person, defaults={"asked_by": by})
    if asked.ordered_at is not None:
        return asked
    asked.ordered_by, asked.ordered_at = by, now()
    asked.texts = Message.objects.filter(author=person).count()
    asked.save(update_fields=["ordered_by", "ordered_at", "texts"])
    person.is_active = False
    person.save(update_fields=["is_active"])
    Session.objects.filter(person=person).delete()
    Event.objects.record("erasure.ordered", asked, by=by)
    return asked


def erase(*, person_id: int, by: Contributor) -> Erasure:
    """Order it and do it here, however long it takes."""
    asked = order(person_id=person_id, by=by)
    carry_on(asked.pk)
    asked.refresh_from_db()
    return asked


def carry_on(erasure_id: int, *, until: float = FOREVER) -> None:
    """Do what is left of one, until that time by time.monotonic().

    Whoever else is at it already is left alone.
    """
    try:
        for step in STEPS:
            while _take(erasure_id, step):
                if time.monotonic() > until:
                    return
    except Taken:
        return


def carry_on_all(*, seconds: float = FOREVER) -> None:
    """What was ordered; and a second look for what was being sent just then.

    As far as the time goes.
    """
    until = time.monotonic() + seconds
    waiting = [*Erasure.objects.under_way(), *Erasure.objects.to_look_after()]
    for asked in waiting:
        # Such as one whose files cannot be reached: it is looked at again, and the others
        # do not wait for it.
        try:
            carry_on(asked.pk, until=until)
        except Exception:
            logger.exception("Erasure %s could not be carried on", asked.pk)
            continue
        if time.monotonic() > until:
            return


@transaction.atomic
def _take(erasure_id: int, step: Step) -> bool:
    there = Erasure.objects.under_way() | Erasure.objects.to_look_after()
    free = there.select_for_update(skip_locked=True, of=("self",))
    asked = free.select_related("person", "ordered_by").filter(pk=erasure_id).first()
    if asked is None:
        raise Taken
    return step(asked)


# ---- the steps -------------------------------------------------------------------------
def _withdraw_some(asked: Erasure) -> bool:
    """First all texts are taken back: no version takes one, and who holds one is told."""
    person, by = asked.person, _admin_of(asked)
    waiting = _withdrawal_under_way(person)
    if waiting is not None:
        if withdrawals.advance(waiting) is None:
            raise Taken  # a worker is at that
        return True
    theirs = Message.objects.written_by(person).exclude(state=Message.State.WITHDRAWN)
    agreed = person.consents.in_force()
    if not (theirs.exists() or agreed.exists()):
        return False
    # The order is the right to it, whatever has become of who gave it.
    withdrawals.begin(person=person, dataset=None, by=by)
    return True


def _destroy_some(asked: Erasure) -> bool:
    left = Message.objects.filter(author=asked.person, tombstone=None).order_by("pk")
    texts = list(left.values_list("pk", flat=True)[:AT_ONCE])
    if texts:
        destruction.destroy_texts(texts, asked=asked, by=_admin_of(asked))
    return len(texts) == AT_ONCE


def _destroy_talk(asked: Erasure) -> bool:
    destruction.destroy_talk(asked.person)
    return False


def _take_off_name(asked: Erasure) -> bool:
    destruction.take_off_name(asked.person)
    Session.objects.filter(person=asked.person).delete()
    return False


def _wait_for_others(asked: Erasure) -> bool:
    """Who was sending something as them has come through when this lock is given."""
    Contributor.objects.select_for_update().get(pk=asked.person_id)
    return False


def _destroy_files(asked: Erasure) -> bool:
    destruction.destroy_files(reach.versions_holding(_texts_of(asked)))
    errands.forget_written()
    return False


def _finish(asked: Erasure) -> bool:
    destruction.forget_samples()
    if asked.done_at is not None:
        asked.swept_at = now()
        asked.save(update_fields=["swept_at"])
        return False
    texts = _texts_of(asked)
    asked.done_at, asked.versions = now(), len(reach.versions_holding(texts))
    asked.save(update_fields=["versions", "done_at"])
    by = asked.ordered_by
    Event.objects.record("person.erased", asked, by=by, texts=len(texts))
    return False


STEPS: tuple[Step, ...] = (
    _withdraw_some,
    _destroy_some,
    _destroy_talk,
    _take_off_name,
    # Once more for what came in meanwhile.
    _wait_for_others,
    _withdraw_some,
    _destroy_some,
    _destroy_talk,
    _destroy_files,
    _finish,
)


# ---- what they share -------------------------------------------------------------------
def _admin_of(asked: Erasure) -> Contributor:
    assert asked.ordered_by is not None  # or it would not be under way
    return asked.ordered_by


def _withdrawal_under_way(person: Contributor) -> int | None:
    waiting = Withdrawal.objects.filter(person=person, state=Withdrawal.State.QUEUED)
    return waiting.order_by("pk").values_list("pk", flat=True).first()


def _texts_of(asked: Erasure) -> list[int]:
    return list(asked.tombstones.values_list("message", flat=True))
