"""What a model's answers to a benchmark come to: figures with intervals.

Plain calculations on lines of `recipes/benchmark.py`. Each question is drawn for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from trainer.benchmark_files import Question
from trainer.recipes.intervals import Column, Interval, means, wilson

Line = Mapping[str, Any]


def figures(
    lines: Sequence[Line], questions: Mapping[str, Question], taken_out: Collection[str]
) -> dict[str, Any]:
    """Under `all`, of every question; under `clean`, of those that were not learned from,
    with a part for each category. None where nothing is left."""
    clean = [line for line in lines if line["id"] not in taken_out]
    return {
        "all": figure(lines, questions),
        "clean": figure(clean, questions) if clean else None,
        "categories": _by_category(clean, questions),
    }


def figure(lines: Sequence[Line], questions: Mapping[str, Question]) -> dict[str, Any]:
    """`loss` a token, and the shares `exact` and `right`; those without any are left out.

    `chance` is what guessing among the options would get.
    """
    read = [line["loss"] is not None for line in lines]
    losses: Column = (
        [line["loss"] or 0.0 for line in lines],
        [line["tokens"] * is_read for line, is_read in zip(lines, read, strict=True)],
    )
    found = means([line["id"] for line in lines], {"loss": losses})
    for name, field in (("exact", "is_exact"), ("right", "is_right")):
        if answered := [line[field] for line in lines if line[field] is not None]:
            found[name] = _share(answered)
    guessed = [
        1 / len(questions[line["id"]].options)
        for line in lines
        if line["is_right"] is not None
    ]
    return {
        "questions": len(lines),
        "unread": len(lines) - sum(read),
        "chance": sum(guessed) / len(guessed) if guessed else None,
        **{name: one._asdict() for name, one in found.items()},
    }


def _share(answered: Sequence[bool]) -> Interval:
    hits, count = sum(answered), len(answered)
    return Interval(hits / count, *wilson(hits, count))


def _by_category(
    lines: Sequence[Line], questions: Mapping[str, Question]
) -> list[dict[str, Any]]:
    names = sorted({questions[line["id"]].category for line in lines})
    if len(names) < 2:
        return []
    return [
        {"category": name}
        | figure([one for one in lines if questions[one["id"]].category == name], questions)
        for name in names
    ]
