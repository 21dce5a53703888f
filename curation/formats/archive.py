"""Our own format of a record that moves: a dataset a file, a conversation a line.

The first line says which dataset it is and by which rules it was judged. People are
numbers that mean nothing in another file. It carries the salts, so that what is frozen from
it has the same digests: whoever holds the file can also check a guess at an erased text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curation.errors import BadLine
from curation.formats import jsonl

FORMAT = "winnow-record-1"
SALT_DIGITS = 64
FACTS_AT_MOST = 4 * jsonl.KEPT_AT_MOST  # of a message and of its tree, and exact texts


@dataclass(frozen=True)
class Header:
    dataset: str
    shape: str
    policy: dict[str, Any]
    categories: list[dict[str, Any]]


def header(line: str) -> Header:
    raw = jsonl.fields(line)
    if raw.get("format") != FORMAT:
        raise BadLine("The first line does not say that this is %(format)s.", format=FORMAT)
    policy = raw.get("policy")
    if not isinstance(policy, dict):
        raise BadLine("“%(name)s” is missing.", name="policy")
    return Header(
        dataset=jsonl.text(raw, "dataset"),
        shape=jsonl.text(raw, "shape"),
        policy=policy,
        categories=jsonl.objects(raw, "categories"),
    )


def conversation(line: str) -> dict[str, Any]:
    """One conversation: every id that something points at is there, parents first."""
    raw = jsonl.fields(line)
    for name in ("uid", "language", "state", "split", "group"):
        jsonl.text(raw, name)
    known: set[str] = set()
    for message in jsonl.objects(raw, "messages"):
        for name in ("uid", "role", "origin", "text", "language", "state"):
            jsonl.text(message, name)
        for name in ("parent", "revises"):
            if message.get(name) is not None and message[name] not in known:
                raise BadLine(
                    "The message %(id)s is not there before another.", id=str(message[name])
                )
        salt = jsonl.optional_text(message, "salt")
        if salt and not _is_salt(salt):
            raise BadLine("A salt has %(count)d hexadecimal digits.", count=SALT_DIGITS)
        _check_original(message)
        known.add(message["uid"])
    _check_said(raw, known)
    for one in jsonl.objects(raw, "duplicate_of"):
        jsonl.text(one, "uid")
        likeness = one.get("likeness")
        if not isinstance(likeness, int | float) or not 0 <= likeness <= 1:
            raise BadLine("“likeness” goes from 0 to 1.")
    return raw


def _check_original(message: dict[str, Any]) -> None:
    """What a file of another format said beside it: fit to be kept, and nothing else."""
    found = message.get("original")
    if found is None:
        return
    if not isinstance(found, dict) or set(found) != {"format", "facts"}:
        raise BadLine("“original” has a format and facts.")
    jsonl.optional_text(found, "format", at_most=20)
    if not isinstance(found["facts"], dict):
        raise BadLine("“facts” is no object.")
    jsonl.kept(found["facts"], without=frozenset(), at_most=FACTS_AT_MOST)


def _check_said(raw: dict[str, Any], known: set[str]) -> None:
    """Judgements name messages of the conversation alone."""
    named = [one.get("message") for one in jsonl.objects(raw, "reviews")]
    for kind in ("settlements", "ballots"):
        named += [one.get("prompt") for one in jsonl.objects(raw, kind)]
    for ballot in jsonl.objects(raw, "ballots"):
        named += [place.get("reply") for place in jsonl.objects(ballot, "places")]
    for settled in jsonl.objects(raw, "settlements"):
        named += [one for group in settled.get("order") or [] for one in group]
    if odd := [one for one in named if one not in known]:
        raise BadLine("There is no message %(id)s in this conversation.", id=str(odd[0]))


def _is_salt(salt: str) -> bool:
    return len(salt) == SALT_DIGITS and set(salt) <= set("0123456789abcdef")
