"""Names for people, trees and texts that hold within one export, and nowhere else.

Open Assistant replaced the names of people, but left its own tree ids and the second at
which each message was written: with those, a leak of the database names everybody again.
Here all of them are HMACs under a key of this export, and dates are cut to their month.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

# Of a record only these go out as they are.
KEPT = ("category", "language", "origin", "rank", "prompt", "completion")


class Written(NamedTuple):
    """Who wrote a text, and when."""

    author: str  # empty where no person of ours did
    at: datetime


class Pseudonyms:
    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("A key has 32 bytes or more.")
        self._key = key

    def of(self, kind: str, value: str) -> str:
        """The name of a thing of this kind; equal for equal things, within this export."""
        if not value:
            return ""
        message = f"{kind}\0{value}".encode()
        return hmac.digest(self._key, message, "sha256").hex()[:32]

    def line(
        self, record: Mapping[str, Any], written: Mapping[str, Written]
    ) -> dict[str, Any]:
        """A frozen record for somebody outside; `written` is found by the texts' ids."""
        reply = written.get(record["id"])
        prompt = written.get(record["prompt_id"])
        return {
            "id": self.of("text", record["id"]),
            "prompt_id": self.of("text", record["prompt_id"]),
            "tree": self.of("tree", record["conversation"]),
            "author": self.of("person", reply.author) if reply else "",
            "prompt_author": self.of("person", prompt.author) if prompt else "",
            "month": month(reply.at) if reply else "",
            **{name: record[name] for name in KEPT if name in record},
        }


def month(at: datetime) -> str:
    return f"{at:%Y-%m}"
