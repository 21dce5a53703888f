"""What is new for a person."""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET, require_POST

from curation import news
from curation.actions import notices
from curation.http import SignedInRequest, unless_same
from curation.models import Notification
from curation.views import page


@require_GET
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """Unread first, then by day. The page marks as read what it has shown."""
    is_unread = ExpressionWrapper(Q(read_at=None), output_field=BooleanField())
    mine = Notification.objects.filter(person=request.user).for_listing()
    rows = mine.annotate(is_unread=is_unread).order_by("-is_unread", "-created_at", "-pk")
    shown = page.paged(request, rows, size=50)
    items = [news.item(notice) for notice in shown]
    groups = groupby(items, key=_group)
    context = {
        "page": shown,
        "groups": [(*group, list(those)) for group, those in groups],
        "unread": [item.notice.pk for item in items if item.notice.read_at is None],
        "today": localdate(),
    }
    return render(request, "curation/notifications.html", context)


@require_POST
@login_required
def read(request: SignedInRequest) -> HttpResponse:
    """All, or those that are named. A script that says what was shown gets the new bell."""
    named = [int(pk) for pk in request.POST.getlist("notice") if _is_number(pk)]
    notices.read(by=request.user, only=named if "notice" in request.POST else None)
    if request.htmx:
        return render(request, "_bell.html")
    return redirect("curation:notifications")


@require_GET
@login_required
def bell(request: SignedInRequest) -> HttpResponse:
    """The bell with its count, alone: it asks for itself again."""
    return unless_same(request, render(request, "_bell.html"))


def _group(item: news.Item) -> tuple[bool, object]:
    return item.notice.read_at is None, localdate(item.notice.created_at)


def _is_number(text: str) -> bool:
    """Of a size that the database has, too."""
    return text.isdecimal() and len(text) < 19
