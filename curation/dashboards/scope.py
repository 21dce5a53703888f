"""Which part of a dataset its dashboard shows, and what the database counts of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import md5
from typing import Any

from django.db import connection
from django.http import QueryDict
from django.utils.timezone import get_current_timezone_name, localdate, localtime, now

from curation.keeping import keep, recall
from curation.models import Category, Dataset

RANGES = {"7": 7, "30": 30, "90": 90, "all": None}
USUAL = "30"
LARGE = 10_000  # messages; counting these anew for each page is soon done
KEPT_SECONDS = 600
LANGUAGE = re.compile(r"[\w-]{1,12}")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Scope:
    dataset: Dataset
    categories: tuple[Category, ...] = ()  # all that there are, by name
    range: str = USUAL
    category: Category | None = None
    language: str = ""
    is_large: bool = False  # what was counted is kept for a while

    @property
    def begin(self) -> date | None:
        """The first of its days, by this server's clock; None where there is no bound."""
        days = RANGES[self.range]
        return None if days is None else localdate() - timedelta(days=days - 1)

    @property
    def entries(self) -> str:
        """SQL: an entry belongs to it."""
        there = ["entry.dataset_id = %(dataset)s"]
        if self.category is not None:
            there.append("entry.category_id = %(category)s")
        if self.language:
            there.append("entry.language = %(language)s")
        return " AND ".join(there)

    def since(self, column: str) -> str:
        """SQL: it happened in this time."""
        return f"{column} >= %(begin)s" if self.begin else f"{column} IS NOT NULL"

    def rows(self, sql: str) -> Rows:
        """One query; of a large dataset often none, as it was asked not long ago."""
        begin = self.begin and localtime(now()).replace(
            year=self.begin.year, month=self.begin.month, day=self.begin.day,
            hour=0, minute=0, second=0, microsecond=0,
        )  # fmt: skip
        params: dict[str, Any] = {
            "dataset": self.dataset.pk,
            "category": None if self.category is None else self.category.pk,
            "language": self.language,
            "begin": begin,
            "zone": get_current_timezone_name(),
        }
        digest = md5(repr((sql, params)).encode(), usedforsecurity=False).hexdigest()
        key = f"dashboard:{digest}"
        found: Rows | None = recall(key) if self.is_large else None
        if found is None:
            with connection.cursor() as cursor:
                cursor.execute(sql, params)
                found = cursor.fetchall()
            if self.is_large:
                keep(key, found, KEPT_SECONDS)
        return found


def asked(params: QueryDict, dataset: Dataset) -> Scope:
    """What the address asks for; what nobody could have chosen is left out. One query."""
    categories = tuple(dataset.categories.order_by("name", "pk"))
    chosen = params.get("category", "")
    language = params.get("language", "")
    wanted = params.get("days", "")
    return Scope(
        dataset=dataset,
        categories=categories,
        range=wanted if wanted in RANGES else USUAL,
        category=next((one for one in categories if one.slug == chosen), None),
        language=language if LANGUAGE.fullmatch(language) else "",
    )


def day(column: str) -> str:
    """SQL: on which day it was, by this server's clock."""
    return f"({column} AT TIME ZONE %(zone)s)::date"


def week(column: str) -> str:
    """SQL: the Monday before it."""
    return f"date_trunc('week', {column} AT TIME ZONE %(zone)s)::date"


def monday(of: date) -> date:
    return of - timedelta(days=of.weekday())


def weeks(begin: date, end: date) -> Sequence[date]:
    """The Monday of each week from one day to another."""
    first = monday(begin)
    return [first + timedelta(weeks=n) for n in range((end - first).days // 7 + 1)]
