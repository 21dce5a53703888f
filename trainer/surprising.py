"""What the curators' page of surprising examples tells, in words."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation import handoff
from trainer import judges
from trainer.models import ExampleScore, Run, SecondThought, Surprise

Kind = Surprise.Kind
ON_A_PAGE = 20

WHAT_IT_MEANS = {
    Kind.DISLIKED: gettext_lazy(
        "People accepted these answers, and the reward model gives them far less than the "
        "others. One of the two is wrong: the answer, or the model."
    ),
    Kind.UNLEARNED: gettext_lazy(
        "After training, these answers surprise the model far more than others of their "
        "category and length. They may answer another prompt, stand in the wrong category, "
        "or be no language at all; or there are too few of their kind."
    ),
    Kind.PROMPTLESS: gettext_lazy(
        "Told the prompt, the model finds these answers no likelier than when it is told "
        "nothing. They may be answers to something else."
    ),
    Kind.KNOWN: gettext_lazy(
        "The base model would have said nearly the same by itself. Nothing is wrong with "
        "that, but little is learned from it."
    ),
}


class Tab(NamedTuple):
    kind: Kind
    waiting: int


class Item(NamedTuple):
    uid: UUID
    message: Any  # with its prompt as `parent`
    reasons: list[str]


class Found(NamedTuple):
    tabs: list[Tab]
    page: Page[Surprise]
    items: list[Item]


def scored_run(dataset: Any) -> Run | None:
    """The newest model of the dataset that has scored. A query."""
    scored = ExampleScore.objects.filter(run=OuterRef("pk"))
    theirs = Run.objects.filter(Exists(scored), version__dataset=dataset)
    return theirs.select_related("version__dataset", "base").order_by("-pk").first()


def found(dataset: Any, run: Run, kind: str, number: str | None) -> Found:
    """What nobody has looked at yet, of texts that stand."""
    open_ones = Surprise.objects.filter(run=run).exclude(
        message_uid__in=SecondThought.objects.values("message_uid")
    )
    every = list(open_ones.order_by("kind", "-strength", "message_uid"))
    there = handoff.accepted(dataset, {one.message_uid for one in every})
    by_kind: dict[str, list[Surprise]] = defaultdict(list)
    by_text: dict[UUID, list[str]] = defaultdict(list)
    for one in every:
        if one.message_uid in there:
            by_kind[one.kind].append(one)
            by_text[one.message_uid].append(said(one.kind, one.facts))
    page = Paginator(by_kind[kind], ON_A_PAGE).get_page(number)
    texts = handoff.texts(dataset, [one.message_uid for one in page])
    items = [
        Item(uid, texts[uid], by_text[uid])
        for uid in (one.message_uid for one in page)
        if uid in texts
    ]
    return Found([Tab(Kind(k), len(by_kind[k])) for k in Kind.values], page, items)


def judge_of(run: Run) -> judges.Judge | None:
    """Whose marks stand behind the answers that are disliked. A few queries."""
    marked = ExampleScore.objects.filter(run=run, rewarded_by__isnull=False)
    newest = marked.order_by("-rewarded_by").values_list("rewarded_by", flat=True).first()
    judge = judges.finished(newest)
    return judges.told(judge) if judge else None


def said(kind: str, facts: dict[str, float]) -> str:
    """The numbers behind a surprise as a sentence or two."""
    told = {name: number_format(round(value, 2), 2) for name, value in facts.items()}
    if kind == Kind.DISLIKED:
        words = _(
            "The reward model gives it %(reward)s; %(usual)s is usual in its category."
        )
        if "gap" in facts and facts["gap"] > 0:
            words += " " + _("Other accepted answers to its prompt get more.")
        return words % told
    if kind == Kind.UNLEARNED:
        for name in ("fall", "usual_fall"):
            told[name] = f"{100 * facts[name]:.0f}"
        return (
            _(
                "After training its loss is %(tuned)s a token; %(usual)s is usual for its "
                "category and length. Training took off %(fall)s %%, of others "
                "%(usual_fall)s %%."
            )
            % told
        )
    if kind == Kind.PROMPTLESS:
        return (
            _("The loss is %(with)s a token with the prompt, and %(without)s without it.")
            % told
        )
    return _("Its loss was %(base)s a token before any training.") % told
