"""What came of a run: evaluation, scores, answers. Written once, behind the fence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from curation import intake
from curation.intake import Offered, Proposal
from trainer import methods
from trainer.actions import fence, runs
from trainer.models import Evaluation, Run, Sample, Score
from trainer.recipes.intervals import means


@transaction.atomic
def keep_evaluation(
    run: Run, losses: dict[str, Any] | None, manifest: dict[str, Any] | None = None
) -> None:
    """Take in what `recipes/evaluate.py` wrote, and what the training itself says of
    held-out pairs. Twice is once."""
    fence.hold(run)
    found = {**_losses(losses), **_preferences(manifest or {})}
    if retention := (losses or {}).get("retention"):
        known = {side: retention[side] for side in ("before", "after")}
        known["change"] = forgetting(retention.get("examples", []))
        found["report"] = {**found.get("report", {}), "retention": known}
    Evaluation.objects.update_or_create(run=run, defaults=found)
    Score.objects.bulk_create(
        (
            Score(
                run=run,
                message_uid=UUID(example["id"]),
                category=example["category"],
                tokens=example["tokens"],
                loss_before=example["loss_before"],
                loss_after=example["loss_after"],
            )
            for example in (losses or {"examples": []})["examples"]
        ),
        batch_size=2000,
        ignore_conflicts=True,
    )


def forgetting(examples: list[dict[str, Any]]) -> dict[str, float | None]:
    """By how many nats a token the loss on the base's own records rose, with an interval
    of 95 % over them."""
    there = [one for one in examples if one["loss_after"] is not None]
    weights = [one["tokens"] for one in there]
    risen = [one["tokens"] * (one["loss_after"] - one["loss_before"]) for one in there]
    found = means([one["id"] for one in there], {"change": (risen, weights)})
    return found["change"]._asdict() if found else {}


def _losses(losses: dict[str, Any] | None) -> dict[str, Any]:
    if losses is None:
        return {}
    before, after = losses["before"], losses["after"]
    return {
        "loss_before": before["loss"],
        "loss_after": after["loss"],
        "tokens": after["tokens"],
        "examples": after["examples"],
        "by_category": _by_category(before["by_category"], after["by_category"]),
    }


def _preferences(manifest: dict[str, Any]) -> dict[str, Any]:
    """Empty where it compared no pairs."""
    found = manifest.get("preferences")
    if not found:
        return {}
    names = ("pairs", "accuracy", "accuracy_low", "accuracy_high", "margin")
    report = {name: found[name] for name in found if name not in names}
    if likelihood := manifest.get("likelihood"):
        report["likelihood"] = likelihood
    looks = manifest.get("held_out") or [{}]
    shifts = ("chosen_shift", "rejected_shift")
    report |= {name: looks[-1][name] for name in shifts if name in looks[-1]}
    return {**{name: found[name] for name in names}, "report": report}


def _by_category(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "category": name,
            "examples": after[name]["examples"],
            "tokens": after[name]["tokens"],
            "loss_before": before[name]["loss"],
            "loss_after": after[name]["loss"],
        }
        for name in sorted(after)
    ]


@transaction.atomic
def keep_samples(run: Run, samples: Sequence[Sample]) -> None:
    fence.hold(run)
    Sample.objects.bulk_create(samples, ignore_conflicts=True)


@transaction.atomic
def offer(run: Run) -> Offered | None:
    """Give the tuned answers back to people, once; None where that is done already.

    With the fence held: either all are offered and the row says so, or none is.
    """
    fence.hold(run)
    if Run.objects.filter(pk=run.pk, offered__isnull=False).exists():
        return None
    proposals = [
        Proposal(prompt=str(sample.prompt_uid), text=sample.tuned_text)
        for sample in run.samples.all()
    ]
    offered = intake.offer_replies(
        proposals, generator=run.signature, source=f"run-{run.pk}"
    )
    runs.report(run, [], offered=offered.taken, offer_refused=offered.refused)
    fence.record("offered", run, by=None, taken=offered.taken)
    return offered


@transaction.atomic
def finish(run: Run) -> bool:
    """End the run well and tell the record of its model, both or neither.

    False where the run is somebody else's by now.
    """
    is_ours = runs.finish(run)
    if is_ours:
        tell(Run.objects.for_listing().get(pk=run.pk))
    return is_ours


def tell(run: Run) -> bool:
    """Tell the record of a finished run's model; False where that is done already."""
    evaluation = getattr(run, "evaluation", None)
    before = run.ancestors()
    return intake.report_model(
        version_id=run.version_id,
        source=f"run-{run.pk}",
        name=run.signature,
        generator=run.signature,
        address=reverse("trainer:run", args=[run.pk]),
        owner_id=run.requested_by_id,
        examples=run.version.train_count,
        held_out_loss_before=evaluation.loss_before if evaluation else None,
        held_out_loss=evaluation.loss_after if evaluation else None,
        method=named_in_english(run),
        held_out_accuracy=evaluation.accuracy if evaluation else None,
        with_ballots=any(methods.of(one).table for one in (run, *before)),
        also={one.version_id: one.version.train_count for one in before},
        finished_at=run.finished_at,
    )


def tell_finished() -> int:
    """The same for all that finished before anybody was told. Return how many were new."""
    finished = Run.objects.for_listing().filter(state=Run.State.FINISHED)
    return sum(tell(run) for run in finished.order_by("pk"))


def named_in_english(run: Run) -> str:
    with override("en"):
        return str(run.get_method_display())
