"""What differs between two versions of a dataset."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from curation import access
from curation.comparison import Comparison, Difference, compare
from curation.forms.versions import recipe_changes
from curation.http import SignedInRequest
from curation.models import Conversation
from curation.views import page

NUMBERS_SHOWN = 12


@require_GET
@login_required
def show(request: SignedInRequest, slug: str, number: int, before: int) -> HttpResponse:
    new = access.version(request, slug, number)
    old = access.version(request, slug, before)
    found = compare(old, new)
    others = new.dataset.versions.exclude(pk=new.pk).order_by("-number")
    return page.of_dataset(
        request,
        new.dataset,
        "version_diff.html",
        old=old,
        new=new,
        parts=_parts(found),
        is_same=not found.counts,
        recipe_changes=recipe_changes(old.recipe, new.recipe),
        others=list(others.values_list("number", flat=True)[:NUMBERS_SHOWN]),
    )


def _parts(found: Comparison) -> list[dict[str, Any]]:
    titles = {"added": _("Added"), "removed": _("Removed"), "changed": _("Changed")}
    parts = []
    for kind, title in titles.items():
        rows = [_row(one, found) for one in found.shown if one.kind == kind]
        count = found.counts[kind]
        parts.append(
            {"title": title, "count": count, "rows": rows, "more": count - len(rows)}
        )
    return parts


def _row(one: Difference, found: Comparison) -> dict[str, Any]:
    return {
        "reply": found.replies[one.reply],
        "reasons": found.reasons[one.reply],
        "facts": [
            (_named(name), _shown(name, was), _shown(name, now))
            for name, (was, now) in one.facts.items()
            if name in ("split", "category", "rank")
        ],
    }


def _named(name: str) -> str:
    names = {"split": _("Side"), "category": _("Category"), "rank": _("Place")}
    return names[name]


def _shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if name == "split":
        return str(Conversation.Split(value).label)
    return str(value + 1) if name == "rank" else str(value)
