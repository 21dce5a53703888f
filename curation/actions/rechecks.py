"""What no check of now has looked at yet is looked at by a worker, a batch at a time.

Rows are the queue: a worker takes some, looks without a transaction, and writes what it
saw. Whatever stops it, the rest waits for the next, and what it had taken, ten minutes.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.utils.timezone import now

from curation.actions import inspections
from curation.actions.evaluation_sets import known
from curation.actions.inspections import Change, Wanted
from curation.clean import checks
from curation.models import Dataset, Inspection, Inspector, Message
from curation.models.inspections import InspectionQuerySet

logger = logging.getLogger(__name__)

State = Message.State
AT_ONCE = 50  # each may take a far classifier seconds, and a batch less than ten minutes
NOTED_AT_ONCE = 5_000
AGAIN_AFTER = timedelta(minutes=10)
# Ids are given before they can be seen: so far back newer texts are looked for.
SLACK = 20_000
TIRED_AFTER = 3  # failures in a row of one check: then it is left alone in this run
NEW = Q(digest="")  # no worker has looked at it yet
LOOKED_AT = (State.SUBMITTED, State.ACCEPTED, State.REJECTED, State.HELD)


@dataclass
class Run:
    """What one run did, and what it leaves alone."""

    at_most: int | None = None
    until: float | None = None  # by time.monotonic()
    looked_at: int = 0
    changed: int = 0
    held: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    noted: set[str] = field(default_factory=set)  # digests that are explained

    @property
    def is_over(self) -> bool:
        is_enough = self.at_most is not None and self.looked_at >= self.at_most
        return is_enough or (self.until is not None and time.monotonic() > self.until)

    @property
    def tired(self) -> set[str]:
        return {name for name, count in self.failures.items() if count >= TIRED_AFTER}


@dataclass
class Walk:
    """Through a range of what waits in a dataset, forwards only, by its index: what is done
    is not read again."""

    dataset: Dataset
    wanted: Wanted
    where: Q
    last: tuple[str, int] = ("", 0)  # digest and text
    is_done: bool = False

    def take(self) -> list[Inspection]:
        """The next rows, which no other worker has or gets for ten minutes."""
        due = Q(tried_at=None) | Q(tried_at__lt=now() - AGAIN_AFTER)
        ahead = TupleGreaterThan(Tuple(F("digest"), F("pk")), self.last)
        there = Inspection.objects.filter(
            self.where, due, ahead, dataset=self.dataset, message__state__in=LOOKED_AT
        )
        free = there.order_by("digest", "pk")
        with transaction.atomic():
            rows = list(free.select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
            taken = Inspection.objects.filter(pk__in=[row.pk for row in rows])
            taken.update(tried_at=now())
        self.is_done = len(rows) < AT_ONCE
        if rows:
            self.last = (rows[-1].digest, rows[-1].pk)
        return rows


def note_new(*, is_thorough: bool = False) -> int:
    """Make a row for each text that has none. Return how many there were.

    Looks among the newest only, unless it `is_thorough`: that reads all messages.
    """
    newest = 0 if is_thorough else _newest() - SLACK
    there = Message.objects.filter(inspection=None, state__in=LOOKED_AT).order_by("pk")
    rows = there.values_list("pk", "conversation__dataset")
    count = 0
    while batch := list(rows.filter(pk__gt=newest)[:NOTED_AT_ONCE]):
        Inspection.objects.bulk_create(
            [Inspection(message_id=pk, dataset_id=dataset) for pk, dataset in batch],
            ignore_conflicts=True,
        )
        count, newest = count + len(batch), batch[-1][0]
    return count


def catch_up(
    *,
    at_most: int | None = None,
    seconds: float | None = None,
    only: Dataset | None = None,
    told: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Look at what is outdated, until nothing is left or it is enough for this time.

    First at what is new, however much of the rest waits.
    """
    run = Run(at_most, time.monotonic() + seconds if seconds is not None else None)
    sets = known()
    wanted = {
        dataset: inspections.wanted_by(dataset.policy.checks, sets)
        for dataset in _datasets(only)
    }
    _in_turns([Walk(*one, NEW) for one in wanted.items()], run, told)
    older = [
        Walk(dataset, sought, where)
        for dataset, sought in wanted.items()
        for where in (Q(digest__lt=sought.digest) & ~NEW, Q(digest__gt=sought.digest))
    ]
    _in_turns(older, run, told)
    return run


def _in_turns(walks: list[Walk], run: Run, told: Callable[[Run], None]) -> None:
    """A batch of each dataset, so that none waits for all of another."""
    while walks and not run.is_over:
        for walk in walks:
            if run.is_over:
                return
            if rows := walk.take():
                _look_at(rows, walk.wanted, run)
                told(run)
        walks = [walk for walk in walks if not walk.is_done]


def waiting(*, only: Dataset | None = None) -> int:
    """How many texts are outdated; what failed a moment ago counts, too."""
    sets = known()
    return sum(
        _outdated(dataset, inspections.wanted_by(dataset.policy.checks, sets)).count()
        for dataset in _datasets(only)
    )


def _datasets(only: Dataset | None) -> list[Dataset]:
    there = Dataset.objects.select_related("policy").order_by("pk")
    return list(there.filter(pk=only.pk) if only is not None else there)


def _newest() -> int:
    newest: int | None = Inspection.objects.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def _outdated(dataset: Dataset, wanted: Wanted) -> InspectionQuerySet:
    there = Inspection.objects.outdated(dataset, wanted.digest)
    return there.filter(message__state__in=LOOKED_AT)


def _look_at(rows: list[Inspection], wanted: Wanted, run: Run) -> None:
    there = Message.objects.select_related("parent", "conversation__dataset__policy")
    messages = there.prefetch_related("findings").in_bulk([row.pk for row in rows])
    versions = dict(
        Inspector.objects.filter(digest__in={row.digest for row in rows}).values_list(
            "digest", "versions"
        )
    )
    changes = [
        _changed(row, messages[row.pk], wanted, versions.get(row.digest, {}), run)
        for row in rows
    ]
    run.held += inspections.write(changes, wanted.policy)
    run.looked_at += len(rows)
    run.changed += sum(bool(one.stale or one.fresh) for one in changes)


def _changed(
    row: Inspection, message: Message, wanted: Wanted, looked: Mapping[str, int], run: Run
) -> Change:
    """Look at one text with the checks that have not, and note who has now."""
    names = [n for n in inspections.names_of(wanted, looked) if n not in run.tired]
    seen = inspections.look(message, wanted, names)
    kept = {name: it for name, it in wanted.versions.items() if looked.get(name) == it}
    for name in names:
        run.failures[name] = 0 if name in seen.versions else run.failures[name] + 1
    valid = {**kept, **seen.versions}
    row.digest = checks.digest(valid)
    row.tried_at = None if row.digest == wanted.digest else now()
    if row.digest not in run.noted:
        inspections.note_inspector(valid)
        run.noted.add(row.digest)
    return inspections.change(row, message, seen, wanted)
