"""Which models saw texts that were taken back, and which model stands for one by now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from curation import handoff
from curation.handoff import Recalled
from trainer.models import Champion, Removal, Run, ancestry


class Saw(NamedTuple):
    run: Run
    recalled: Recalled  # of all versions that it learned from
    since: datetime | None
    is_champion: bool
    removal: Removal | None  # the newest one

    @property
    def may_ask(self) -> bool:
        """Whether nothing is under way."""
        return self.removal is None or self.removal.state == Removal.State.FAILED


def texts_taken_back(dataset_id: int) -> list[Saw]:
    """Finished models of a dataset that are in use, champions first, then the newest.

    Six queries, however many there are.
    """
    usable = Run.objects.usable().filter(version__dataset=dataset_id)
    runs = list(usable.select_related("version__dataset", "base").order_by("-pk"))
    learned = ancestry.versions(run.pk for run in runs)
    marked = handoff.recalled_from({one for theirs in learned.values() for one in theirs})
    seen = [run for run in runs if any(one in marked for one in learned[run.pk])]
    recalled = handoff.recalled_in_each({run.pk: learned[run.pk] for run in seen})
    champions = Champion.objects.among(runs)
    removals: dict[int, Removal] = {}
    for one in Removal.objects.filter(run__in=runs).select_related("made").order_by("pk"):
        removals[one.run_id] = one
    found = [
        Saw(
            run,
            recalled.get(run.pk, Recalled()),
            _first(marked, learned[run.pk]),
            run.pk in champions,
            removals.get(run.pk),
        )
        for run in seen
    ]
    return sorted(found, key=lambda one: not one.is_champion)


def _first(marked: dict[int, Recalled], versions: Iterable[int]) -> datetime | None:
    when = [marked[one].since for one in versions if one in marked]
    return min((moment for moment in when if moment), default=None)


def in_its_place(run: Run) -> Run:
    """The model that took its place, and the one that took that one's; else the run
    itself. A query each."""
    while run.retired_at is not None:
        done = Removal.objects.filter(run=run, state=Removal.State.DONE)
        made = done.select_related("made__version", "made__parent").first()
        if made is None or made.made is None:
            return run
        run = made.made
    return run


def why_retired(run: Run) -> str:
    """Why nothing is done with its model any more."""
    said = _(
        "Run %(old)d learned from texts that were taken back, and run %(new)d took its "
        "place. Use that one."
    )
    return said % {"old": run.pk, "new": in_its_place(run).pk}
