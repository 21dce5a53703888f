"""Pages of what the trainer has, each in an order that rows do not change."""

from __future__ import annotations

from curation.rest.pagination import CarefulCursor


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


class NewestMade(CarefulCursor):
    ordering = ("-created_at", "-id")


class NewestAsked(CarefulCursor):
    ordering = ("-asked_at", "-id")


class NewestDecided(CarefulCursor):
    ordering = ("-decided_at", "-id")
