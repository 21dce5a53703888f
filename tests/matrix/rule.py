"""How a row of the matrix is written: a route, and what each person gets there.

The people are those of `world.py`. A row says what ought to be, from what the page is for;
`test_matrix.py` asks. What is not allowed is 404 where a dataset, or what is in it, is not
theirs to know of; whoever is not signed in is sent to sign in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

PEOPLE = (
    "anonymous", "stranger", "viewer", "writer", "reviewer", "curator", "elsewhere",
    "admin", "paused", "closed",
)  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")
OUTSIDE = frozenset({"anonymous", "closed"})  # nobody is signed in
SIGN_IN = "to the sign-in page"


@dataclass(frozen=True)
class Rule:
    """Who gets what: a status, or SIGN_IN."""

    allowed: frozenset[str]
    ok: int = 200
    refused: int | str = 404
    outside: int | str = SIGN_IN
    others: tuple[tuple[str, int | str], ...] = ()  # people to whom neither applies

    def to(self, status: int) -> Rule:
        """What it is for those who may."""
        return replace(self, ok=status)

    def other(self, *people: str, gets: int | str) -> Rule:
        return replace(self, others=(*self.others, *((one, gets) for one in people)))

    def refusing(self, status: int | str) -> Rule:
        return replace(self, refused=status)

    def api(self) -> Rule:
        """A program is told that nobody is signed in; it cannot be sent to a page."""
        return replace(self, outside=401)

    def of(self, person: str) -> int | str:
        told = dict(self.others)
        if person in told:
            return told[person]
        if person in self.allowed:
            return self.ok
        return self.outside if person in OUTSIDE else self.refused


def only(*people: str) -> Rule:
    assert set(people) <= set(PEOPLE), people
    return Rule(frozenset(people))


EVERYBODY = only(*PEOPLE)
SIGNED_IN = only(*(set(PEOPLE) - OUTSIDE))
NOT_SIGNED_IN = Rule(OUTSIDE, refused=302, outside=200)  # others are there already: go on
MEMBERS = only("viewer", "writer", "reviewer", "curator", "admin", "paused")
TAKING_PART = only("writer", "reviewer", "curator", "admin", "paused")
WORKERS = only("writer", "reviewer", "curator", "admin")
CURATORS = only("curator", "admin")
CURATORS_ANYWHERE = only("curator", "elsewhere", "admin")
ADMINS = only("admin")
# Those who judge are not told how others do.
MEASURING = only("viewer", "curator", "admin")
WRITER, REVIEWER, CURATOR = only("writer"), only("reviewer"), only("curator")
NOBODY = only()


@dataclass(frozen=True)
class Row:
    """`at`: names of the world, one for each part of the address; "=x" is x itself."""

    route: str
    at: str = ""
    get: Rule | None = None
    post: Rule | None = None
    put: Rule | None = None
    patch: Rule | None = None
    delete: Rule | None = None
    send: Any = None  # what is posted, or what makes it of the world; bytes are JSON
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def asks(self) -> list[tuple[str, Rule]]:
        methods = {name: getattr(self, name) for name in METHODS}
        return [(name, rule) for name, rule in methods.items() if rule is not None]

    def arguments(self, world: Any) -> list[Any]:
        return [
            name[1:] if name.startswith("=") else getattr(world, name)
            for name in self.at.split()
        ]

    def body(self, world: Any) -> Any:
        return self.send(world) if isinstance(self.send, Callable) else self.send or {}
