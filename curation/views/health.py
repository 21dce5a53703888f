"""Is it well? For a site admin: what was looked at, and what to do."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from curation import access
from curation.health import vitals
from curation.health.vitals import State
from curation.http import SignedInRequest


@never_cache
@require_safe
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    found = vitals.look()
    context = {
        "well": [vital for vital in found if vital.state is State.WELL],
        "wrong": [vital for vital in found if vital.state is State.NOT_WELL],
        "doubtful": [vital for vital in found if vital.state is State.LOOK],
        "looked_at": now(),
    }
    return render(request, "curation/health.html", context)
