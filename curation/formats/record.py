"""The canonical record of one training example, and its hash.

RFC 8785 JSON, no floats: the same example gives the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import rfc8785

PLAIN = {str, bool, type(None)}
LARGEST = 2**53  # whole numbers below are the same to everybody
_plain = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode
CHAT_ROLE = {"prompter": "user", "assistant": "assistant"}


class Turn(NamedTuple):
    role: str  # prompter | assistant
    text: str
    context: str = ""


def content(turn: Turn) -> str:
    """What a model reads of a turn: the prompt, then the passage that it stands on."""
    return f"{turn.text}\n\n{turn.context}" if turn.context else turn.text


def record(
    *,
    uid: str,
    prompt_uid: str,
    conversation: str,
    category: str,
    language: str,
    origin: str,
    rank: int | None,
    path: Iterable[Turn],
    reply: str,
    instead_of: str | None = None,
) -> dict[str, Any]:
    """One reply with all that was said before it, as chat messages.

    `id` and `prompt_id` are the opaque ids of the reply and of what it answers; `rank` is
    0 for the answer that people liked best, None where nobody ranked. Where a reviewer's
    edit stands in place of other words, these are `rejected`; other records lack the name.
    """
    prompt = [{"role": CHAT_ROLE[t.role], "content": content(t)} for t in path]
    worse = {"rejected": [_said(instead_of)]} if instead_of is not None else {}
    return {
        "id": uid,
        "prompt_id": prompt_uid,
        "conversation": conversation,
        "category": category,
        "language": language,
        "origin": origin,
        "rank": rank,
        "prompt": prompt,
        "completion": [_said(reply)],
        **worse,
    }


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def canonical(value: Any) -> bytes:
    """RFC 8785. Of plain values it is what json writes, which is five times as fast."""
    return _plain(value).encode() if _is_plain(value) else rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    """No floats, no number that others would round, no name that sorts in another way."""
    kind = type(value)
    if kind is dict:
        names = all(type(name) is str and name.isascii() for name in value)
        return names and all(map(_is_plain, value.values()))
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))
    return kind in PLAIN or (kind is int and abs(value) < LARGEST)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def leaf(salts: Iterable[bytes], built: dict[str, Any]) -> str:
    """SHA-256 of the salts of all messages whose words it has, then of the record.

    In the order in which they stand in it: the turns above, the reply, what it replaced.
    With one salt gone, nobody can find the words by trying likely ones.
    """
    return hashlib.sha256(b"".join(salts) + canonical(built)).hexdigest()
