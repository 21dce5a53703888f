"""What speaks for a model: held-out change, categories, people's ballots, taken-back texts.

As plain numbers, so that a decision can keep what it was decided on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from curation import handoff
from trainer import duels, gains
from trainer.models import Champion, PromotionPolicy, Run, Score

Evidence = dict[str, Any]


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


def gathered(run: Run, against: Run | None, policy: PromotionPolicy) -> Evidence:
    """Of a finished run against another one of its method, or against its own base."""
    pairs = _pairs(run, against)
    whole = gains.change(pairs, confidence=policy.confidence)
    parts = gains.by_category(pairs, confidence=policy.confidence)
    return {
        "against": {
            "run": against.pk if against else None,
            "name": against.signature if against else run.base.slug,
        },
        "confidence": policy.confidence,
        "held_out": whole and _change(whole),
        "categories": [{"category": name, **_change(one)} for name, one in parts.items()],
        "people": _people(run, against, policy.confidence),
        "recalled": handoff.recalled(run.version_id).texts,
    }


def _change(one: gains.Change) -> dict[str, Any]:
    return {**one._asdict(), "is_worse": one.is_worse, "is_better": one.is_better}


def _pairs(run: Run, against: Run | None) -> list[gains.Pair]:
    """What held-out answers cost both, in nats for the whole answer: so models with other
    tokens can be compared too. Of a champion only answers that both were measured on."""
    mine = Score.objects.filter(run=run).order_by("message_uid")
    if against is None:
        return [
            gains.Pair(
                one.category, one.loss_before * one.tokens, one.loss_after * one.tokens
            )
            for one in mine
        ]
    theirs = {
        one.message_uid: one.loss_after * one.tokens
        for one in Score.objects.filter(run=against)
    }
    return [
        gains.Pair(one.category, theirs[one.message_uid], one.loss_after * one.tokens)
        for one in mine
        if one.message_uid in theirs
    ]


def _people(run: Run, against: Run | None, confidence: float) -> dict[str, Any] | None:
    other = against.signature if against else run.base.slug
    met = handoff.comparisons(run.dataset_id, between=[run.signature, other])
    found = duels.duel(met.comparisons, run.signature, other, confidence=confidence)
    return as_facts(found, met.none_good) if found else None


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


# ---- what a policy asks for ------------------------------------------------------------
def conditions(evidence: Evidence, policy: PromotionPolicy) -> list[Condition]:
    """Each with whether it is met."""
    found = [_gain(evidence, policy)]
    if policy.holds_categories:
        found.append(_categories(evidence))
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


def _preferred(evidence: Evidence, policy: PromotionPolicy) -> Condition:
    people, name = evidence["people"], evidence["against"]["name"]
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
