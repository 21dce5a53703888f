"""A removal's life after it was asked for: frozen, trained, compared, put in place.

The row outlives the worker, as a schedule's firing does: what one left half-done, the next
look of the clock goes on with. Freezing is a row of its own, and the run is asked for in
the transaction that says so here, so neither happens twice.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from curation import handoff, history, renewal
from curation.errors import CurationError, NotAllowed
from trainer import saw
from trainer.actions import merges, removals, runs
from trainer.errors import NotConfirmed, TrainerError
from trainer.models import Removal, Run, ancestry
from trainer.successors import compared

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # of a worker that says nothing while it freezes
State = Removal.State

NO_VERSION = gettext_noop("No version was frozen: %(why)s")
NO_PARENT = gettext_noop("The model that it goes on from was not trained again.")
NO_PART = gettext_noop("A model that it was merged of was not trained again.")
NOT_THEIRS = gettext_noop("Who asked for it is no curator of the dataset any more.")
RUN_FAILED = gettext_noop("Run %(run)d failed: %(why)s")
RUN_CANCELLED = gettext_noop("Run %(run)d was cancelled.")
OUR_FAULT = gettext_noop("Something in Winnow itself went wrong; see the worker's log.")


# ---- what the clock does ---------------------------------------------------------------


def due() -> list[int]:
    """Whose turn it is, the oldest first, and that no worker is at."""
    nobody = Q(lease_until=None) | Q(lease_until__lt=now())
    ready = Removal.objects.ready().filter(nobody)
    return list(ready.order_by("pk").values_list("pk", flat=True))


def settle() -> None:
    """What has been trained is compared and, unless it is worse, put in place.

    Also what was started again by hand after it had failed. One that cannot be put in place
    keeps none of the others.
    """
    for pk in Removal.objects.filter(_is_over()).values_list("pk", flat=True):
        try:
            with transaction.atomic():
                _settle(pk)
        except IntegrityError:
            logger.info("removal %s failed, and another took over", pk)
        except (OperationalError, InterfaceError) as why:
            logger.warning("removal %s waits for the next look: %s", pk, why)
        except CurationError as refusal:
            _give_up(pk, str(refusal))
        except Exception:
            logger.exception("removal %s failed", pk)
            _give_up(pk, OUR_FAULT)


def _is_over() -> Q:
    over = Q(made__state__in=["finished", "failed", "cancelled"], state=State.STARTED)
    by_hand = Q(state=State.FAILED, why__in=[RUN_FAILED, RUN_CANCELLED])
    again = Q(made__state=Run.State.FINISHED) & by_hand
    another = Removal.objects.standing().filter(run=OuterRef("run"))
    return over | (again & Q(~Exists(another)))


@transaction.atomic
def _give_up(removal_id: int, why: str) -> None:
    rows = Removal.objects.select_for_update(of=("self",)).filter(_is_over())
    removal = rows.select_related("run__version").filter(pk=removal_id).first()
    if removal is not None:
        _end(removal, why)


def _settle(removal_id: int) -> None:
    free = Removal.objects.select_for_update(skip_locked=True, of=("self",))
    joined = free.select_related("run__version", "made__version", "asked_by")
    removal = joined.filter(_is_over(), pk=removal_id).first()
    if removal is None:
        return
    run = removal.made
    assert run is not None  # as the query says
    if run.state == Run.State.CANCELLED:
        _end(removal, RUN_CANCELLED, run=run.pk)
    elif run.state == Run.State.FAILED:
        _end(removal, RUN_FAILED, run=run.pk, why=run.problem)
    else:
        _compare(removal, run)


def _compare(removal: Removal, run: Run) -> None:
    """Waits for a person only where it is worse beyond chance."""
    found = compared(run, removal.run)
    removal.comparison, removal.state = found, State.COMPARED
    removal.why, removal.facts, removal.ended_at = "", {}, None
    removal.save(update_fields=["comparison", "state", "why", "facts", "ended_at"])
    if not found["is_worse"]:
        removals.settle(removal, by=removal.asked_by)


# ---- what a worker does ----------------------------------------------------------------


def carry_out(removal_id: int) -> Run | None:
    """Freeze, and ask for the run; or say why not. Returns a run to ring for."""
    removal = _claim(removal_id)
    if removal is None:
        return None
    try:
        is_one = not removal.run.is_merged  # of several parts each is looked at
        if is_one and removal.after and removal.after.state == State.FAILED:
            _fail(removal, NO_PARENT)
            return None
        version_id = _version(removal)
        return _start(removal, version_id) if version_id else None
    except NotConfirmed:
        _again(removal)  # more was taken back since: freeze once more, without that
    except NotAllowed:
        _fail(removal, NOT_THEIRS)
    except CurationError as refusal:
        _fail(removal, str(refusal))
    except Exception:
        logger.exception("%s failed", removal)
        _fail(removal, OUR_FAULT)
    return None


def _claim(removal_id: int) -> Removal | None:
    nobody = Q(lease_until=None) | Q(lease_until__lt=now())
    ready = Removal.objects.ready().filter(nobody, pk=removal_id)
    won = Removal.objects.filter(nobody, pk__in=ready, state=State.DUE).update(
        attempt=F("attempt") + 1, lease_until=now() + LEASE
    )
    if not won:
        return None
    rows = Removal.objects.select_related(
        "run__version", "run__base", "run__parent", "after__made", "asked_by"
    )
    return rows.get(pk=removal_id)


def _version(removal: Removal) -> int | None:
    """The version to train on; None where it is not there yet, or will not be."""
    own = removal.run.version_id
    if removal.run.is_merged:
        return own  # of its parts' texts, which come first
    if not handoff.recalled(own).texts:
        return own  # only a model that it goes on from saw any
    if removal.freezing_id is None:
        with transaction.atomic():
            asked = renewal.ask_without_those_gone(own, by=removal.asked_by)
            if not _mine(removal).update(freezing=asked):
                raise IntegrityError("another worker goes on with it")
        if asked is None:  # a version is being made; once that is over, it is our turn
            _mine(removal).update(lease_until=None)
            return None
        removal.freezing_id = asked
    made = renewal.carry_on(removal.freezing_id)
    if not made.is_over:
        _mine(removal).update(lease_until=None)
        return None
    if made.version_id is None:
        _fail(removal, NO_VERSION, why=made.why)
    return made.version_id


@transaction.atomic
def _start(removal: Removal, version_id: int) -> Run | None:
    """Ask for the run in the transaction that keeps it."""
    if not _mine(removal).select_for_update().exists():
        return None
    old = removal.run
    run = _merged(removal) if old.is_merged else _trained(removal, version_id)
    _mine(removal).update(state=State.STARTED, made=run, lease_until=None)
    return run


def _trained(removal: Removal, version_id: int) -> Run:
    old = removal.run
    return runs.request(
        version_id=version_id,
        base_id=old.base_id,
        config=old.config,
        by=removal.asked_by,
        method=old.method,
        parent_id=_parent(removal),
        replaces=old,
    )


def _merged(removal: Removal) -> Run:
    """The same merge of what stands for its parts by now, which must be clean."""
    old = removal.run
    parts = [_instead_of(part) for part in old.made_of()]
    learned = ancestry.versions(part.pk for part in parts)
    if handoff.recalled_in_all({one for those in learned.values() for one in those}).texts:
        raise TrainerError(NO_PART)
    numbers = [part.pk for part in parts]
    return merges.request(
        run_ids=numbers, way=old.config["way"], by=removal.asked_by, replaces=old
    )


def _instead_of(run: Run) -> Run:
    """Also what was trained again and waits for a person, as it came out worse."""
    waits = Removal.objects.filter(run=run, state=State.COMPARED).select_related("made")
    there = waits.first()
    return saw.in_its_place(there.made if there and there.made else run)


def _parent(removal: Removal) -> int | None:
    """What was trained again in the place of the model that the old one goes on from."""
    if removal.after is not None:
        assert removal.after.made is not None, "its turn comes once that is trained"
        return saw.in_its_place(removal.after.made).pk
    parent = removal.run.parent
    return saw.in_its_place(parent).pk if parent else None


def _again(removal: Removal) -> None:
    _mine(removal).update(freezing=None, lease_until=None)


def _mine(removal: Removal) -> Any:
    return Removal.objects.filter(pk=removal.pk, state=State.DUE, attempt=removal.attempt)


# ---- the ends --------------------------------------------------------------------------


@transaction.atomic
def _fail(removal: Removal, why: str, /, **facts: Any) -> None:
    if _mine(removal).select_for_update().exists():
        _end(removal, why, **facts)


def _end(removal: Removal, why: str, /, **facts: Any) -> None:
    """Of a locked row."""
    removal.state, removal.why, removal.facts = State.FAILED, why, facts
    removal.ended_at, removal.lease_until = now(), None
    removal.save(update_fields=["state", "why", "facts", "ended_at", "lease_until"])
    dataset = removal.run.dataset_id
    history.record("removal.failed", removal, by=None, dataset_id=dataset)
