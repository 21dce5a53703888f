"""What comes from outside is written: conversations, messages, their lines of history.

Rows are written many at a time. Ids follow from the dataset's slug and what is in the
file: the same file gives the same records on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.utils.text import slugify
from django.utils.timezone import now

from curation.actions import datasets
from curation.actions.findings import findings_in, hold_lines, hold_unwritten
from curation.actions.lookalikes import note_sketches
from curation.actions.sides import sides_of
from curation.clean import checks
from curation.copied import copy_in
from curation.formats import jsonl
from curation.formats.trees import Line
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Finding,
    Message,
)

NAMESPACE = UUID("9b2d7c1e-4f0a-5c55-8d3b-6f1f0c9a7e21")  # of the ids of what is imported
PROBLEMS_KEPT = 1_000
MANY = 2_000  # texts that are stored together

State = Message.State


class Problem(NamedTuple):
    line: int
    reason: str


@dataclass
class Report:
    """What became of a file. Only `kept` problems are; `bad` counts them all."""

    conversations: int = 0
    messages: int = 0
    rankings: int = 0
    unchanged: int = 0  # lines that were there already
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)
    kept: int = PROBLEMS_KEPT

    def refuse(self, line: int, reason: object) -> None:
        self.bad += 1
        if len(self.problems) < self.kept:
            self.problems.append(Problem(line, str(reason)))

    def counts(self) -> dict[str, int]:
        names = ("conversations", "messages", "rankings", "unchanged", "bad")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return (
            f"{self.conversations:,} conversations, {self.messages:,} messages and "
            f"{self.rankings:,} rankings added; {self.unchanged:,} lines were there "
            f"already, {self.bad:,} could not be taken"
        )


@dataclass(frozen=True)
class Job:
    """What stays the same through one file."""

    dataset: Dataset
    by: Contributor
    state: str  # of what people wrote
    report: Report
    categories: dict[str, Category] = field(default_factory=dict)
    at: datetime = field(default_factory=now)

    def uid(self, *keys: str) -> UUID:
        return uuid5(NAMESPACE, "\n".join([self.dataset.slug, *keys]))


class Opening(NamedTuple):
    """What a conversation begins with."""

    text: str
    category: Category | None = None
    language: str = ""


def category_named(job: Job, name: str) -> Category | None:
    """By slug, made where it is missing. What has no letters for a slug gets a number."""
    if not name:
        return None
    slug = slugify(name)[:50] or f"category-{jsonl.short_hash(name)[:8]}"
    if slug not in job.categories:
        title = name.replace("_", " ").capitalize()[:60]
        datasets.add_categories(
            dataset=job.dataset, categories=[{"slug": slug, "name": title}], by=job.by
        )
        job.categories[slug] = Category.objects.get(dataset=job.dataset, slug=slug)
    return job.categories[slug]


def fresh(job: Job, lines: Sequence[Line]) -> list[Any]:
    """What is not in the dataset yet, each once."""
    keys = {found.key for _, found in lines}
    there = set(
        Conversation.objects.filter(dataset=job.dataset, source_key__in=keys).values_list(
            "source_key", flat=True
        )
    )
    found = {one.key: one for _, one in reversed(lines) if one.key not in there}
    job.report.unchanged += len(lines) - len(found)
    return list(reversed(found.values()))


def begin(job: Job, wanted: dict[str, Opening]) -> dict[str, Conversation]:
    """A conversation for each key."""
    sides = sides_of(job.dataset, {opening.text for opening in wanted.values()})
    started = {
        key: Conversation(
            uid=job.uid(key),
            dataset=job.dataset,
            category=opening.category,
            language=opening.language or job.dataset.languages[0],
            source_key=key,
            **sides[opening.text]._asdict(),
        )
        for key, opening in wanted.items()
    }
    copy_in(started.values())
    job.report.conversations += len(started)
    return started


def unwritten(
    job: Job,
    conversation: Conversation,
    *,
    key: str,
    generator: str = "",
    state: str = "",
    language: str = "",
    **fields: Any,
) -> Message:
    """A message. It has no guideline: nobody wrote it under one of ours."""
    state = state or job.state
    return Message(
        uid=job.uid(conversation.source_key, key),
        conversation=conversation,
        source_key=key,
        origin=Message.Origin.MODEL if generator else Message.Origin.IMPORT,
        generator=generator,
        state=state,
        language=language or conversation.language,
        decided_at=job.at if state == State.ACCEPTED else None,
        **fields,
    )


def store(job: Job, messages: Sequence[Message]) -> None:
    """Texts with what the checks see in them, and their lines of history.

    What the dataset's policy holds is on hold from the first. Where it holds nothing, many
    texts at once are looked at afterwards, by a worker.
    """
    policy = job.dataset.policy.checks
    if len(messages) >= MANY and not checks.hold_any(policy):
        found: list[list[Finding]] = [[] for _one in messages]  # see rechecks.py
    else:
        found = [findings_in(message, message.parent, policy) for message in messages]
    held = hold_unwritten(messages, found, dataset=job.dataset, at=job.at)
    copy_in(messages)
    note_sketches(messages, are_new=True)
    copy_in(chain.from_iterable(found))
    lines = [*_lines(job, messages), *hold_lines(held, dataset=job.dataset)]
    copy_in(lines)
    job.report.messages += len(messages)


def _lines(job: Job, messages: Iterable[Message]) -> list[Event]:
    return [
        Event.objects.line(
            "message.imported",
            message,
            by=job.by,
            dataset=job.dataset,
            origin=message.origin,
        )
        for message in messages
    ]
