"""Evaluation sets: added and taken away by site admins, asked by the worker."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from curation.clean import decontamination
from curation.clean.decontamination import Index
from curation.errors import CurationError, NotAllowed
from curation.models import Contributor, EvaluationSet, Event

logger = logging.getLogger(__name__)


class Known(NamedTuple):
    """All sets of the installation as one."""

    runs: Index
    version: int  # another one whenever a set comes or goes


@transaction.atomic
def add(*, name: str, texts: Sequence[str], by: Contributor) -> EvaluationSet:
    """Keep a set's runs of words. All texts of all datasets are looked at again."""
    _require_admin(by)
    if EvaluationSet.objects.filter(name=name).exists():
        raise CurationError(_("There is a set with this name already."))
    index = decontamination.index_of(texts)
    if not (len(index.flags) or len(index.wholes)):
        raise CurationError(
            _("Its items are too short to be found again: they have fewer than four words.")
        )
    packed = decontamination.packed(index)
    fingerprint = sha256(packed).hexdigest()
    if there := EvaluationSet.objects.filter(fingerprint=fingerprint).first():
        raise CurationError(
            _("The same items are there already, as “%(name)s”.") % {"name": there}
        )
    try:
        with transaction.atomic():
            made = EvaluationSet.objects.create(
                name=name,
                items=index.items,
                packed=packed,
                fingerprint=fingerprint,
                added_by=by,
            )
    except IntegrityError as error:  # somebody was faster
        raise CurationError(_("There is a set with this name already.")) from error
    Event.objects.record(
        "evaluation_set.added", made, by=by, name=name, fingerprint=fingerprint
    )
    return made


@transaction.atomic
def remove(*, set_id: int, by: Contributor) -> None:
    """Forget a set. What was found by it goes when the texts are looked at again."""
    _require_admin(by)
    there = EvaluationSet.objects.select_for_update().filter(pk=set_id).first()
    if there is None:
        raise CurationError(_("Somebody has removed this set already."))
    name, fingerprint = there.name, there.fingerprint
    Event.objects.record(
        "evaluation_set.removed", there, by=by, name=name, fingerprint=fingerprint
    )
    there.delete()


def known() -> Known | None:
    """The sets of now, or None where there are none. One query, unless they changed."""
    there = EvaluationSet.objects.order_by("fingerprint")
    fingerprints = tuple(there.values_list("fingerprint", flat=True))
    return _known(fingerprints) if fingerprints else None


@lru_cache(maxsize=1)
def _known(fingerprints: tuple[str, ...]) -> Known:
    """Kept in the memory of the process: 16 bytes a word."""
    there = EvaluationSet.objects.filter(fingerprint__in=fingerprints)
    indexes = []
    for one in there.order_by("fingerprint"):
        try:
            indexes.append(decontamination.unpacked(bytes(one.packed)))
        except ValueError as problem:
            logger.warning("The evaluation set %s is not looked for: %s", one, problem)
    spelled = "\n".join([str(decontamination.VERSION), *fingerprints])
    version = int(sha256(spelled.encode()).hexdigest()[:8], 16)
    return Known(decontamination.united(indexes), version)


def _require_admin(by: Contributor) -> None:
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can change evaluation sets."))
