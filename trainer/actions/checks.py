"""What is looked at before a run is queued, so that no GPU is taken in vain."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation import handoff
from curation.errors import NotAllowed
from curation.handoff import FrozenVersion, Person
from trainer import lengths, saw
from trainer.config import RunConfig
from trainer.errors import TrainerError
from trainer.methods import Method
from trainer.models import BaseModel, Run

CUT_AT_MOST = 0.9  # of the examples: a model that sees none whole learns to break off


def require_data(how: Method, version: FrozenVersion) -> None:
    """Refuse a version without rows for the method, on either side of the split."""
    if not version.train_count:
        raise TrainerError(
            _("%(version)s has no example to train on. Freeze another one.")
            % {"version": version.title}
        )
    if not version.held_out_count:
        raise TrainerError(
            _(
                "%(version)s keeps no example for the evaluation. "
                "Review more conversations, then freeze again."
            )
            % {"version": version.title}
        )
    if how.table:
        _require_rows(how, version)


def _require_rows(how: Method, version: FrozenVersion) -> None:
    said = {"version": version.title}
    if how.table not in version.tables:
        raise TrainerError(
            _(
                "%(version)s was frozen without preferences. Freeze one that has them: "
                "choose “Preference pairs from rankings” when you freeze."
            )
            % said
        )
    counts = handoff.row_counts(version.id)
    if counts is None:
        return  # not counted yet: the recipe refuses
    if not counts.get(f"{how.table}_train"):
        raise TrainerError(
            _(
                "%(version)s has no preference to learn from. Let people rank more "
                "answers, then freeze again."
            )
            % said
        )
    if not counts.get(f"{how.table}_held_out"):
        raise TrainerError(
            _(
                "%(version)s keeps no preference for the evaluation. Let people rank "
                "answers in more conversations, then freeze again."
            )
            % said
        )


def require_parent(parent_id: int, *, base: BaseModel, by: Person) -> Run:
    """The fine-tuned run to go on from, which the person may train; or say why not."""
    seen = Run.objects.of_versions(handoff.version_ids_for(by))
    parent = seen.select_related("base").filter(pk=parent_id).first()
    if parent is None:
        raise TrainerError(_("There is no run %(number)d.") % {"number": parent_id})
    said = {"number": parent.pk, "base": parent.base}
    if not handoff.may_train(by, parent.version_id):
        raise NotAllowed(
            _("Only a curator of its dataset can go on from run %(number)d.") % said
        )
    if parent.gives_marks:
        raise TrainerError(
            _("Run %(number)d is a reward model and writes nothing. Go on from another.")
            % said
        )
    if parent.method != Run.Method.SFT or parent.state != Run.State.FINISHED:
        raise TrainerError(
            _("Run %(number)d is no finished fine-tuning. Go on from one that is.") % said
        )
    if parent.retired_at is not None:
        raise TrainerError(saw.why_retired(parent))
    if parent.is_whole:
        raise TrainerError(
            _(
                "Run %(number)d tuned all weights, so there is no adapter to go on from. "
                "Add its folder as a base model, and start from that."
            )
            % said
        )
    if parent.base_id != base.pk:
        raise TrainerError(
            _("Run %(number)d stands on %(base)s. Choose that base, or another run.") % said
        )
    for version_id in parent.learned_from():
        handoff.require_whole(version_id)
    return parent


def require_lengths(
    how: Method, version: FrozenVersion, base: BaseModel, settings: RunConfig
) -> None:
    """Refuse what the base cannot read, or what would cut nearly every example.

    Where this machine has no copy of the base, or cannot count tokens, the recipe does it.
    """
    limit = lengths.limit_of(base)
    if limit is not None and settings.max_length > limit:
        raise TrainerError(
            _("%(base)s reads %(limit)d tokens at most. Lower “Tokens per example”.")
            % {"base": base, "limit": limit}
        )
    found = lengths.measure(base, version, how.table)
    if found is None:
        return
    cut = found.over(settings.max_length)
    if cut <= CUT_AT_MOST * len(found.tokens):
        return
    said = ngettext(
        "With %(most)d tokens per example, %(cut)d of the %(count)d example looked at "
        "would be cut. Half of them have up to %(middle)d.",
        "With %(most)d tokens per example, %(cut)d of the %(count)d examples looked at "
        "would be cut. Half of them have up to %(middle)d.",
        len(found.tokens),
    )
    raise TrainerError(
        said
        % {
            "most": settings.max_length,
            "cut": cut,
            "count": len(found.tokens),
            "middle": found.middle,
        }
    )
