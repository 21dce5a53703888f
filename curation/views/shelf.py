"""What the browse page shows of a search: the messages found, and how to narrow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.clean.checks import CHECKS
from curation.excerpts import SHOWN, marked, with_excerpts
from curation.facets import Counts
from curation.hits import page_of
from curation.languages import name_of
from curation.models import Contributor, Conversation, Message, Settlement
from curation.search import PAGE_SIZE, RANGES, Search

VALUES_AT_MOST = 12  # of a facet, the most frequent
TITLES = {
    "state": gettext_lazy("State"),
    "category": gettext_lazy("Category"),
    "language": gettext_lazy("Language"),
    "role": gettext_lazy("Role"),
    "check": gettext_lazy("Checks that found something"),
    "guideline": gettext_lazy("Guideline"),
    "origin": gettext_lazy("Written by"),
    "conversation": gettext_lazy("Conversation"),
    "agreement": gettext_lazy("Agreement on its answers"),
    "score": gettext_lazy("Place among the answers"),
    "rating": gettext_lazy("Mean rating"),
    "author": gettext_lazy("Author"),
}
CHOICES: Mapping[str, Mapping[str, object]] = {
    "state": dict(Message.State.choices),
    "role": dict(Message.Role.choices),
    "origin": dict(Message.Origin.choices),
    "conversation": dict(Conversation.State.choices),
    "agreement": dict(Settlement.Status.choices),
    "score": {
        "100": gettext_lazy("Above all others"),
        "50-99": gettext_lazy("Above half of them or more"),
        "1-49": gettext_lazy("Above fewer than half"),
        "0": gettext_lazy("Above none"),
    },
    "rating": {
        "6-7": gettext_lazy("6 to 7"),
        "5-6": gettext_lazy("5 to below 6"),
        "4-5": gettext_lazy("4 to below 5"),
        "3-4": gettext_lazy("3 to below 4"),
        "2-3": gettext_lazy("2 to below 3"),
        "1-2": gettext_lazy("1 to below 2"),
    },
}


class Found(NamedTuple):
    """A message of the page. `excerpt` has what was looked for in <mark>."""

    message: Message
    excerpt: SafeString
    is_cut: bool
    told: Message  # with nothing but the state that is told
    around: Conversation  # the same
    has_date: bool  # how old a text is that waits, only curators are told


class Option(NamedTuple):
    """One value of a facet, and the search with it chosen, or not any more."""

    label: str
    messages: int | None  # unknown where it is chosen and no longer counted
    is_more: bool
    is_chosen: bool
    address: str


class Group(NamedTuple):
    name: str
    title: str
    options: list[Option]


def found_by(search: Search, counts: Counts) -> tuple[list[Found], str]:
    """The page, and the address of the next one or nothing. Two queries or three."""
    keys = page_of(search, counts.newest, is_all=counts.is_all)
    following = ""
    if len(keys) > PAGE_SIZE:
        keys = keys[:PAGE_SIZE]
        following = search.address(after=keys[-1])
    query = search.query if search.is_by_words else None
    # The keys may be of a minute ago: what was held or taken back since is not shown.
    there = Message.objects.filter(pk__in=keys, state__in=search.readable)
    rows = with_excerpts(there, query)
    rows = rows.select_related(
        "conversation__category", "author", "guideline", "entry", "settlement"
    )
    by_key = rows.in_bulk()
    return [_found(by_key[key], search) for key in keys if key in by_key], following


def _found(message: Message, search: Search) -> Found:
    excerpt: str = getattr(message, "excerpt", "")
    is_cut = not search.is_by_words and len(excerpt) == SHOWN
    told, around = Message(state=search.unmet.state_of(message)), message.conversation
    return Found(
        message,
        marked(excerpt),
        is_cut,
        told=told,
        around=Conversation(state=search.unmet.state_around(around.pk, around.state)),
        has_date=not (search.is_blind and told.state == Message.State.SUBMITTED),
    )


def groups_of(search: Search, counts: Counts) -> list[Group]:
    """A facet each, with what there is to choose; none where there is no choice."""
    groups = []
    for facet in search.facets:
        counted = counts.by_facet.get(facet, {})
        chosen = {str(value) for value in search.values.get(facet, ())}
        values = _most_often(facet, counted)
        values += sorted(chosen.difference(values))
        if len(values) < 2 and not chosen:
            continue
        names = _names(facet, values, search)
        options = []
        for value in values:
            slug, label = names.get(value, (value, value))
            asked = search.chosen.get(facet, ())
            is_chosen = value in chosen
            after = tuple(v for v in asked if v != slug) if is_chosen else (*asked, slug)
            options.append(
                Option(
                    label=label,
                    messages=counted.get(value, 0 if facet not in counts.more_in else None),
                    is_more=facet in counts.more_in,
                    is_chosen=is_chosen,
                    address=search.address(**{facet: after}),
                )
            )
        groups.append(Group(facet, str(TITLES[facet]), options))
    return groups


def unknown_in(search: Search) -> list[tuple[str, str]]:
    """What stands in the address and cannot be asked for, in words."""
    others = {"sort": _("Order"), "after": _("Page")}
    return [
        (str(TITLES.get(name) or others[name]), value) for name, value in search.refused
    ]


def _most_often(facet: str, counted: Mapping[str, int]) -> list[str]:
    """What there is to choose. Ranges stay in their own order."""
    if facet in RANGES:
        return [value for value in RANGES[facet] if value in counted]
    often = sorted(counted, key=lambda value: (-counted[value], value))
    return often[:VALUES_AT_MOST]


def _names(facet: str, values: list[str], search: Search) -> dict[str, tuple[str, str]]:
    """Value of the column to how the address and how people call it."""
    if facet in CHOICES:
        return {v: (v, str(CHOICES[facet].get(v, v))) for v in values}
    if facet == "language":
        return {v: (v, name_of(v)) for v in values}
    if facet == "check":
        return {v: (v, _(CHECKS[v].label) if v in CHECKS else v) for v in values}
    if facet == "category":
        rows = search.dataset.categories.filter(pk__in=values)
        return {str(row.pk): (row.slug, row.name) for row in rows}
    if facet == "guideline":
        versions = search.dataset.guidelines.filter(pk__in=values)
        said = _("Version %(number)d")
        return {
            str(v.pk): (str(v.number), said % {"number": v.number})
            for v in versions.only("number")
        }
    people = Contributor.objects.filter(pk__in=values)
    return {str(person.pk): (str(person.pk), str(person)) for person in people}
