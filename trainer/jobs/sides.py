"""Models that answer the same prompts, and a judge that marks what they said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from curation.handoff import Prompt
from trainer import jsonl, served
from trainer.folders import model
from trainer.models import BaseModel, Job, Run
from trainer.text import storable
from trainer.wins import Mark
from trainer.work import Work

# People's words are in the record and nowhere else: see forgetting.py.
PROMPTS, ANSWERS, MARKS = "prompts.jsonl", "answers.jsonl", "marks.jsonl"
MAX_LENGTH = 512


class Side(NamedTuple):
    """One of the models that answer."""

    base: BaseModel
    run: Run | None

    @property
    def name(self) -> str:
        return self.run.signature if self.run else self.base.slug


class Said(NamedTuple):
    """The answers to each prompt in their order; `ended` where it is known of each whether
    the model stopped by itself."""

    engine: str
    answers: list[list[str]]
    ended: list[bool]

    @property
    def ended_share(self) -> float | None:
        return sum(self.ended) / len(self.ended) if self.ended else None


@dataclass(frozen=True)
class Shape:
    """How answers are made."""

    answers: int  # to each prompt
    temperature: float
    max_new_tokens: int
    max_length: int
    seed: int

    def for_server(self) -> dict[str, Any]:
        return {
            "answers": self.answers, "temperature": self.temperature,
            "max_new_tokens": self.max_new_tokens, "seed": self.seed,
        }  # fmt: skip


def answered(
    work: Work[Job],
    number: int,
    side: Side,
    prompts: Sequence[Prompt],
    shape: Shape,
    tell: Callable[[int], None],
) -> Said:
    """`tell` hears how many prompts are done, and may raise to stop."""
    tell(0)
    if served.serves(side.name):
        told = served.answers(side.name, prompts, tell=tell, **shape.for_server())
        return Said("vLLM", [[storable(text) for text in texts] for texts in told], [])

    def take(event: dict[str, Any] | None) -> None:
        if event and event.get("event") == "sampled":
            tell(event["done"])

    out = work.folder / f"side-{number}"
    out.mkdir(exist_ok=True)
    asked = jsonl.write(
        out / PROMPTS, ({"id": one.uid, "messages": one.messages} for one in prompts)
    )
    place = model(side.base, side.run) | {"max_length": shape.max_length}
    files = {"prompts": str(asked), "out": str(out)}
    work.recipe("generate", place | shape.for_server() | files, take=take)
    found = {line["id"]: line for line in jsonl.read(out / ANSWERS)}
    lines = [found[one.uid] for one in prompts]
    return Said(
        "transformers",
        [[storable(text) for text in line["answers"]] for line in lines],
        [ended for line in lines for ended in line.get("ended", [])],
    )


def marked(
    work: Work[Job],
    judge: Run,
    prompts: Iterable[Prompt],
    answers: Iterable[Sequence[str]],
) -> list[list[Mark]]:
    """Of each prompt a mark an answer; None for one that cannot be marked."""
    out = work.folder / "side-marks"
    out.mkdir(exist_ok=True)
    asked = [
        {"id": str(place), "messages": prompt.messages, "answers": list(texts)}
        for place, (prompt, texts) in enumerate(zip(prompts, answers, strict=True))
    ]
    path = jsonl.write(out / ANSWERS, asked)
    longest = judge.config.get("max_length", MAX_LENGTH)
    files = {"answers": str(path), "out": str(out)}
    lengths = {"max_length": longest, "batch_tokens": max(4096, longest)}

    def take(event: dict[str, Any] | None) -> None:
        """Marking is quick beside answering: the bar stays where it is."""

    work.recipe("mark", model(judge.base, judge) | files | lengths, take=take)
    return [line["marks"] for line in jsonl.read(out / MARKS)]


def forget(folder: Path) -> None:
    """A retry asks for them again."""
    for name in (PROMPTS, ANSWERS):
        for path in folder.glob(f"side-*/{name}"):
            path.unlink()
