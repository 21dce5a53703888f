"""Who becomes the champion of a dataset: on evidence that is kept with the decision."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from curation import handoff, history, intake
from curation.errors import NotAllowed
from curation.handoff import Person
from trainer import evidence, saw
from trainer.errors import TrainerError
from trainer.models import Champion, Promotion, PromotionPolicy, Run

What = Promotion.What


class Unmet(TrainerError):
    """The policy's conditions are not met; the text says which."""

    def __init__(self, conditions: list[evidence.Condition]) -> None:
        self.conditions = conditions
        said = " ".join(one.said for one in conditions)
        super().__init__(_("It cannot be promoted yet. %(why)s") % {"why": said})


@transaction.atomic
def promote(*, run_id: int, by: Person | None, reason: str = "") -> Promotion:
    """Make a finished run the champion of its dataset and method.

    Refused with what is unmet of the policy. A curator overrides that with a reason, which
    is kept; the policy itself (`by` nobody) never does. The policy's row is the lock.
    """
    policy = _locked(_dataset_of(run_id))
    run = _finished(run_id)  # read under the lock, or it may be retired since
    if by is not None:
        _require(by, run.dataset_id)
    if by is None and _was_taken_down(run):
        said = _("Run %(number)d was rolled back: a curator decides on it, not the policy.")
        raise TrainerError(said % {"number": run.pk})
    there = _champion(run)
    if there is not None and there.run_id == run.pk:
        raise TrainerError(
            _("Run %(number)d is the champion already.") % {"number": run.pk}
        )
    against = there.run if there else None
    found = evidence.gathered(run, against, policy, is_watched=by is None)
    lacking = evidence.unmet(evidence.conditions(found, policy))
    reason = reason.strip()
    if lacking and (by is None or not reason):
        raise Unmet(lacking)
    return _promoted(run, there, found, policy, lacking=lacking, by=by, reason=reason)


@transaction.atomic
def replace(*, run_id: int, old_id: int, by: Person, reason: str) -> Promotion | None:
    """Where the old run is the champion, let the new one be it: the same, trained without
    texts that were taken back.

    That is owed to who took them back, so no condition of the policy stands in its way;
    what is unmet is kept with the decision. None where another is the champion.
    """
    policy = _locked(_dataset_of(run_id))
    run = _finished(run_id)
    there = _champion(run)
    if there is None or there.run_id != old_id:
        return None
    found = evidence.gathered(run, there.run, policy)
    lacking = evidence.unmet(evidence.conditions(found, policy))
    return _promoted(run, there, found, policy, lacking=lacking, by=by, reason=reason)


def _promoted(
    run: Run,
    there: Champion | None,
    found: evidence.Evidence,
    policy: PromotionPolicy,
    *,
    lacking: list[evidence.Condition],
    by: Person | None,
    reason: str,
) -> Promotion:
    against = there.run if there else None
    decision = Promotion.objects.create(
        what=What.PROMOTED,
        dataset_id=run.dataset_id,
        method=run.method,
        run=run,
        replaced=against,
        before=there.decision if there else None,
        by=by,
        reason=reason,
        unmet=[one.name for one in lacking],
        evidence=found,
    )
    _stand(decision, there)
    intake.tell_of_promotion(
        source=f"run-{run.pk}", over=against.signature if against else "",
        percent=_percent(found, policy),
    )  # fmt: skip
    return decision


@transaction.atomic
def roll_back(*, dataset_id: int, method: str, run_id: int, by: Person) -> Promotion:
    """Put the champion before this one back in its place; a decision as well.

    `run_id` is the champion that the person saw: if it is another by now, nothing happens.
    """
    _require(by, dataset_id)
    _locked(dataset_id)
    there = (
        Champion.objects.select_related("decision__before__run__base", "run__base")
        .filter(dataset=dataset_id, method=method)
        .first()
    )
    if there is None or there.run_id != run_id:
        raise TrainerError(_("There is another champion by now. Look again."))
    earlier = there.decision.before
    if earlier is None:
        raise TrainerError(_("There was no champion before this one."))
    if earlier.run.retired_at is not None:
        raise TrainerError(saw.why_retired(earlier.run))
    decision = Promotion.objects.create(
        what=What.ROLLED_BACK,
        dataset_id=dataset_id,
        method=method,
        run=earlier.run,
        replaced=there.run,
        before=earlier.before,
        by=by,
        evidence=evidence.gathered(earlier.run, there.run, evidence.policy_of(dataset_id)),
    )
    _stand(decision, there)
    return decision


@transaction.atomic
def set_policy(*, dataset_id: int, by: Person, **rules: Any) -> PromotionPolicy:
    _require(by, dataset_id)
    policy = _locked(dataset_id)
    for name, value in rules.items():
        setattr(policy, name, value)
    policy.full_clean(exclude=["dataset"])
    policy.save()
    history.record("promotion_policy.set", policy, by=by, dataset_id=dataset_id, **rules)
    return policy


def consider(run: Run) -> Promotion | None:
    """Promote by policy, where it is automatic and all is met. Several queries."""
    if not evidence.policy_of(run.dataset_id).is_automatic:
        return None
    try:
        return promote(run_id=run.pk, by=None)
    except TrainerError:
        return None


def consider_all() -> int:
    """The newest challenger of each champion whose policy is automatic."""
    promoted = 0
    for policy in PromotionPolicy.objects.filter(is_automatic=True):
        for method in Run.Method.values:
            finished = Run.objects.usable().filter(
                version__dataset=policy.dataset_id, method=method
            )
            newest = finished.select_related("version").newest_first().first()
            promoted += newest is not None and consider(newest) is not None
    return promoted


# ---- the only writers of a champion ----------------------------------------------------
def _stand(decision: Promotion, there: Champion | None) -> None:
    if there is None:
        Champion.objects.create(
            dataset_id=decision.dataset_id,
            method=decision.method,
            run=decision.run,
            decision=decision,
        )
    else:
        there.run, there.decision = decision.run, decision
        there.save(update_fields=["run", "decision"])
    history.record(
        f"run.{decision.what}",
        decision.run,
        by=decision.by,
        dataset_id=decision.dataset_id,
        replaced=decision.replaced_id,
        unmet=decision.unmet,
    )


def _locked(dataset_id: int) -> PromotionPolicy:
    """Held to the end of the transaction: of two decisions one comes first."""
    PromotionPolicy.objects.get_or_create(dataset_id=dataset_id)
    return PromotionPolicy.objects.select_for_update().get(dataset_id=dataset_id)


def _champion(run: Run) -> Champion | None:
    joined = Champion.objects.select_related("run__base", "run__version", "decision")
    return joined.filter(dataset=run.dataset_id, method=run.method).first()


def _was_taken_down(run: Run) -> bool:
    """Whether the last decision that named it put another in its place, backwards."""
    named = Promotion.objects.filter(Q(run=run) | Q(replaced=run)).order_by("-pk").first()
    if named is None or named.what != What.ROLLED_BACK:
        return False
    return named.replaced_id == run.pk


def _dataset_of(run_id: int) -> int:
    return Run.objects.values_list("version__dataset", flat=True).get(pk=run_id)


def _finished(run_id: int) -> Run:
    run = Run.objects.select_related("version", "base").get(pk=run_id)
    if run.state != Run.State.FINISHED:
        raise TrainerError(_("Run %(number)d has no model yet.") % {"number": run.pk})
    if run.retired_at is not None:
        raise TrainerError(saw.why_retired(run))
    return run


def _require(person: Person, dataset_id: int) -> None:
    if not handoff.may_curate(person, dataset_id):
        raise NotAllowed(_("Only curators of the dataset decide on its champion."))


def _percent(found: evidence.Evidence, policy: PromotionPolicy) -> int | None:
    """In how many of a hundred comparisons people prefer it, for its contributors."""
    people = evidence.for_contributors(found, policy)["people"]
    return round(100 * people["corrected"][0]) if people else None
