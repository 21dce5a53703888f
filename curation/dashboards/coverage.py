"""What the texts of a dataset are about, and how far they have come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.dashboards.scope import KEPT_SECONDS, LARGE, Scope
from curation.dashboards.tables import Column, Row, Table
from curation.keeping import keep, recall
from curation.languages import name_of
from curation.models import Category, Entry, Message

State = Message.State
Key = TypeVar("Key", bound=Hashable)
Counts = dict[str, int]  # by state
# What was taken back is nobody's business any more.
STATES = (State.ACCEPTED, State.SUBMITTED, State.HELD, State.REJECTED)


class Cell(NamedTuple):
    category: int | None
    language: str
    state: str
    messages: int


def cells_of(scope: Scope) -> list[Cell]:
    """Every combination in the whole dataset, whatever is chosen. A query, or none."""
    key = f"dashboard-cells:{scope.dataset.pk}"
    kept: list[Cell] | None = recall(key)
    if kept is not None:
        return kept
    entries = Entry.objects.filter(dataset=scope.dataset, state__in=STATES).order_by()
    counted = entries.values_list("category_id", "language", "state")
    cells = [Cell(*row) for row in counted.annotate(Count("pk"))]
    if is_large(cells):
        keep(key, cells, KEPT_SECONDS)
    return cells


def is_large(cells: Iterable[Cell]) -> bool:
    return sum(cell.messages for cell in cells) > LARGE


def by_category(scope: Scope, cells: Iterable[Cell]) -> Table:
    counted = _counted(_chosen(scope, cells), lambda cell: [cell.category])
    shown: dict[int | None, tuple[str, dict[str, str]]] = {
        one.pk: (one.name, {"category": one.slug}) for one in _categories(scope)
    }
    if None in counted:
        shown[None] = (_("No category"), {})
    rows = [
        _row(name, counted[pk], _address(scope, query))
        for pk, (name, query) in shown.items()
    ]
    return _table("coverage", gettext_lazy("Category"), rows)


def by_language(scope: Scope, cells: Iterable[Cell]) -> Table:
    """Also those that are wanted and not there yet."""
    counted = _counted(_chosen(scope, cells), lambda cell: [cell.language])
    wanted = [scope.language] if scope.language else scope.dataset.languages
    codes = sorted({*wanted, *counted}, key=lambda code: name_of(code).casefold())
    rows = [
        _row(name_of(code), counted[code], _address(scope, {"language": code}))
        for code in codes
    ]
    return _table("languages", gettext_lazy("Language"), rows)


def by_topic(scope: Scope, cells: Iterable[Cell]) -> Table:
    """A text counts for each of its category's topics; none where nobody named any."""
    topics = {one.pk: one.topics for one in _categories(scope)}
    counted = _counted(
        _chosen(scope, cells),
        lambda cell: topics.get(cell.category, []) if cell.category else [],
    )
    names = sorted({t for some in topics.values() for t in some}, key=str.casefold)
    return _table(
        "topics", gettext_lazy("Topic"), [_row(name, counted[name]) for name in names]
    )


def languages(scope: Scope, cells: Iterable[Cell]) -> list[tuple[str, str]]:
    """Code and name of those to choose from."""
    codes = {*scope.dataset.languages, *(cell.language for cell in cells)}
    if scope.language:
        codes.add(scope.language)
    named = [(code, name_of(code)) for code in codes]
    return sorted(named, key=lambda one: one[1].casefold())


def _categories(scope: Scope) -> Sequence[Category]:
    return [scope.category] if scope.category else scope.categories


def _chosen(scope: Scope, cells: Iterable[Cell]) -> list[Cell]:
    return [
        cell
        for cell in cells
        if (scope.category is None or cell.category == scope.category.pk)
        and scope.language in ("", cell.language)
    ]


def _counted(
    cells: Iterable[Cell], keys: Callable[[Cell], Iterable[Key]]
) -> dict[Key, Counts]:
    found: dict[Key, Counts] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for cell in cells:
        for key in keys(cell):
            found[key][cell.state] += cell.messages
    return found


def _row(name: str, counts: Counts, address: str = "") -> Row:
    return Row((name, *(counts[state] for state in STATES), sum(counts.values())), address)


def _address(scope: Scope, query: dict[str, str]) -> str:
    """Of the browse page, with what else is chosen."""
    chosen = {"category": scope.category.slug} if scope.category else {}
    if scope.language:
        chosen["language"] = scope.language
    return urlencode({**chosen, **query})


def _table(key: str, first: str | Promise, rows: list[Row]) -> Table:
    states = (Column(State(state).label) for state in STATES)
    return Table(key, (Column(first, "text"), *states, Column(gettext_lazy("All"))), rows)
