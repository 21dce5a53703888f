"""Who did how much that counts, for people of the same datasets."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from curation import access, standings
from curation.http import SignedInRequest
from curation.standings import Period


@require_GET
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    datasets = list(access.datasets(request).order_by("title", "pk"))
    asked, slug = request.GET.get("period", ""), request.GET.get("dataset", "")
    period = Period(asked) if asked in Period.values else Period.WEEK
    chosen = [dataset for dataset in datasets if dataset.slug == slug]
    board = standings.shown(chosen or datasets, period, request.user)
    context = {
        "datasets": datasets,
        "dataset": chosen[0] if chosen else None,
        "periods": Period,
        "period": period,
        **board._asdict(),
        "rules": {
            "text": standings.PER_TEXT,
            "conversation": standings.PER_CONVERSATION,
            "review": standings.PER_REVIEW,
            "ballot": standings.PER_BALLOT,
        },
    }
    return render(request, "curation/leaderboard.html", context)
