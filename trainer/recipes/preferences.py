"""Reads what people prefer: rankings, pairs and single judgements of a frozen version.

The lines are those of curation/formats/tables.py, in `rankings_train.jsonl`,
`pairs_train.jsonl`, `unpaired_train.jsonl`, and the same with `held_out`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from trainer.recipes.chat import Turn
from trainer.recipes.common import Trouble
from trainer.recipes.data import read_lines, read_turns

RANKINGS, PAIRS, UNPAIRED = "rankings", "pairs", "unpaired"
TRAIN, HELD_OUT = "train", "held_out"
THOUSANDTHS, HALF = 1000, 0.5

Shares = Mapping[tuple[str, str, str], float]  # of chosen, rejected, and the raters' group


class Reply(NamedTuple):
    id: str
    content: str


class Before(NamedTuple):
    """Places in `Ranked.replies`; `share` of the people say so, more than half of them."""

    better: int
    worse: int
    share: float


@dataclass(frozen=True)
class Ranked:
    """Replies to one prompt, two or more, and which of them stand before which."""

    id: str
    group: str  # what must not be counted twice: a conversation and its like
    category: str
    prompt: list[Turn]
    replies: list[Reply]
    pairs: list[Before]


@dataclass(frozen=True)
class Judged:
    """One reply that is good or bad by itself."""

    id: str
    group: str
    category: str
    prompt: list[Turn]
    reply: str
    is_good: bool


@dataclass
class Preferences:
    kept: list[Ranked] = field(default_factory=list)
    dropped: list[dict[str, str]] = field(default_factory=list)


# ---- files ---------------------------------------------------------------------------


def files(data: Path, *tables: str) -> list[Path]:
    """Those that a recipe reads, whether they are there or not."""
    return [path_of(data, t, split) for t in tables for split in (TRAIN, HELD_OUT)]


def path_of(data: Path, table: str, split: str) -> Path:
    return data / f"{table}_{split}.jsonl"


def read_ranked(data: Path, split: str) -> Preferences:
    """Rankings whole, and the pairs that belong to none: edits, for the most part."""
    pairs = list(_rows(path_of(data, PAIRS, split)))
    shares = {_key(row): _share(row, where) for where, row in pairs}
    found, ranked = Preferences(), set()
    for where, row in _rows(path_of(data, RANKINGS, split)):
        item = _ranking(row, where, shares)
        ids = [reply.id for reply in item.replies]
        ranked |= {(item.id, *sorted(two)) for two in combinations(ids, 2)}
        _take(found, item)
    for where, row in pairs:
        chosen, rejected, _ = _key(row)
        if (_ranking_id(row), *sorted((chosen, rejected))) not in ranked:
            _take(found, _pair(row, where))
    return found


def read_pairs(data: Path, split: str) -> Preferences:
    found = Preferences()
    for where, row in _rows(path_of(data, PAIRS, split)):
        _take(found, _pair(row, where))
    return found


def read_judged(data: Path, split: str) -> list[Judged]:
    return [_judged(row, where) for where, row in _rows(path_of(data, UNPAIRED, split))]


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """None where the version has no such rows."""
    if path.exists():
        yield from read_lines(path)


# ---- rows ----------------------------------------------------------------------------


def _take(found: Preferences, item: Ranked) -> None:
    if item.pairs:
        found.kept.append(item)
    else:
        reason = "nobody prefers one of these replies to another"
        found.dropped.append({"id": item.id, "reason": reason})


def _ranking(row: dict[str, Any], where: str, shares: Shares) -> Ranked:
    answers = row.get("answers")
    if not isinstance(answers, list) or len(answers) < 2:
        raise Trouble(f"{where}: a ranking needs two answers at least.")
    replies = [Reply(_text(a, "id", where), _text(a, "content", where)) for a in answers]
    places = [answer.get("place") for answer in answers]
    if not all(place is None or type(place) is int for place in places):
        raise Trouble(f"{where}: a place must be a whole number or null.")
    return Ranked(
        id=_ranking_id(row),
        group=_group(row, where),
        category=_text(row, "category", where),
        prompt=read_turns(row.get("prompt"), f"{where}, prompt"),
        replies=replies,
        pairs=list(_ordered(replies, places, shares, _raters(row))),
    )


def _ordered(
    replies: list[Reply], places: list[int | None], shares: Shares, raters: str
) -> Iterator[Before]:
    """Every two replies of which one is better; of those without places, the shares."""
    for one, other in combinations(range(len(replies)), 2):
        here, there = places[one], places[other]
        if here is None or there is None:
            yield from _shared(one, other, replies, shares, raters)
        elif here != there:
            better, worse = (one, other) if here < there else (other, one)
            yield Before(better, worse, 1.0)


def _shared(
    one: int, other: int, replies: list[Reply], shares: Shares, raters: str
) -> Iterator[Before]:
    for better, worse in ((one, other), (other, one)):
        share = shares.get((replies[better].id, replies[worse].id, raters))
        if share is not None:
            yield from _before(better, worse, share)


def _before(better: int, worse: int, share: float) -> Iterator[Before]:
    """None where as many are for it as against it: that prefers nothing."""
    if share > HALF:
        yield Before(better, worse, share)
    elif share < HALF:
        yield Before(worse, better, 1 - share)


def _pair(row: dict[str, Any], where: str) -> Ranked:
    chosen, rejected, raters = _key(row)
    share = _share(row, where)
    return Ranked(
        id=":".join(filter(None, (chosen, rejected or "edited", raters))),
        group=_group(row, where),
        category=_text(row, "category", where),
        prompt=read_turns(row.get("prompt"), f"{where}, prompt"),
        replies=[
            Reply(chosen, _reply(row, "chosen", where)),
            Reply(rejected, _reply(row, "rejected", where)),
        ],
        pairs=list(_before(0, 1, share)),
    )


def _judged(row: dict[str, Any], where: str) -> Judged:
    label = row.get("label")
    if not isinstance(label, bool):
        raise Trouble(f"{where}: 'label' must be true or false.")
    # An edit leaves two rows of one id: what it made, and what it replaced.
    name = _text(row, "id", where)
    return Judged(
        id=name if label else f"{name}:bad",
        group=_group(row, where),
        category=_text(row, "category", where),
        prompt=read_turns(row.get("prompt"), f"{where}, prompt"),
        reply=_reply(row, "completion", where),
        is_good=label,
    )


# ---- fields --------------------------------------------------------------------------


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return str(row.get("chosen_id")), str(row.get("rejected_id") or ""), _raters(row)


def _raters(row: dict[str, Any]) -> str:
    return str(row.get("raters") or "")


def _ranking_id(row: dict[str, Any]) -> str:
    return ":".join(filter(None, (str(row.get("prompt_id")), _raters(row))))


def _group(row: dict[str, Any], where: str) -> str:
    names: Iterable[str] = ("group", "conversation", "prompt_id", "id")
    for name in names:
        if row.get(name):
            return str(row[name])
    raise Trouble(f"{where}: 'group' must be a string.")


def _share(row: dict[str, Any], where: str) -> float:
    share = row.get("share", THOUSANDTHS)
    if type(share) is not int or not 0 <= share <= THOUSANDTHS:
        raise Trouble(f"{where}: 'share' must be from 0 to {THOUSANDTHS}.")
    return share / THOUSANDTHS


def _text(row: Any, name: str, where: str) -> str:
    if not isinstance(row, dict) or not isinstance(row.get(name), str):
        raise Trouble(f"{where}: {name!r} must be a string.")
    return str(row[name])


def _reply(row: dict[str, Any], name: str, where: str) -> str:
    turns = read_turns(row.get(name), f"{where}, {name}")
    if len(turns) != 1 or turns[0]["role"] != "assistant":
        raise Trouble(f"{where}: {name!r} must be one message of the assistant.")
    return turns[0]["content"]
