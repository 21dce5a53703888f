"""How a dataset is doing: progress, pace, agreement, rejections, coverage, what waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_safe

from curation import access
from curation.actions.rights import Sight
from curation.dashboards import coverage, figures, judging, offered, pace, scope, standing
from curation.dashboards.scope import Scope
from curation.formats.sheet import sheet
from curation.http import SignedInRequest
from curation.views import page

RANGES = {
    "7": gettext_lazy("7 days"),
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "all": gettext_lazy("All time"),
}


@require_GET
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset(request, slug)
    seen = page.sight(request, dataset)
    chosen = scope.asked(request.GET, dataset)
    cells = coverage.cells_of(chosen)
    chosen = replace(chosen, is_large=coverage.is_large(cells))
    return page.of_dataset(
        request,
        dataset,
        "dashboard.html",
        is_curator=seen == Sight.ALL,
        is_viewer=seen == Sight.SETTLED,
        chosen=chosen,
        ranges=RANGES.items(),
        languages=coverage.languages(chosen, cells),
        has_texts=bool(cells),
        progress=standing.progress(chosen),
        waiting=standing.waiting(chosen, is_curator=seen == Sight.ALL),
        **_done(chosen),
        **(_agreed(chosen) if seen != Sight.WORK else {}),
        **_coverage(chosen, cells),
    )


def _done(chosen: Scope) -> dict[str, Any]:
    reviews = pace.reviews_by_day(chosen)
    done = pace.throughput(chosen, reviews)
    accepted = pace.acceptance(chosen)
    reasons = judging.reasons(reviews)
    return {
        "throughput": done.table,
        "is_by_week": done.is_by_week,
        "totals": done.table.totals,
        "throughput_figure": figures.of_throughput(done.table),
        "acceptance": accepted,
        "acceptance_figure": figures.of_acceptance(accepted),
        "reasons": reasons,
        "reasons_figure": figures.of_reasons(reasons),
    }


def _agreed(chosen: Scope) -> dict[str, Any]:
    agreed = judging.agreement(chosen)
    return {"agreement": agreed, "agreement_figure": figures.of_agreement(agreed)}


def _coverage(chosen: Scope, cells: list[coverage.Cell]) -> dict[str, Any]:
    by_category = coverage.by_category(chosen, cells)
    return {
        "coverage": by_category,
        "coverage_figure": figures.of_coverage(by_category, _("Texts by category")),
        "by_language": coverage.by_language(chosen, cells),
        "topics": coverage.by_topic(chosen, cells),
    }


@require_safe
@login_required
def download(request: SignedInRequest, slug: str, name: str) -> HttpResponse:
    """One of its tables as a file, of what the address asks for."""
    dataset = access.dataset(request, slug)
    seen = page.sight(request, dataset)
    chosen = scope.asked(request.GET, dataset)
    table = offered.table(name, chosen, seen)
    if table is None:
        raise Http404
    names = [str(column.name) for column in table.columns]
    text = sheet(names, [row.cells for row in table.rows])
    named = f"{dataset.slug}-{table.key}-{localdate().isoformat()}.csv"
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{named}"'},
    )
