"""What a model's evaluation page tells: losses by category, and beside another model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from curation import handoff
from trainer.habits import Habits, habits
from trainer.models import Champion, Run, Score
from trainer.recipes.intervals import Column, Interval, means

ALL = ""


class Line(NamedTuple):
    """Of one category, or of all: losses before and after, and the difference of pairs."""

    category: str
    is_all: bool
    examples: int
    before: Interval
    after: Interval
    change: Interval

    @property
    def is_worse(self) -> bool:
        """Beyond chance."""
        return self.change.is_above

    @property
    def is_better(self) -> bool:
        return self.change.is_below


class Answer(NamedTuple):
    """A held-out answer with two losses of it."""

    uid: UUID
    category: str
    tokens: int
    before: float
    after: float


def own(run: Run) -> list[Line]:
    """The base beside the tuned model. Two queries."""
    return lines([
        Answer(s.message_uid, s.category, s.tokens, s.loss_before, s.loss_after)
        for s in Score.objects.filter(run=run)
    ])  # fmt: skip


def beside(run: Run, other: Run) -> list[Line]:
    """The other model beside this one, on the held-out answers that both were asked.

    Nothing where they stand on different bases: those count their tokens differently.
    """
    if other.base_id != run.base_id:
        return []
    theirs = dict(Score.objects.filter(run=other).values_list("message_uid", "loss_after"))
    return lines([
        Answer(s.message_uid, s.category, s.tokens, theirs[s.message_uid], s.loss_after)
        for s in Score.objects.filter(run=run)
        if s.message_uid in theirs
    ])  # fmt: skip


def lines(answers: Sequence[Answer]) -> list[Line]:
    """All together first, then by category."""
    if not answers:
        return []
    talks = handoff.conversations_of(answer.uid for answer in answers)
    # An answer that is gone stands for itself.
    groups = [talks.get(answer.uid, -place) for place, answer in enumerate(answers, 1)]
    categories = sorted({answer.category for answer in answers})
    chosen: list[tuple[str | None, list[bool]]] = [(None, [True] * len(answers))]
    chosen += [(name, [a.category == name for a in answers]) for name in categories]
    columns: dict[str, Column] = {}
    for place, (_, among) in enumerate(chosen):
        weights = [a.tokens * is_in for a, is_in in zip(answers, among, strict=True)]
        for what in ("before", "after", "change"):
            sums = [w * _value(a, what) for w, a in zip(weights, answers, strict=True)]
            columns[f"{what} {place}"] = (sums, weights)
    found = means(groups, columns)
    return [
        Line(name or "", name is None, sum(among), found[f"before {place}"],
             found[f"after {place}"], found[f"change {place}"])
        for place, (name, among) in enumerate(chosen)
    ]  # fmt: skip


def _value(answer: Answer, what: str) -> float:
    if what == "change":
        return answer.after - answer.before
    return answer.before if what == "before" else answer.after


def opponent(run: Run) -> tuple[Run, str] | None:
    """Whom to compare with, and what it is: the champion, its parent, or the one before.
    No retired one."""
    dataset = run.version.dataset_id
    held = Champion.objects.filter(dataset=dataset, method=run.method)
    champion = held.exclude(run=run).select_related("run").first()
    if champion:
        return champion.run, "champion"
    if run.parent is not None and run.parent.retired_at is None:
        return run.parent, "parent"
    usable = Run.objects.usable().filter(method=run.method, version__dataset=dataset)
    before = usable.filter(pk__lt=run.pk).order_by("-pk").first()
    return (before, "before") if before else None


class Told(NamedTuple):
    who: str
    habits: Habits


def answers_of(run: Run) -> list[Told]:
    """How its answers to held-out prompts read, the base's, and those of people."""
    samples = list(run.samples.all())
    prompts = [sample.prompt_uid for sample in samples]
    told = {
        "tuned": habits(
            [one.tuned_text for one in samples], [one.tuned_ended for one in samples]
        ),
        "base": habits(
            [one.base_text for one in samples], [one.base_ended for one in samples]
        ),
        "people": habits(_texts(run, prompts)),
    }
    return [Told(who, found) for who, found in told.items() if found]


def _texts(run: Run, prompts: Iterable[UUID]) -> list[str]:
    return handoff.accepted_answers(run.version.dataset_id, prompts)
