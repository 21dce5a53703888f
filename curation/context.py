"""What every page may show, fetched only where it does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest

from curation.models import Contributor, Notification
from curation.prepared import Prepared

COUNTED_AT_MOST = 100  # the bell says 99+
_unread = Prepared(
    lambda person: (
        Notification.objects.filter(person=person)
        .unread()
        .order_by()
        .values_list("pk")[:COUNTED_AT_MOST]
    )
)


def news(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`unread_notifications`, for the bell. One query where a template asks, else none."""

    @cache
    def unread_notifications() -> int:
        person = getattr(request, "user", None)
        if not isinstance(person, Contributor):
            return 0
        return len(_unread(person=person.pk))

    return {"unread_notifications": unread_notifications}
