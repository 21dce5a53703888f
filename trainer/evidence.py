"""What speaks for a model: held-out change, categories, people's ballots, taken-back texts.

As plain numbers, so that a decision can keep what it was decided on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from curation import handoff
from trainer import duels, fits, gains, looks
from trainer.models import Champion, Promotion, PromotionPolicy, Run, Score

Evidence = dict[str, Any]
MAX_LENGTH = 512  # as recipes/evaluate.py, where a run says nothing


class Condition(NamedTuple):
    """One of a policy, as words for people."""

    name: str
    said: str
    is_met: bool


def policy_of(dataset_id: int) -> PromotionPolicy:
    """As set, or the usual one. A query."""
    found = PromotionPolicy.objects.filter(dataset=dataset_id).first()
    return found or PromotionPolicy(dataset_id=dataset_id)


def champion_of(dataset_id: int, method: str) -> Champion | None:
    listed = Champion.objects.for_listing()
    return listed.filter(dataset=dataset_id, method=method).first()


def gathered(
    run: Run, against: Run | None, policy: PromotionPolicy, *, is_watched: bool = False
) -> Evidence:
    """Of a finished run against another one of its method, or against its own base.

    `is_watched` where it is asked again and again as ballots come in: see looks.py.
    """
    pairs, left_out = _pairs(run, against)
    whole, parts = fits.changes(pairs, confidence=policy.confidence)
    return {
        "against": {
            "run": against.pk if against else None,
            "name": against.signature if against else run.base.slug,
        },
        "confidence": policy.confidence,
        "held_out": whole and _change(whole),
        "categories": [{"category": name, **_change(one)} for name, one in parts.items()],
        "left_out": left_out,
        "gives_marks": run.gives_marks,
        "forgotten": forgotten(run),
        "people": _people(run, against, policy, is_watched=is_watched),
        "recalled": handoff.recalled_in_all(run.learned_from()).texts,
    }


def forgotten(run: Run) -> dict[str, Any] | None:
    """By how many nats a token the loss on its base's own tasks has risen, and from where
    to where; None where nobody measured that. Older evaluations know no interval. A query,
    where the evaluation was not loaded."""
    evaluation = getattr(run, "evaluation", None)
    known = evaluation.report.get("retention") if evaluation else None
    if not known or not known.get("after"):
        return None
    before, after = known["before"]["loss"], known["after"]["loss"]
    plain = {"value": after - before, "low": None, "high": None}
    return {"before": before, "after": after, **(known.get("change") or plain)}


def _change(one: gains.Change) -> dict[str, Any]:
    return {**one._asdict(), "is_worse": one.is_worse, "is_better": one.is_better}


def _pairs(run: Run, against: Run | None) -> tuple[list[gains.Pair], int]:
    """What held-out answers cost both, in nats for the whole answer: so models with other
    tokens can be compared too. Of a champion only answers that both were measured on, and
    how many of them are left out, as one of the two read less of them."""
    mine = list(Score.objects.filter(run=run).order_by("message_uid"))
    groups = handoff.conversations_of(one.message_uid for one in mine)

    def pair(one: Score, before: float) -> gains.Pair:
        cost, group = one.loss_after * one.tokens, groups.get(one.message_uid)
        return gains.Pair(one.category, before, cost, group)

    if against is None:
        return [pair(one, one.loss_before * one.tokens) for one in mine], 0
    theirs = {one.message_uid: one for one in Score.objects.filter(run=against)}
    both = [(one, theirs[one.message_uid]) for one in mine if one.message_uid in theirs]
    pairs = [
        pair(one, other.loss_after * other.tokens)
        for one, other in both
        if _read_alike(one, run, other, against)
    ]
    return pairs, len(both) - len(pairs)


def _read_alike(one: Score, run: Run, other: Score, against: Run) -> bool:
    """Whether both read the same words of it: who reads less of an answer pays less."""
    if run.base_id == against.base_id:
        return one.tokens == other.tokens
    return not (_may_be_cut(one, run) or _may_be_cut(other, against))


def _may_be_cut(one: Score, run: Run) -> bool:
    """A cut answer fills three quarters of what its run reads, or more: recipes/chat.py."""
    longest: int = run.config.get("max_length", MAX_LENGTH)
    return one.tokens >= longest - longest // 4


def _people(
    run: Run, against: Run | None, policy: PromotionPolicy, *, is_watched: bool
) -> dict[str, Any] | None:
    other = against.signature if against else run.base.slug
    met = handoff.comparisons(run.dataset_id, between=[run.signature, other])
    rows, confidence = met.comparisons, policy.confidence
    if is_watched:
        rows, confidence = _looked_at(rows, policy)
    found = fits.duel(rows, run.signature, other, confidence=confidence)
    if found is None:
        return None
    return as_facts(found, met.none_good) | {"confidence": confidence}


def _looked_at(
    rows: list[handoff.Comparison], policy: PromotionPolicy
) -> tuple[list[handoff.Comparison], float]:
    look = looks.newest(
        len({one.ballot for one in rows}),
        least=policy.least_ballots,
        confidence=policy.confidence,
    )
    if look is None:
        return rows, policy.confidence
    return looks.within(rows, look), look.confidence


def for_contributors(evidence: Evidence, policy: PromotionPolicy) -> Evidence:
    """Without what the first few ballots say: who still votes is not to be swayed by it."""
    people = evidence["people"]
    if people is None or people["ballots"] >= policy.least_ballots:
        return evidence
    return evidence | {"people": None, "is_early": True}


def told(decision: Promotion, policy: PromotionPolicy, *, is_curated: bool) -> Evidence:
    """What a decision stood on, for one who curates the dataset, or does not."""
    found: Evidence = decision.evidence
    return found if is_curated else for_contributors(found, policy)


def as_facts(found: duels.Duel, none_good: int) -> dict[str, Any]:
    return {
        "raw": list(found.raw),
        "corrected": list(found.corrected),
        "covariates": {name: list(rate) for name, rate in found.covariates.items()},
        "ballots": found.ballots,
        "people": found.people,
        "prompts": found.prompts,
        "ties": found.ties,
        "none_good": none_good,
        "by_category": [
            {"category": name, "rate": list(rate), "comparisons": count}
            for name, (rate, count) in found.by_category.items()
        ],
    }


def case_for(run: Run, *, is_curated: bool) -> dict[str, Any]:
    """All that speaks for and against promoting it, beside the champion of its method."""
    policy = policy_of(run.dataset_id)
    champion = champion_of(run.dataset_id, run.method)
    is_champion = champion is not None and champion.run_id == run.pk
    against = champion.run if champion and not is_champion else None
    found = gathered(run, against, policy)
    if not is_curated:
        found = for_contributors(found, policy)
    all_of_them = conditions(found, policy)
    return {
        "policy": policy,
        "champion": champion,
        "is_champion": is_champion,
        "evidence": found,
        "conditions": all_of_them,
        "unmet": unmet(all_of_them),
    }


# ---- what a policy asks for ------------------------------------------------------------
def conditions(evidence: Evidence, policy: PromotionPolicy) -> list[Condition]:
    """Each with whether it is met."""
    found = [_gain(evidence, policy)]
    if policy.holds_categories:
        found.append(_categories(evidence))
    if policy.most_forgotten is not None and not evidence["gives_marks"]:
        found.append(_forgetting(evidence, policy.most_forgotten))
    if policy.asks_people:
        found.append(_preferred(evidence, policy))
    return found


def unmet(all_of_them: Iterable[Condition]) -> list[Condition]:
    return [one for one in all_of_them if not one.is_met]


def _gain(evidence: Evidence, policy: PromotionPolicy) -> Condition:
    change, name = evidence["held_out"], evidence["against"]["name"]
    if change is None or change["high"] is None:
        said = _("There are too few held-out examples that both were measured on.")
        return Condition("gain", said, is_met=False)
    facts = {
        "percent": f"{change['percent']:+.1f}",
        "low": f"{change['low']:+.1f}",
        "high": f"{change['high']:+.1f}",
        "wanted": f"{-policy.least_gain:g}",
        "name": name,
    }
    said = _(
        "Held-out loss against %(name)s: %(percent)s%% (%(low)s to %(high)s). All of the "
        "interval must lie below %(wanted)s%%."
    )
    return Condition("gain", said % facts, is_met=change["high"] < -policy.least_gain)


def _categories(evidence: Evidence) -> Condition:
    worse = [one["category"] for one in evidence["categories"] if one["is_worse"]]
    if not worse:
        said = _("No category is worse beyond its interval.")
        return Condition("categories", said, is_met=True)
    named = ", ".join(name or _("No category") for name in worse)
    said = _("Worse beyond their intervals: %(categories)s.") % {"categories": named}
    return Condition("categories", said, is_met=False)


def _forgetting(evidence: Evidence, most: float) -> Condition:
    found = evidence.get("forgotten")
    if found is None:
        said = _("What it has forgotten of its base’s own tasks was not measured.")
        return Condition("forgetting", said, is_met=False)
    end = found["value"] if found["high"] is None else found["high"]
    facts = {"change": f"{found['value']:+.3f}", "end": f"{end:+.3f}", "most": f"{most:g}"}
    said = _(
        "Loss on the base’s own tasks: %(change)s nats a token, at most %(end)s. It must "
        "not be above %(most)s."
    )
    return Condition("forgetting", said % facts, is_met=end <= most)


def _preferred(evidence: Evidence, policy: PromotionPolicy) -> Condition:
    people, name = evidence["people"], evidence["against"]["name"]
    if evidence.get("is_early"):
        said = _("What people prefer is told once there are %(wanted)d ballots.")
        return Condition("people", said % {"wanted": policy.least_ballots}, is_met=False)
    if people is None:
        said = _("Nobody has compared its answers with those of %(name)s yet.")
        return Condition("people", said % {"name": name}, is_met=False)
    share, low, high = people["corrected"]
    facts = {
        "share": f"{100 * share:.0f}", "low": f"{100 * low:.0f}",
        "high": f"{100 * high:.0f}", "ballots": people["ballots"],
        "wanted": policy.least_ballots, "name": name,
    }  # fmt: skip
    said = _(
        "People prefer it to %(name)s in %(share)s%% (%(low)s to %(high)s) of %(ballots)d "
        "blind ballots. All of the interval must lie above 50%%, with %(wanted)d ballots "
        "at least."
    )
    is_met = low > 0.5 and people["ballots"] >= policy.least_ballots
    return Condition("people", said % facts, is_met=is_met)
