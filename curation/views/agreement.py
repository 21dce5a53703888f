"""How far people agree in a dataset, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from curation import access, bars
from curation.actions.rights import Sight
from curation.aggregate.reliability import Level
from curation.aggregate.shared import Group, Question, by_group, by_person, on_question
from curation.bars import Bar
from curation.http import SignedInRequest
from curation.judged import QUESTIONS, Judged, judged_in
from curation.models import Contributor, Dataset, Label, Message, Settlement
from curation.views import page

Status = Settlement.Status
BINS = 10
PROMPTS_AT_MOST = 5_000  # the newest, for the distribution of Kendall's W
NONE = 0  # the number of what has no category, or no guideline


class Part(NamedTuple):
    """A row of a table: a category, a version of the guideline."""

    name: str
    group: Group


@require_GET
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    """In numbers, with the prompts of one ?status= of their rankings."""
    dataset, seen = access.dataset_to_measure(request, slug)
    is_curator = seen == Sight.ALL
    asked = request.GET.get("status", "")
    chosen = Status(asked) if asked in Status.values else Status.CONTESTED
    return page.of_dataset(
        request,
        dataset,
        "agreement.html",
        is_curator=is_curator,
        is_viewer=not is_curator,
        statuses=_counts(dataset),
        chosen=chosen,
        page=page.paged(request, _settled(dataset, chosen), size=20)
        if is_curator
        else None,
        **_measured(dataset, judged_in(dataset), names_people=is_curator),
        **_spread(dataset),
    )


def _measured(dataset: Dataset, judged: Judged, *, names_people: bool) -> dict[str, Any]:
    questions = _questions(judged)
    categories = _by_category(dataset, judged)
    by_category = [(part.name, part.group.alpha) for part in categories]
    return {
        "is_all": judged.is_all,
        "questions": questions,
        "chart_of_questions": _alphas(
            [(name, row.alpha) for name, row in questions], _("Agreement by question"), "q"
        ),
        "categories": categories,
        "chart_of_categories": _alphas(
            by_category, _("Agreement on verdicts by category"), "c"
        ),
        "guidelines": _by_guideline(dataset, judged),
        "people": _by_person(judged) if names_people else [],
    }


def _questions(judged: Judged) -> list[tuple[str, Question]]:
    """Verdict and labels, those that somebody shares with somebody."""
    found = [(_("Verdict"), on_question(judged.verdicts))]
    for name in QUESTIONS:
        level: Level = "ordinal" if name in Label.SCALES else "nominal"
        answers = on_question(judged.labels.get(name, []), level)
        found.append((str(Label.Name(name).label), answers))
    return [(name, row) for name, row in found if row.items]


def _by_category(dataset: Dataset, judged: Judged) -> list[Part]:
    names = dict(dataset.categories.values_list("pk", "name"))
    found = by_group(judged.verdicts, judged.ballots, lambda one: one.category or NONE)
    parts = _parts(found, {**names, NONE: _("No category")})
    return sorted(parts, key=lambda part: part.name.casefold())


def _by_guideline(dataset: Dataset, judged: Judged) -> list[Part]:
    """The newest first."""
    numbers = dict(dataset.guidelines.order_by("-number").values_list("pk", "number"))
    names = {pk: _("Version %(number)d") % {"number": n} for pk, n in numbers.items()}
    names[NONE] = _("No guideline")
    found = by_group(judged.verdicts, judged.ballots, lambda one: one.guideline or NONE)
    return _parts(found, names)


def _parts(found: Mapping[int, Group], names: Mapping[int, str]) -> list[Part]:
    return [Part(name, found[pk]) for pk, name in names.items() if pk in found]


def _by_person(judged: Judged) -> list[Any]:
    found = by_person(judged.verdicts, judged.ballots)
    people = Contributor.objects.in_bulk(list(found))
    rows = [(people[pk], row) for pk, row in found.items() if pk in people]
    return sorted(rows, key=lambda row: (str(row[0]).casefold(), row[0].pk))


def _counts(dataset: Dataset) -> list[tuple[Status, int]]:
    counted = _standing(dataset).order_by().values_list("status").annotate(Count("pk"))
    counts = dict(counted)
    return [(one, counts.get(one.value, 0)) for one in Status]


def _settled(dataset: Dataset, status: Status) -> QuerySet[Settlement]:
    newest = _standing(dataset).filter(status=status).order_by("-settled_at", "-pk")
    return newest.select_related("prompt")


def _standing(dataset: Dataset) -> QuerySet[Settlement]:
    """Of prompts that are there: what was held or taken back is asked of nobody."""
    return Settlement.objects.filter(
        prompt__conversation__dataset=dataset,
        prompt__state=Message.State.ACCEPTED,
        ballots__gt=0,
    )


def _spread(dataset: Dataset) -> dict[str, Any]:
    """How many prompts have which Kendall's W, in tenths."""
    there = _standing(dataset).filter(ballots__gt=1)
    newest = there.order_by("-settled_at").values_list("kendall_w", flat=True)
    known = (w for w in newest[:PROMPTS_AT_MOST] if w is not None)
    counts = Counter(min(int(w * BINS), BINS - 1) for w in known)
    tenths = [
        Bar(f"{_decimal(at / BINS)}–{_decimal((at + 1) / BINS)}", counts[at])
        for at in range(BINS)
    ]
    said = "; ".join(f"{bar.name}: {bar.value:.0f}" for bar in tenths if bar.value)
    title = _("Prompts by Kendall’s W")
    # On a phone there is room for where each begins.
    drawn = tuple(Bar(_decimal(at / BINS), counts[at]) for at in range(BINS))
    chart = bars.upright(drawn, title=title, description=said, key="w")
    return {"spread": tenths, "chart_of_spread": chart}


def _alphas(rows: Iterable[tuple[str, float | None]], title: str, key: str) -> SafeString:
    drawn = tuple(Bar(name, round(alpha, 3)) for name, alpha in rows if alpha is not None)
    said = "; ".join(f"{bar.name}: {_decimal(bar.value, 2)}" for bar in drawn)
    return bars.lying(drawn, title=title, description=said, key=key)


def _decimal(number: float, digits: int = 1) -> str:
    return str(number_format(number, digits))
