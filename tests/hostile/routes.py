"""Every address that this installation answers, by the URL resolver; values are made up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

from curation.addresses import address_of

SLUG = "handbook"
VALUES = {
    "slug": SLUG,
    "int": "1",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "path": "x/y",
    "message": address_of(1, of="message"),
    "task": address_of(1, of="task"),
}
PART = re.compile(r"<(?:(\w+):)?\w+>")
GROUP = re.compile(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)")


class Route(NamedTuple):
    name: str  # with its namespaces, or the pattern itself
    path: str
    is_of_dataset: bool


def routes() -> list[Route]:
    return list(_below(get_resolver().url_patterns, "", ""))


def _below(
    patterns: Iterable[URLPattern | URLResolver], before: str, space: str
) -> Iterator[Route]:
    for pattern in patterns:
        written = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _below(pattern.url_patterns, written, inner)
        else:
            is_of_dataset = "<slug:slug>" in written
            name = f"{space}{pattern.name or written}"
            yield Route(name, _address(written), is_of_dataset)


def _address(pattern: str) -> str:
    """As somebody might type it. Expressions of allauth, admin and DRF are few."""
    plain = GROUP.sub("1", pattern)
    plain = PART.sub(lambda found: VALUES.get(found[1] or "str", "x"), plain)
    plain = re.sub(r"\^|\$|\\Z", "", plain).replace("/?", "/")
    return "/" + re.sub(r"\\(.)", r"\1", plain)
