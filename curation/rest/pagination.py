"""Pages that stay where they are while rows are added."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class CarefulCursor(CursorPagination):
    """A cursor that somebody made up is a 404: DRF alone hands it to the database."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError, ValidationError, DataError) as error:
            raise NotFound(self.invalid_cursor_message) from error


class InOrder(CarefulCursor):
    """By `order` of what was asked: one of the view's `orders`, the first of them else."""

    def get_ordering(self, request: Request, queryset: Any, view: APIView) -> Any:
        orders: dict[str, tuple[str, ...]] = getattr(view, "orders")  # noqa: B009
        asked = getattr(view, "asked", {}).get("order") or next(iter(orders))
        return orders[asked]


class NewestFirst(CarefulCursor):
    ordering = ("-frozen_at", "-id")


class LastFirst(CarefulCursor):
    """What came last comes first."""

    ordering = "-pk"


class InTurn(CarefulCursor):
    """As it came."""

    ordering = "pk"
