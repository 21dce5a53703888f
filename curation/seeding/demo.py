"""Makes the demo, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import transaction

from curation.actions import datasets
from curation.errors import CurationError
from curation.models import Category, Conversation, Dataset
from curation.seeding import dates, talk
from curation.seeding.cast import Cast, hire, write_down
from curation.seeding.stories import Stage

FOLDER = Path(__file__).parents[1] / "demo"
RULES = {
    "pairs": {
        "reviews_wanted": 1, "approvals_needed": 1, "rankings_wanted": 1,
        "weekly_goal": 60, "gold_every": 10,
    },
    "conversations": {
        "reviews_wanted": 1, "approvals_needed": 1, "rankings_wanted": 3,
        "replies_wanted": 3, "max_depth": 4, "open_conversations": 30, "weekly_goal": 40,
    },
}  # fmt: skip
Tell = Callable[[Stage, dict[str, Any]], tuple[Conversation, str]]
TELL: dict[str, Tell] = {"pairs": Stage.pair, "conversations": Stage.tree}


def seed(folder: Path = FOLDER) -> str:
    """Make both datasets unless one is there; say in a sentence what was done."""
    plans = {
        shape: json.loads((folder / f"{shape}_dataset.json").read_text("utf-8"))
        for shape in RULES
    }
    slugs = [plan["slug"] for plan in plans.values()]
    if Dataset.objects.filter(slug__in=slugs).exists():
        return "The demo is there already: nothing was changed."
    with ThreadPoolExecutor(1) as hasher, transaction.atomic():
        cast = hire(hasher)
        made = [_dataset(plan, shape, cast) for shape, plan in plans.items()]
        for dataset in made:
            _fill(dataset, folder / f"{dataset.shape}.jsonl", cast)
            talk.begin(dataset, cast)
        dates.spread(made, chance=cast.chance)
        cast.introduce(made)
        dates.settle_news()
        cast.set_passwords()
        # Before the commit: no account may come to be whose password nobody knows.
        path = write_down(cast.passwords)
    return f"The demo is ready. Its accounts and passwords are in {path}"


def _dataset(plan: dict[str, Any], shape: str, cast: Cast) -> Dataset:
    facts = {name: value for name, value in plan.items() if name != "categories"}
    facts["shape"] = shape
    dataset = datasets.create(**facts, by=cast.admin, policy=RULES[shape])
    datasets.add_categories(dataset=dataset, categories=plan["categories"], by=cast.admin)
    cast.join(dataset)
    return dataset


def _fill(dataset: Dataset, file: Path, cast: Cast) -> None:
    """Play every line, then see that each conversation is where its line says."""
    categories = {c.slug: c for c in Category.objects.filter(dataset=dataset)}
    stage = Stage(dataset=dataset, categories=categories, cast=cast)
    expected: dict[int, tuple[int, str]] = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        try:
            conversation, state = TELL[dataset.shape](stage, json.loads(line))
        except (CurationError, LookupError, ValueError) as problem:
            raise CurationError(f"{file.name} line {number}: {problem}") from problem
        expected[conversation.pk] = (number, state)
    states = Conversation.objects.in_bulk(expected)
    wrong = [
        f"line {number} is {states[pk].state} where {state} is told"
        for pk, (number, state) in expected.items()
        if states[pk].state != state
    ]
    if wrong:
        raise CurationError(f"{file.name}: {'; '.join(wrong)}.")
