"""How far people agree in a dataset, in numbers: by question, by part, by person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from curation.aggregate.reliability import Level
from curation.aggregate.shared import (
    Beside,
    Group,
    Question,
    by_group,
    by_person,
    on_question,
)
from curation.judged import QUESTIONS, Judged
from curation.models import Contributor, Dataset, Label, Message, Settlement

Status = Settlement.Status
NONE = 0  # the number of what has no category, or no guideline
VERDICT = "verdict"


class Asked(NamedTuple):
    """A question that somebody shares with somebody."""

    key: str
    name: str
    question: Question


class Part(NamedTuple):
    """A row of a table: a category by its slug, a guideline by its number, or none."""

    key: str | int | None
    name: str
    group: Group


class Person(NamedTuple):
    person: Contributor
    beside: Beside


def questions(judged: Judged) -> list[Asked]:
    """Verdict and labels."""
    found = [Asked(VERDICT, _("Verdict"), on_question(judged.verdicts))]
    for name in QUESTIONS:
        level: Level = "ordinal" if name in Label.SCALES else "nominal"
        answers = on_question(judged.labels.get(name, []), level)
        found.append(Asked(name, str(Label.Name(name).label), answers))
    return [one for one in found if one.question.items]


def categories(dataset: Dataset, judged: Judged) -> list[Part]:
    """By name. Causes a query."""
    rows = dataset.categories.values_list("pk", "slug", "name")
    names: dict[int, tuple[str | None, str]] = {pk: (slug, name) for pk, slug, name in rows}
    found = by_group(judged.verdicts, judged.ballots, lambda one: one.category or NONE)
    parts = _parts(found, {**names, NONE: (None, _("No category"))})
    return sorted(parts, key=lambda part: part.name.casefold())


def guidelines(dataset: Dataset, judged: Judged) -> list[Part]:
    """The newest first. Causes a query."""
    numbers = dict(dataset.guidelines.order_by("-number").values_list("pk", "number"))
    names: dict[int, tuple[int | None, str]] = {
        pk: (n, _("Version %(number)d") % {"number": n}) for pk, n in numbers.items()
    }
    names[NONE] = (None, _("No guideline"))
    found = by_group(judged.verdicts, judged.ballots, lambda one: one.guideline or NONE)
    return _parts(found, names)


def people(judged: Judged) -> list[Person]:
    """By name. Causes a query."""
    found = by_person(judged.verdicts, judged.ballots)
    there = Contributor.objects.in_bulk(list(found))
    rows = [Person(there[pk], row) for pk, row in found.items() if pk in there]
    return sorted(rows, key=lambda row: (str(row.person).casefold(), row.person.pk))


def counts(dataset: Dataset) -> list[tuple[Status, int]]:
    """Of settled prompts, by status."""
    counted = standing(dataset).order_by().values_list("status").annotate(Count("pk"))
    found = dict(counted)
    return [(one, found.get(one.value, 0)) for one in Status]


def standing(dataset: Dataset) -> QuerySet[Settlement]:
    """Of prompts that are there: what was held or taken back is asked of nobody."""
    return Settlement.objects.filter(
        prompt__conversation__dataset=dataset,
        prompt__state=Message.State.ACCEPTED,
        ballots__gt=0,
    )


def _parts(found: Mapping[int, Group], names: Mapping[int, tuple[Any, str]]) -> list[Part]:
    return [Part(*names[pk], found[pk]) for pk in names if pk in found]
