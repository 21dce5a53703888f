"""What every page may show, fetched only where it does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest

from curation.models import Contributor, Notification

COUNTED_AT_MOST = 100  # the bell says 99+


def news(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`unread_notifications`, for the bell. One query where a template asks, else none."""

    @cache
    def unread_notifications() -> int:
        person = getattr(request, "user", None)
        if not isinstance(person, Contributor):
            return 0
        mine = Notification.objects.filter(person=person).unread()
        return mine[:COUNTED_AT_MOST].count()

    return {"unread_notifications": unread_notifications}
