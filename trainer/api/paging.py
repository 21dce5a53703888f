"""Pages of what the trainer has, each in an order that rows do not change."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.views import APIView

from curation.rest.pagination import CarefulCursor


class AsAsked(CarefulCursor):
    """By `ordering` of the address, whose values the view's own list allows."""

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> tuple[str, ...]:
        ordering: str = view.asked["ordering"]  # type: ignore[attr-defined]
        return ordering, "-id" if ordering.startswith("-") else "id"


class ByName(CarefulCursor):
    ordering = ("name", "id")


class ByStep(CarefulCursor):
    """A curve has thousands of points, each a few bytes."""

    page_size = 1000
    ordering = ("step", "id")


class ByPosition(CarefulCursor):
    ordering = "position"


class NewestAdded(CarefulCursor):
    ordering = ("-added_at", "-id")


class NewestDecided(CarefulCursor):
    ordering = ("-decided_at", "-id")


class FirstMade(CarefulCursor):
    ordering = "id"
