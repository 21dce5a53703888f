"""Versions made in the background: asked for, watched, called off, and made by a worker.

The row is the queue. A worker claims it with one UPDATE that raises its attempt, and every
later write of it names that attempt; who was taken for dead finds nothing to write.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.actions import versions
from curation.actions.gathering import Gathering, Progress
from curation.actions.rights import require
from curation.errors import CurationError
from curation.formats.recipe import Recipe
from curation.models import Contributor, Dataset, Event, Freezing

AT_ONCE = 2_000  # so many conversations are frozen while the page waits
COUNTED = 50_000  # so many are counted before it is frozen
SILENT = timedelta(minutes=2)  # a worker that said nothing for so long is gone
ATTEMPTS = 3

State = Freezing.State


class Stopped(Exception):
    """The row is no longer this worker's: called off, or given to another."""


def is_countable(dataset: Dataset) -> bool:
    """Whether what a recipe takes can be counted while somebody waits."""
    return not _has_more(dataset, COUNTED)


def is_large(dataset: Dataset) -> bool:
    """Whether a version of it should be made in the background."""
    return _has_more(dataset, AT_ONCE)


def _has_more(dataset: Dataset, conversations: int) -> bool:
    """Looks no further than one beyond."""
    return dataset.conversations.all()[conversations : conversations + 1].exists()


@transaction.atomic
def ask(*, dataset_id: int, by: Contributor, recipe: dict[str, Any]) -> Freezing:
    """Queue a version. While one is being made, another has to wait."""
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset_id)
    require(by, dataset)
    wanted = Recipe.parse(recipe)
    if Freezing.objects.active().filter(dataset=dataset).exists():
        raise CurationError(
            _("A version of this dataset is being made. Wait for it, or call it off.")
        )
    freezing = Freezing.objects.create(
        dataset=dataset, recipe=wanted.as_json(), asked_by=by
    )
    Event.objects.record("freezing.asked", freezing, by=by, dataset=dataset)
    return freezing


@transaction.atomic
def cancel(*, freezing_id: int, by: Contributor) -> None:
    """Call it off. While it is published, and once it is there, this is refused."""
    there = Freezing.objects.select_related("dataset")
    require(by, there.get(pk=freezing_id).dataset)
    free = there.select_for_update(of=("self",), skip_locked=True)
    freezing = free.filter(pk=freezing_id).first()
    if freezing is None:
        raise CurationError(_("It is being published just now. Look again in a moment."))
    if freezing.state == State.CANCELLED:
        return
    if not freezing.is_active:
        raise CurationError(_("It has ended already, so there is nothing to call off."))
    freezing.state, freezing.ended_at = State.CANCELLED, now()
    freezing.save(update_fields=["state", "ended_at"])
    Event.objects.record("freezing.cancelled", freezing, by=by, dataset=freezing.dataset)


def run(freezing_id: int) -> None:
    """Make the version, if this worker is the one that gets to."""
    freezing = _claim(freezing_id)
    if freezing is None:
        return
    try:
        _make(freezing)
    except Stopped:
        return
    except CurationError as refusal:
        _end(freezing, State.FAILED, why=str(refusal)[:300])
    except Exception:
        _end(freezing, State.FAILED, why=gettext_noop("Something went wrong. See the log."))
        raise


@transaction.atomic
def take_back_silent() -> list[int]:
    """What waits, and what a worker left lying; after three tries it has failed.

    Who publishes says nothing for as long as that takes, and holds the row meanwhile.
    """
    running = Freezing.objects.filter(state=State.RUNNING, beat_at__lt=now() - SILENT)
    free = running.select_for_update(skip_locked=True).values_list("pk", flat=True)
    silent = Freezing.objects.filter(pk__in=list(free), state=State.RUNNING)
    silent.filter(attempt__gte=ATTEMPTS).update(
        state=State.FAILED,
        ended_at=now(),
        why=gettext_noop("Three workers were lost over it. See the log."),
    )
    silent.update(state=State.WAITING)
    waiting = Freezing.objects.filter(state=State.WAITING)
    return list(waiting.values_list("pk", flat=True))


def _claim(freezing_id: int) -> Freezing | None:
    claimed = Freezing.objects.filter(pk=freezing_id, state=State.WAITING).update(
        state=State.RUNNING, attempt=F("attempt") + 1, beat_at=now(), seen=0, taken=0
    )
    if not claimed:
        return None
    return Freezing.objects.select_related("dataset__policy", "asked_by").get(
        pk=freezing_id
    )


def _mine(freezing: Freezing) -> Q:
    return Q(pk=freezing.pk, state=State.RUNNING, attempt=freezing.attempt)


def _make(freezing: Freezing) -> None:
    with Gathering(freezing.dataset, Recipe.parse(freezing.recipe)) as gathered:
        _write(freezing, of=gathered.count())
        gathered.gather(_teller(freezing))
        with transaction.atomic():
            # From here on it can no longer be called off: whoever tries is refused.
            if not Freezing.objects.select_for_update().filter(_mine(freezing)).exists():
                raise Stopped
            made = versions.publish(gathered, by=freezing.asked_by)
            _write(
                freezing,
                state=State.FROZEN,
                version=made.version,
                is_new=made.is_new,
                ended_at=now(),
            )


def _teller(freezing: Freezing) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        _write(freezing, **progress._asdict())

    return tell


def _write(freezing: Freezing, **fields: Any) -> None:
    """A sign of life with what is new; Stopped where the row is not ours any more."""
    if not Freezing.objects.filter(_mine(freezing)).update(beat_at=now(), **fields):
        raise Stopped


def _end(freezing: Freezing, state: str, *, why: str) -> None:
    Freezing.objects.filter(_mine(freezing)).update(state=state, why=why, ended_at=now())
