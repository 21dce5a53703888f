"""The door: one server, one key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from winnow import keys
from winnow.datasets import Dataset
from winnow.runs import Run
from winnow.wire import Wire

Row = dict[str, Any]


class Winnow:
    """`Winnow("https://winnow.example", "winnow_…")`.

    Left out, both come from WINNOW_URL and WINNOW_TOKEN, or from `winnow login`.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        key = keys.found(url, token)
        self.url = key.url
        self._wire = Wire(key.url, key.token, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Winnow at {self.url}>"

    def close(self) -> None:
        self._wire.http.close()

    def me(self) -> Row:
        """Whose key this is, their roles, and what it may be used for until when."""
        found: Row = self._wire.get("me/")
        return found

    def notifications(self, *, unread: bool | None = None) -> Iterator[Row]:
        """What is new for you, the newest first; `unread=True` narrows it."""
        return self._wire.pages("me/notifications/", is_unread=unread)

    def mark_read(self, only: Iterable[int] | None = None) -> int:
        """All notifications, or those with these ids; return how many were unread."""
        body = {} if only is None else {"only": list(only)}
        marked: int = self._wire.post("me/notifications/read/", body)["marked"]
        return marked

    def lineage(self, text: str) -> Row:
        """Where a text went, by its id: other words made of it, versions, models."""
        found: Row = self._wire.get(f"messages/{quote(text, safe='')}/lineage/")
        return found

    def leaderboard(self, period: str = "week", *, dataset: str | None = None) -> Row:
        """Who did how much that counts: `day`, `week`, `month` or `ever`."""
        found: Row = self._wire.get("leaderboard/", period=period, dataset=dataset)
        return found

    def dataset(self, slug: str) -> Dataset:
        return Dataset(self._wire, slug)

    def datasets(self) -> Iterator[Row]:
        """Those that you may see, with their counts."""
        return self._wire.pages("datasets/")

    def bases(self) -> Iterator[Row]:
        """The models that a run can start from."""
        return self._wire.pages("bases/")

    def run(self, number: int) -> Run:
        return Run(self._wire, self._wire.get(f"runs/{int(number)}/"))

    def runs(self, **filters: Any) -> Iterator[Run]:
        """The newest first: `state="finished"`, `dataset="handbook"`, `method="dpo"`."""
        for row in self._wire.pages("runs/", **filters):
            yield Run(self._wire, row)
