"""What somebody looks for in a dataset, and the messages that are so.

A search is what stands in the address of the browse page. It knows who asks: what a person
may not read, or may not know before they have judged, is neither found nor counted.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.search import (
    CombinedSearchQuery,
    SearchConfig,
    SearchQuery,
    SearchQueryField,
)
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast
from django.http import QueryDict

from curation import neighbours
from curation.actions.rights import Sight
from curation.clean.check import Unavailable
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Entry,
    Guideline,
    Message,
    Settlement,
    Words,
)
from curation.unmet import NOTHING, Unmet, unmet_in

logger = logging.getLogger(__name__)

PAGE_SIZE = 25
CHOSEN_AT_MOST = 20
WORDS_AT_MOST = 200
SHOWN_AT_MOST = 60  # of what cannot be asked for
SORTS = ("newest", "oldest", "relevance")
State = Message.State
# See access.may_read: what was taken back, only its author still sees, on another page.
READABLE = [State.SUBMITTED, State.ACCEPTED, State.REJECTED]
# Of these columns of Entry only ranges are asked for, both ends included.
RANGES = {
    "score": {"100": (100, 100), "50-99": (50, 99), "1-49": (1, 49), "0": (0, 0)},
    "rating": {
        "6-7": (60, 70), "5-6": (50, 59), "4-5": (40, 49), "3-4": (30, 39),
        "2-3": (20, 29), "1-2": (10, 19),
    },
}  # fmt: skip
# Facet to the column of Entry, or to what stands for it.
COLUMNS: Mapping[str, Any] = {
    "state": "state",
    "category": "category_id",
    "language": "language",
    "role": "role",
    "check": "checks",
    "guideline": "guideline_id",
    "origin": "origin",
    "conversation": "conversation__state",
    "agreement": "status",
    "score": "score",
    "rating": "rating",
    "author": "author_id",
}
# Names, who is a model, and how others ranked would tell reviewers what to think.
FOR_CURATORS = {"origin", "agreement", "score", "rating", "author"}
# What can be asked for of these, as it stands in the column.
NAMED: Mapping[str, frozenset[str]] = {
    "role": frozenset(Message.Role.values),
    "origin": frozenset(Message.Origin.values),
    "conversation": frozenset(Conversation.State.values),
    "agreement": frozenset(Settlement.Status.values),
    **{facet: frozenset(ranges) for facet, ranges in RANGES.items()},
}
PLAIN = re.compile(r"[\w.-]{1,50}")
# The last word of a search, where it stands by itself and may be the beginning of one.
BEGINNING = re.compile(r"(?:^|\s)(\w{4,})$")


@dataclass(frozen=True)
class Search:
    dataset: Dataset
    is_curator: bool
    words: str = ""
    is_viewer: bool = False  # one who sees what was accepted, and no more
    unmet: Unmet = NOTHING  # what is told, found and counted as if it waited for verdicts
    # Facet to what stands in the address, and to what that is in the column.
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    sort: str = "newest"
    after: int | None = None
    # What stands in the address and cannot be asked for: then nothing is found.
    refused: tuple[tuple[str, str], ...] = ()
    # Where words are searched for by what they mean: the nearest messages, nearest first.
    nearest: tuple[int, ...] | None = None
    is_silent: bool = False  # they should be, but the embedder does not answer

    @property
    def is_empty(self) -> bool:
        return not self.words and not self.chosen

    @property
    def readable(self) -> list[State]:
        if self.is_viewer:
            return [State.ACCEPTED]
        return READABLE + ([State.HELD] if self.is_curator else [])

    @property
    def is_blind(self) -> bool:
        """For who may yet have to judge: of what waits nothing tells how old it is."""
        return not (self.is_curator or self.is_viewer)

    @property
    def is_by_words(self) -> bool:
        """Whether they stand in what is found."""
        return bool(self.words) and self.nearest is None

    @property
    def facets(self) -> list[str]:
        """What this person may filter by."""
        return [f for f in COLUMNS if self.is_curator or f not in FOR_CURATORS]

    @property
    def key(self) -> str:
        """The same for searches that find the same, in whatever order."""
        chosen = {facet: sorted(values) for facet, values in self.chosen.items()}
        how = (self.nearest is not None, self.is_silent)
        unmet = (sorted(self.unmet.messages), sorted(self.unmet.later))
        who = (self.is_curator, self.is_viewer, unmet)
        parts = (self.dataset.pk, who, self.words, how, sorted(chosen.items()))
        return repr(parts)

    def address(self, **changes: Any) -> str:
        """As a query string, from its first page: `address(state=("held",))`."""
        asked = QueryDict(mutable=True)
        parts: dict[str, Any] = {"q": self.words, **self.chosen, "sort": self.sort}
        if self.nearest is not None:
            parts["by"] = "meaning"
        parts |= changes
        if not parts["q"]:
            parts.pop("by", None)
        for name, value in parts.items():
            if isinstance(value, tuple):
                asked.setlist(name, list(value))
            elif value and (name, value) != ("sort", self.standard_sort):
                asked[name] = str(value)
        return asked.urlencode()

    def without_words(self) -> Search:
        return replace(
            self, words="", sort="newest", after=None, nearest=None, is_silent=False
        )

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
        if self.refused:
            return Entry.objects.none()
        rows = Entry.objects.filter(dataset=self.dataset.pk)
        if self.unmet.later:
            rows = rows.exclude(pk__in=list(self.unmet.later))
        if "state" not in self.values or without == "state":
            rows = rows.filter(state__in=self.readable)
        for facet, values in self.values.items():
            if facet != without:
                rows = rows.filter(self._has(facet, values))
        if self.nearest is not None and without != "q":
            rows = rows.filter(message__in=self.nearest)
        elif self.words and without != "q":
            matching = Words.objects.filter(words=self.query_here)
            rows = rows.filter(message__in=matching.values("message"))
        return rows

    def _has(self, facet: str, values: Collection[Any]) -> Q:
        """That an entry has one of the values, as this person is told them."""
        wanted = _has(facet, values)
        unmet = Q(pk__in=self.unmet.messages, state__in=self.readable)
        if facet == "guideline" and self.is_blind:
            return wanted & ~(Q(state=State.SUBMITTED) | unmet)
        if facet == "state":
            return wanted | unmet if State.SUBMITTED in values else wanted & ~unmet
        if facet == "conversation":
            return self.unmet.around(values, pk="conversation", state="conversation__state")
        return wanted

    @property
    def query_here(self) -> CombinedSearchQuery:
        """The same, in this dataset alone: see Words."""
        here = Cast(Value(f"'d:{self.dataset.pk}'"), SearchQueryField())
        return CombinedSearchQuery(here, "&&", self.query, SearchConfig("simple"))


def asked(
    params: QueryDict, dataset: Dataset, *, is_curator: bool, is_viewer: bool = False
) -> Search:
    """What the address asks for; what nobody can ask for here is in `refused`.

    This causes a query for each of category, guideline and author that is chosen, and a
    question to the embedder where words are searched for by what they mean.
    """
    words = " ".join(params.get("q", "").replace("\x00", "").split())[:WORDS_AT_MOST]
    search = Search(dataset, is_curator, words, is_viewer)
    chosen, values, refused = {}, {}, []
    for facet in COLUMNS:
        given = list(dict.fromkeys(params.getlist(facet)[:CHOSEN_AT_MOST]))
        known = _known(search, facet, given) if given else {}
        refused += [(facet, one) for one in given if one not in known]
        if known:
            chosen[facet], values[facet] = tuple(known), tuple(known.values())
    sort, after = params.get("sort", ""), params.get("after", "")
    if sort not in ("", *SORTS):
        refused.append(("sort", sort))
    if sort not in SORTS or (sort == "relevance" and not words):
        sort = search.standard_sort
    if not re.fullmatch("[0-9]{0,18}", after):
        refused.append(("after", after))
        after = ""
    found = replace(
        search,
        chosen=chosen,
        values=values,
        sort=sort,
        after=int(after) if after else None,
        refused=tuple((name, one[:SHOWN_AT_MOST]) for name, one in refused),
    )
    is_by_meaning = params.get("by") == "meaning" and words and neighbours.is_there()
    return _by_meaning(found) if is_by_meaning else found


def asked_for(
    params: QueryDict, dataset: Dataset, reader: Contributor, seen: Sight
) -> Search:
    """The same, for who sees so much of the dataset. One query more."""
    found = asked(
        params, dataset, is_curator=seen == Sight.ALL, is_viewer=seen == Sight.SETTLED
    )
    return replace(found, unmet=unmet_in(dataset, reader, seen))


def _by_meaning(search: Search) -> Search:
    """Nothing is found while the embedder is silent: other messages would be wrong ones."""
    try:
        nearest = neighbours.of_words(search.dataset, search.words)
    except Unavailable as problem:
        logger.warning("Nobody can search by meaning: %s", problem)
        return replace(search, nearest=(), is_silent=True)
    return replace(search, nearest=tuple(nearest))


def _known(search: Search, facet: str, given: list[str]) -> dict[str, Any]:
    """Of what was given, what can be asked for: as in the address to as in the column."""
    if facet not in search.facets:
        return {}
    if facet == "state":
        return {one: one for one in given if one in search.readable}
    if facet in NAMED:
        return {one: one for one in given if one in NAMED[facet]}
    given = [one for one in given if PLAIN.fullmatch(one)]
    if facet in ("language", "check"):
        return {one: one for one in given}
    dataset = search.dataset
    if facet == "category":
        rows = Category.objects.filter(dataset=dataset, slug__in=given)
        return dict(rows.values_list("slug", "pk"))
    numbers = [int(one) for one in given if re.fullmatch("[0-9]{1,9}", one)]
    if facet == "guideline":
        versions = Guideline.objects.filter(dataset=dataset, number__in=numbers)
        return {str(n): pk for n, pk in versions.values_list("number", "pk")}
    written = Entry.objects.filter(dataset=dataset, author__in=numbers)
    return {str(pk): pk for pk in written.values_list("author", flat=True).distinct()}


def _has(facet: str, values: Collection[Any]) -> Q:
    """That a row of Entry has one of the values."""
    column = COLUMNS[facet]
    if facet in RANGES:
        bounds = [Q(**{f"{column}__range": RANGES[facet][value]}) for value in values]
        return reduce(or_, bounds)
    if facet == "check":
        # The first is for the index of those with findings.
        return ~Q(**{column: []}) & Q(**{f"{column}__overlap": list(values)})
    return Q(**{f"{column}__in": list(values)})


def column_of(facet: str) -> Any:
    """For the rows of Entry: what its values are called in a search."""
    column = COLUMNS[facet]
    if facet not in RANGES:
        return F(column)
    ranges = [
        When(**{f"{column}__range": bounds}, then=Value(name))
        for name, bounds in RANGES[facet].items()
    ]
    return Case(*ranges, default=None, output_field=CharField())
