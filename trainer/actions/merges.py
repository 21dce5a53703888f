"""Adapters of several runs made into one: asked for as a run of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import handoff
from curation.errors import NotAllowed
from curation.handoff import Person
from trainer import methods, saw
from trainer.actions import fence
from trainer.errors import TrainerError
from trainer.models import Part, Run, ancestry
from trainer.recipes.settings import LORA

AT_MOST = 8  # ranks add up
# What a merged model takes over from its first part: how it reads and answers.
TAKEN_OVER = ("max_length", "max_new_tokens", "samples", "temperature", "seed", "threads")


@transaction.atomic
def request(
    *, run_ids: Sequence[int], way: str, by: Person, replaces: Run | None = None
) -> Run:
    """Queue a merge of these runs' adapters; it is measured on the first one's version.

    The caller rings: `ring(tasks.execute_run, run_id=run.pk)`.
    """
    numbers = list(dict.fromkeys(run_ids))
    if not 2 <= len(numbers) <= AT_MOST:
        said = _("Choose one to %(most)d runs to merge with.")
        raise TrainerError(said % {"most": AT_MOST - 1})
    there = Run.objects.select_related("version", "base").in_bulk(numbers)
    if len(there) < len(numbers):
        raise TrainerError(_("Only finished runs have an adapter to merge."))
    parts = [there[number] for number in numbers]
    require_parts(parts, by=by)
    first = parts[0]
    config = {name: first.config[name] for name in TAKEN_OVER if name in first.config}
    config |= {"way": way, "offer": False, "tuning": LORA}
    methods.MERGE.config.parse(config)
    run = Run.objects.create(
        method=Run.Method.MERGE,
        version=first.version,
        version_digest=first.version_digest,
        base=first.base,
        config=config,
        replaces=replaces,
        of=1,
        requested_by=by,
        rung_at=now(),
    )
    Part.objects.bulk_create(
        Part(whole=run, run=part, position=place) for place, part in enumerate(parts)
    )
    told = {"base": first.base.slug, "method": run.method, "parts": numbers}
    fence.record("requested", run, by=by, **told)
    return run


def require_parts(parts: Sequence[Run], *, by: Person) -> None:
    """Adapters on one base that answer, each of a run that the person may take away."""
    learned = ancestry.versions(part.pk for part in parts)
    for part in parts:
        _require(part, learned[part.pk], by)
        if part.base_id != parts[0].base_id:
            raise TrainerError(_("The runs stand on different base models."))
    for version_id in {version for those in learned.values() for version in those}:
        handoff.require_whole(version_id)


def _require(part: Run, learned: Iterable[int], by: Person) -> None:
    said = {"number": part.pk}
    if not all(handoff.may_train(by, version_id) for version_id in learned):
        raise NotAllowed(
            _("Only a curator of its dataset can take run %(number)d away.") % said
        )
    if part.state != Run.State.FINISHED:
        raise TrainerError(_("Only finished runs have an adapter to merge."))
    if part.retired_at is not None:
        raise TrainerError(saw.why_retired(part))
    if part.gives_marks:
        raise TrainerError(
            _("Run %(number)d is a reward model and writes nothing; it cannot be merged.")
            % said
        )
    if part.is_whole:
        raise TrainerError(
            _("Run %(number)d tuned all weights, so it has no adapter to merge.") % said
        )
