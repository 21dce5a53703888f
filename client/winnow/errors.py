"""What can go wrong, each with words for a person."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx


class WinnowError(Exception):
    """All that this package raises on purpose."""

    so_far: Any = None  # where much was pushed: what became of what was sent before


class NoKey(WinnowError):
    """No address or no key is known."""


class MissingExtra(WinnowError):
    """Something was asked for that needs a package which is not installed."""


class Unreachable(WinnowError):
    """The server did not answer, however often it was asked."""


class WrongHash(WinnowError):
    """A file came with other bytes than it should have; it was not kept."""


class RunEnded(WinnowError):
    """A run that was waited for has failed, or was cancelled."""


class FieldError(NamedTuple):
    field: str
    detail: str


class Problem(WinnowError):
    """The server said no. The text is its own sentence; `errors` names fields."""

    def __init__(
        self, status: int, detail: str, errors: list[FieldError], *, after: float | None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors
        self.retry_after = after


class BadRequest(Problem):
    """Something that was sent is not understood: 400, 413, 415."""


class Unauthorized(Problem):
    """The key is unknown, has run out, or was taken back: 401."""


class Forbidden(Problem):
    """The key's scopes, or the person's rights, do not reach so far: 403."""


class NotFound(Problem):
    """It is not there, or not for this person: 404."""


class Refused(Problem):
    """A rule says no, now: 409 and 422."""


class TooMany(Problem):
    """Too many requests; `retry_after` seconds from now there may be more: 429."""


class Unavailable(Problem):
    """Something that it needs does not answer: 500 and above."""


KINDS: dict[int, type[Problem]] = {
    401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Refused, 422: Refused,
    429: TooMany,
}  # fmt: skip


def problem_in(answer: httpx.Response, *, after: float | None = None) -> Problem:
    """What an answer with an error's status says."""
    told = _told(answer)
    errors = [
        FieldError(str(one.get("field", "")), str(one.get("detail", "")))
        for one in told.get("errors", [])
        if isinstance(one, dict)
    ]
    usual = Unavailable if answer.status_code >= 500 else BadRequest
    kind = KINDS.get(answer.status_code, usual)
    detail = str(told.get("detail") or _plainly(answer))
    return kind(answer.status_code, detail, errors, after=after)


def _told(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:  # a proxy's page, perhaps
        return {}
    return found if isinstance(found, dict) else {}


def _plainly(answer: httpx.Response) -> str:
    if answer.is_redirect:
        there = answer.headers.get("Location", "")
        return f"The server is at another address: {there}"
    return f"The server answered {answer.status_code} {answer.reason_phrase}."
