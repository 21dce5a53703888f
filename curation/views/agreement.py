"""How far people agree in a dataset, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from curation import access, agreed, bars
from curation.actions.rights import Sight
from curation.bars import Bar
from curation.http import SignedInRequest
from curation.judged import Judged, judged_in
from curation.models import Dataset, Settlement
from curation.views import page

Status = Settlement.Status
BINS = 10
PROMPTS_AT_MOST = 5_000  # the newest, for the distribution of Kendall's W


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
        statuses=agreed.counts(dataset),
        chosen=chosen,
        page=page.paged(request, _settled(dataset, chosen), size=20)
        if is_curator
        else None,
        **_measured(dataset, judged_in(dataset), names_people=is_curator),
        **_spread(dataset),
    )


def _measured(dataset: Dataset, judged: Judged, *, names_people: bool) -> dict[str, Any]:
    questions = [(one.name, one.question) for one in agreed.questions(judged)]
    categories = agreed.categories(dataset, judged)
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
        "guidelines": agreed.guidelines(dataset, judged),
        "people": agreed.people(judged) if names_people else [],
    }


def _settled(dataset: Dataset, status: Status) -> QuerySet[Settlement]:
    newest = agreed.standing(dataset).filter(status=status).order_by("-settled_at", "-pk")
    return newest.select_related("prompt")


def _spread(dataset: Dataset) -> dict[str, Any]:
    """How many prompts have which Kendall's W, in tenths."""
    there = agreed.standing(dataset).filter(ballots__gt=1)
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
