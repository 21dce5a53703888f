"""What somebody looks for in a dataset, and the messages that are so.

A search is what stands in the address of the browse page. It knows who asks: what a person
may not read, or may not know before they have judged, is neither found nor counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.postgres.search import (
    CombinedSearchQuery,
    SearchConfig,
    SearchQuery,
    SearchQueryField,
)
from django.db.models import QuerySet, Value
from django.db.models.functions import Cast
from django.http import QueryDict

from curation.models import Category, Dataset, Entry, Guideline, Message, Words

PAGE_SIZE = 25
CHOSEN_AT_MOST = 20
WORDS_AT_MOST = 200
SORTS = ("newest", "oldest", "relevance")
State = Message.State
# See access.may_read: what was taken back, only its author still sees, on another page.
READABLE = [State.SUBMITTED, State.ACCEPTED, State.REJECTED]
# Facet to the column of Entry.
COLUMNS = {
    "state": "state",
    "category": "category_id",
    "language": "language",
    "role": "role",
    "check": "checks",
    "guideline": "guideline_id",
    "origin": "origin",
    "agreement": "status",
    "author": "author_id",
}
# Names, who is a model, and how others ranked would tell reviewers what to think.
FOR_CURATORS = {"origin", "agreement", "author"}
NAMED = ("state", "language", "role", "check", "origin", "agreement")  # as in the column
PLAIN = re.compile(r"[\w.-]{1,50}")
# The last word of a search, where it stands by itself and may be the beginning of one.
BEGINNING = re.compile(r"(?:^|\s)(\w{4,})$")


@dataclass(frozen=True)
class Search:
    dataset: Dataset
    is_curator: bool
    words: str = ""
    # Facet to what stands in the address, and to what that is in the column.
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    sort: str = "newest"
    after: int | None = None

    @property
    def is_empty(self) -> bool:
        return not self.words and not self.chosen

    @property
    def facets(self) -> list[str]:
        """What this person may filter by."""
        return [f for f in COLUMNS if self.is_curator or f not in FOR_CURATORS]

    @property
    def key(self) -> str:
        """The same for searches that find the same, in whatever order."""
        chosen = {facet: sorted(values) for facet, values in self.chosen.items()}
        parts = (self.dataset.pk, self.is_curator, self.words, sorted(chosen.items()))
        return repr(parts)

    def address(self, **changes: Any) -> str:
        """As a query string, from its first page: `address(state=("held",))`."""
        asked = QueryDict(mutable=True)
        parts: dict[str, Any] = {"q": self.words, **self.chosen, "sort": self.sort}
        parts |= changes
        for name, value in parts.items():
            if isinstance(value, tuple):
                asked.setlist(name, list(value))
            elif value and (name, value) != ("sort", self.standard_sort):
                asked[name] = str(value)
        return asked.urlencode()

    def without_words(self) -> Search:
        return replace(self, words="", sort="newest", after=None)

    @property
    def standard_sort(self) -> str:
        return "relevance" if self.words else "newest"

    @property
    def query(self) -> Any:
        """For PostgreSQL: every word of it, the last one perhaps only begun."""
        whole: Any = SearchQuery(self.words, config="simple", search_type="websearch")
        begun = BEGINNING.search(self.words)
        if begun and '"' not in self.words and " or " not in self.words.lower():
            start = SearchQuery(f"{begun[1]}:*", config="simple", search_type="raw")
            before = self.words[: begun.start()]
            whole = start
            if before.strip():
                rest = SearchQuery(before, config="simple", search_type="websearch")
                whole = rest & start
        return whole

    def entries(self, *, without: str = "") -> QuerySet[Entry]:
        """All that it finds, in no order; `without` a facet, or the words: "q"."""
        states = READABLE + ([State.HELD] if self.is_curator else [])
        if "state" in self.values and without != "state":
            states = [state for state in states if state in self.values["state"]]
        rows = Entry.objects.filter(dataset=self.dataset.pk, state__in=states)
        for facet, values in self.values.items():
            if facet not in ("state", without):
                sort = "overlap" if facet == "check" else "in"
                rows = rows.filter(**{f"{COLUMNS[facet]}__{sort}": list(values)})
        if self.words and without != "q":
            matching = Words.objects.filter(words=self.query_here)
            rows = rows.filter(message__in=matching.values("message"))
        return rows

    @property
    def query_here(self) -> CombinedSearchQuery:
        """The same, in this dataset alone: see Words."""
        here = Cast(Value(f"'d:{self.dataset.pk}'"), SearchQueryField())
        return CombinedSearchQuery(here, "&&", self.query, SearchConfig("simple"))


def asked(params: QueryDict, dataset: Dataset, *, is_curator: bool) -> Search:
    """What the address asks for; what nobody could have chosen there is left out.

    This causes a query for categories and one for guidelines where they are chosen.
    """
    words = " ".join(params.get("q", "").replace("\x00", "").split())[:WORDS_AT_MOST]
    facets = Search(dataset, is_curator).facets
    chosen, values = {}, {}
    for facet in facets:
        given = dict.fromkeys(params.getlist(facet)[:CHOSEN_AT_MOST])
        known = _known(facet, [one for one in given if PLAIN.fullmatch(one)], dataset)
        if known:
            chosen[facet], values[facet] = tuple(known), tuple(known.values())
    sort = params.get("sort", "")
    if sort not in SORTS or (sort == "relevance" and not words):
        sort = "relevance" if words else "newest"
    after = params.get("after", "")
    return Search(
        dataset=dataset,
        is_curator=is_curator,
        words=words,
        chosen=chosen,
        values=values,
        sort=sort,
        after=int(after) if re.fullmatch("[0-9]{1,18}", after) else None,
    )


def _known(facet: str, given: list[str], dataset: Dataset) -> dict[str, Any]:
    if facet in NAMED or not given:
        return {one: one for one in given}
    if facet == "category":
        rows = Category.objects.filter(dataset=dataset, slug__in=given)
        return dict(rows.values_list("slug", "pk"))
    numbers = [int(one) for one in given if re.fullmatch("[0-9]{1,9}", one)]
    if facet == "guideline":
        versions = Guideline.objects.filter(dataset=dataset, number__in=numbers)
        return {str(n): pk for n, pk in versions.values_list("number", "pk")}
    return {str(number): number for number in numbers}
