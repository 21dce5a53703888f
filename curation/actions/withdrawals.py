"""People take back what they wrote: one text, or all of a dataset, or everything.

Later versions leave it out. What is frozen keeps its list; a recall marks each version
that holds it, and so each model that learned from that, and their owners are told.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import reach
from curation.actions import consents, conversations, gold, notices
from curation.actions.moves import move
from curation.errors import CurationError, NotAllowed, WrongState
from curation.models import (
    Contributor,
    Conversation,
    Dataset,
    DatasetVersion,
    Event,
    Message,
    Recall,
    Withdrawal,
)

logger = logging.getLogger(__name__)

State = Message.State
AT_ONCE = 50  # texts in a transaction
FOREVER = float("inf")
LATE = timedelta(days=1)
BY_AUTHOR = gettext_noop("Taken back by its author.")
BY_ADMIN = gettext_noop("Taken back by an admin.")
WITH_ORIGINAL = gettext_noop("Made of words that their author took back.")


@transaction.atomic
def take_back(*, message_id: int, by: Contributor) -> Withdrawal:
    """Take back one text, and what others made of its words."""
    conversations.lock_around(message_id)
    message = Message.objects.select_related("author").get(pk=message_id)
    person = _whose(message.author, by)
    if message.state == State.WITHDRAWN:
        raise WrongState("message", message.state)
    asked = Withdrawal.objects.create(person=person, asked_by=by, message=message, total=1)
    _carry_out(asked, [message_id])
    _finish(asked, done=1)
    return asked


@transaction.atomic
def take_back_all(
    *, person: Contributor, dataset: Dataset | None, by: Contributor
) -> Withdrawal:
    """Take back all texts of a dataset, or everywhere, and the consents given there.

    A few are done at once; many wait for the background: see carry_on().
    """
    return begin(person=_whose(person, by), dataset=dataset, by=by)


@transaction.atomic
def begin(*, person: Contributor, dataset: Dataset | None, by: Contributor) -> Withdrawal:
    """The same for callers that have the right to it already: see erasure.py."""
    # no_key: whoever is just sending something points at the row, and need not wait.
    Contributor.objects.select_for_update(no_key=True).get(pk=person.pk)
    if Withdrawal.objects.filter(person=person, state=Withdrawal.State.QUEUED).exists():
        raise CurationError(_("Your texts are being taken back already."))
    consents.take_back(person=person, dataset=dataset, by=by)
    asked = Withdrawal(person=person, asked_by=by, dataset=dataset)
    asked.total = texts_of(asked).count()
    asked.save()
    Event.objects.record("withdrawal.asked", asked, by=by, dataset=dataset)
    if asked.total < AT_ONCE:
        _advance(asked)
    return asked


def texts_of(asked: Withdrawal) -> QuerySet[Message]:
    """What it is about: also what its author replaced since, as older versions hold it."""
    if asked.message_id is not None:
        return Message.objects.filter(pk=asked.message_id)
    theirs = Message.objects.written_by(asked.person)
    if asked.dataset_id is None:
        return theirs
    return theirs.filter(conversation__dataset=asked.dataset_id)


def carry_on(withdrawal_id: int, *, until: float = FOREVER) -> None:
    """Do what is left of one, a handful of texts in a transaction.

    Stops at that time by time.monotonic(). Whoever else is at it already is left alone; a
    worker that dies leaves the rest to the next one.
    """
    while advance(withdrawal_id) is False and time.monotonic() < until:
        pass


@transaction.atomic
def advance(withdrawal_id: int) -> bool | None:
    """The next handful; whether that was all. None where nothing is left to take."""
    waiting = Withdrawal.objects.filter(state=Withdrawal.State.QUEUED)
    free = waiting.select_for_update(skip_locked=True, of=("self",))
    asked = free.select_related("person", "asked_by").filter(pk=withdrawal_id).first()
    return None if asked is None else _advance(asked)


def carry_on_all(*, seconds: float = FOREVER) -> None:
    """What waits, the oldest first, as far as the time goes.

    One that fails is said in the log, and does not keep the others waiting.
    """
    until = time.monotonic() + seconds
    waiting = Withdrawal.objects.filter(state=Withdrawal.State.QUEUED).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)):
        try:
            carry_on(pk, until=until)
        except Exception:
            logger.exception("Withdrawal %s could not be carried on", pk)
            continue
        if time.monotonic() > until:
            return


def recall_late() -> None:
    """Mark versions that were being frozen while somebody took back a text of theirs."""
    if not DatasetVersion.objects.filter(frozen_at__gte=now() - LATE).exists():
        return
    late = Withdrawal.objects.filter(finished_at__gte=now() - LATE)
    for asked in late.select_related("person", "asked_by").order_by("pk"):
        with transaction.atomic():
            texts = texts_of(asked).values_list("pk", flat=True)
            notices.tell_of_recalls(_recall(asked, reach.derived(texts)), by=asked.asked_by)


def _whose(person: Contributor | None, by: Contributor) -> Contributor:
    if person is None or (person.pk != by.pk and not by.is_staff):
        raise NotAllowed(_("Only its author can withdraw a message."))
    return person


def _advance(asked: Withdrawal) -> bool:
    """The next handful; whether that was all."""
    rest = texts_of(asked).filter(pk__gt=asked.last).order_by("pk")
    texts = list(rest.values_list("pk", flat=True)[:AT_ONCE])
    _carry_out(asked, texts)
    if len(texts) < AT_ONCE:
        _finish(asked, done=asked.done + len(texts))
        return True
    asked.last, asked.done = texts[-1], asked.done + len(texts)
    asked.save(update_fields=["last", "done"])
    return False


def _finish(asked: Withdrawal, *, done: int) -> None:
    asked.state, asked.finished_at = Withdrawal.State.FINISHED, now()
    asked.done = asked.total = done
    asked.save(update_fields=["state", "finished_at", "done", "total"])
    dataset = asked.dataset
    Event.objects.record(
        "withdrawal.finished", asked, by=asked.asked_by, dataset=dataset, texts=done
    )
    recalls = asked.recalls.select_related("version__dataset")
    notices.tell_of_recalls(list(recalls), by=asked.asked_by)


def _carry_out(asked: Withdrawal, texts: Sequence[int]) -> None:
    everything = reach.derived(texts)
    found = Message.objects.filter(pk__in=everything).exclude(
        state__in=[State.WITHDRAWN, State.DRAFT]
    )
    own = set(texts)
    trees = found.order_by("conversation").values_list("conversation", flat=True)
    for tree in trees.distinct():
        conversation = conversations.lock(tree)
        for message in found.filter(conversation=tree).select_related("parent"):
            why = WITH_ORIGINAL
            if message.pk in own:
                why = BY_AUTHOR if message.author_id == asked.asked_by_id else BY_ADMIN
            _withdraw(message, conversation, by=asked.asked_by, why=why)
        conversations.advance(conversation)
    gold.retire_taken_back(everything, by=asked.asked_by)
    _recall(asked, everything)


def _withdraw(
    message: Message, conversation: Conversation, *, by: Contributor, why: str
) -> None:
    message.conversation = conversation
    move(message, conversation, to=State.WITHDRAWN, by=by, why=why)


def _recall(asked: Withdrawal, message_ids: Iterable[int]) -> list[Recall]:
    """Mark each version that holds one of these, once; return the new marks."""
    before = Recall.objects.aggregate(last=Max("pk"))["last"] or 0
    Recall.objects.bulk_create(
        (
            Recall(version_id=version, message_id=message, withdrawal=asked)
            for version, message in reach.holding(message_ids)
        ),
        ignore_conflicts=True,
        batch_size=1000,
    )
    new = asked.recalls.filter(pk__gt=before)
    return list(new.select_related("version__dataset"))
