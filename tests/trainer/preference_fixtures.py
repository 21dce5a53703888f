"""A small version with preferences: the more polite, the better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.trainer.recipe_fixtures import NAMES, THINGS

TRAINED, HELD_OUT = 12, 4


def write_preferences(folder: Path) -> Path:
    """Rankings of three, their pairs, two edits, and single judgements."""
    version = folder / "preferences"
    version.mkdir(parents=True)
    for split, numbers in (
        ("train", range(TRAINED)),
        ("held_out", range(TRAINED, TRAINED + HELD_OUT)),
    ):
        rankings = [ranking(number) for number in numbers]
        pairs = [pair for one in rankings for pair in pairs_of(one)]
        pairs += [edit(number) for number in list(numbers)[:2]]
        unpaired = [one for given in rankings for one in judgements_of(given)]
        write(version / f"rankings_{split}.jsonl", rankings)
        write(version / f"pairs_{split}.jsonl", pairs)
        write(version / f"unpaired_{split}.jsonl", unpaired)
    return version


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def ranking(number: int, **changes: Any) -> dict[str, Any]:
    thing, name = THINGS[number % len(THINGS)], NAMES[number % len(NAMES)]
    replies = [
        f"Could you please bring {name} the {thing}?",
        f"Please bring {name} the {thing}.",
        f"Bring {name} the {thing}!",
    ]
    return {
        **side(number),
        "prompt_id": f"p{number}",
        "answers": [
            {
                "id": f"p{number}-{place}",
                "place": place,
                "share": None,
                "positions": [],
                "content": reply,
            }
            for place, reply in enumerate(replies)
        ],
        "votes": 3,
        "agreement": 90,
        "status": "settled",
        "raters": "",
        **changes,
    }


def pairs_of(ranking: dict[str, Any]) -> Iterator[dict[str, Any]]:
    answers = ranking["answers"]
    for place, better in enumerate(answers):
        for worse in answers[place + 1 :]:
            yield pair(ranking, better, worse)


def pair(
    ranking: dict[str, Any], better: dict[str, Any], worse: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    shared = ("conversation", "category", "language", "prompt", "group", "prompt_id")
    return {
        **{name: ranking[name] for name in shared},
        "chosen_id": better["id"],
        "rejected_id": worse["id"],
        "chosen": said(better["content"]),
        "rejected": said(worse["content"]),
        "source": "ballots",
        "margin": 3,
        "votes": 3,
        "share": 1000,
        "agreement": 90,
        "status": ranking["status"],
        "raters": ranking["raters"],
        **changes,
    }


def edit(number: int) -> dict[str, Any]:
    mended, written = ranking(number)["answers"][0], {"id": "", "content": "Bring it!"}
    return pair(
        ranking(number), mended, written, source="edit", margin=None, votes=None,
        agreement=None, status="edited",
    )  # fmt: skip


def judgements_of(ranking: dict[str, Any]) -> Iterator[dict[str, Any]]:
    first, *_, last = ranking["answers"]
    for answer, label in ((first, True), (last, False)):
        yield {
            "id": answer["id"],
            "category": ranking["category"],
            "language": "en",
            "prompt": ranking["prompt"],
            "completion": said(answer["content"]),
            "label": label,
            "group": ranking["group"],
        }


def side(number: int) -> dict[str, Any]:
    thing, name = THINGS[number % len(THINGS)], NAMES[number % len(NAMES)]
    asked = f"Rewrite politely: Bring {name} the {thing}."
    return {
        "conversation": f"c{number}",
        "group": f"c{number}",
        "category": "polite" if number % 2 else "courtesy",
        "language": "en",
        "prompt": [{"role": "user", "content": asked}],
    }


def said(content: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": content}]
