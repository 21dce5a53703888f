"""What comes from outside is written: conversations, messages, their lines of history.

Rows are written many at a time. Ids follow from the dataset's slug and what is in the
file: the same file gives the same records on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple, Self
from uuid import UUID, uuid5

from django.utils.text import slugify
from django.utils.timezone import now

from curation import wording
from curation.actions import datasets
from curation.actions.findings import Held, findings_in, hold_unwritten
from curation.actions.lookalikes import Drawn, copy_sketches
from curation.actions.sides import sides_by_key
from curation.actions.unwritten import Text, Unwritten, copy_messages
from curation.aggregate.splits import prompt_key
from curation.clean import checks
from curation.copied import copy_in, copy_rows, numbers
from curation.errors import BadLine
from curation.formats import jsonl
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Finding,
    Message,
)
from curation.models.imports import REASON_AT_MOST
from curation.spelled import as_json

NAMESPACE = UUID("9b2d7c1e-4f0a-5c55-8d3b-6f1f0c9a7e21")  # of the ids of what is imported
PROBLEMS_KEPT = 1_000
MANY = 1_000  # texts that are stored together

State = Message.State


class Problem(NamedTuple):
    """Why a line was not taken, in English; its %-names are in `facts`."""

    line: int
    reason: str
    facts: Mapping[str, str | int]

    @classmethod
    def of(cls, line: int, why: BadLine) -> Self:
        return cls(line, *wording.fitting(why.said, why.facts, at_most=REASON_AT_MOST))

    @property
    def said(self) -> str:
        """The reason in the reader's language."""
        return wording.told(self.reason, self.facts)


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

    def refuse(self, line: int, why: BadLine) -> None:
        self.bad += 1
        if len(self.problems) < self.kept:
            self.problems.append(Problem.of(line, why))

    def add(self, bad: int, problems: Sequence[Problem]) -> None:
        """So many more, of which these are kept."""
        self.bad += bad
        self.problems += problems[: max(0, self.kept - len(self.problems))]

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
    # Called once the server has all texts of a batch and is busy with them.
    meanwhile: Callable[[], None] = lambda: None

    def uid(self, *keys: str) -> UUID:
        return uuid5(NAMESPACE, "\n".join([self.dataset.slug, *keys]))


def category_slug(name: str) -> str:
    """What has no letters for a slug gets a number."""
    return slugify(name)[:50] or f"category-{jsonl.short_hash(name)[:8]}"


def category_named(job: Job, name: str) -> Category | None:
    """By slug, made where it is missing."""
    if not name:
        return None
    slug = category_slug(name)
    if slug not in job.categories:
        title = name.replace("_", " ").capitalize()[:60]
        datasets.add_categories(
            dataset=job.dataset, categories=[{"slug": slug, "name": title}], by=job.by
        )
        job.categories[slug] = Category.objects.get(dataset=job.dataset, slug=slug)
    return job.categories[slug]


def opened(job: Job, key: str, first_prompt: str, *, language: str = "") -> Conversation:
    """A conversation that begins with these words, without its number and its side. No
    query."""
    return Conversation(
        uid=job.uid(key),
        dataset=job.dataset,
        language=language or job.dataset.languages[0],
        source_key=key,
        prompt_key=prompt_key(job.dataset.slug, first_prompt),
    )


def begin(job: Job, conversations: Sequence[Conversation]) -> None:
    """Number those that are opened, and find each its side. They are not written yet."""
    sides = sides_by_key(job.dataset, {one.prompt_key for one in conversations})
    given = numbers(Conversation, len(conversations))
    for pk, one in zip(given, conversations, strict=True):
        side = sides[one.prompt_key]
        one.pk, one.split, one.group = pk, side.split, side.group
    job.report.conversations += len(conversations)


def unwritten(
    job: Job,
    conversation: Conversation,
    *,
    key: str,
    role: str,
    text: str,
    parent: Text | None = None,
    context: str = "",
    generator: str = "",
    state: str = "",
    language: str = "",
) -> Unwritten:
    """A message of it, without its number. No query."""
    state = str(state or job.state)
    origin = Message.Origin.MODEL if generator else Message.Origin.IMPORT
    return Unwritten(
        uid=job.uid(conversation.source_key, key),
        conversation=conversation,
        parent=parent,
        role=str(role),
        origin=origin.value,
        generator=generator,
        text=text,
        context=context,
        language=language or conversation.language,
        source_key=key,
        state=state,
        decided_at=job.at if state == State.ACCEPTED else None,
    )


class Seen(NamedTuple):
    """What the checks see in texts that are about to be written."""

    found: list[Finding]
    held: list[Held]


def look_at(job: Job, messages: Sequence[Unwritten]) -> Seen:
    """Number them, parents first, and look at them.

    What the dataset's policy holds is on hold from the first. Where it holds nothing, many
    texts at once are looked at afterwards, by a worker: see rechecks.py.
    """
    for message, pk in zip(messages, numbers(Message, len(messages)), strict=True):
        message.pk = pk
    policy = job.dataset.policy.checks
    if len(messages) >= MANY and not checks.hold_any(policy):
        return Seen([], [])
    found = [findings_in(message, message.parent, policy) for message in messages]
    held = hold_unwritten(messages, found, dataset=job.dataset, at=job.at)
    return Seen(list(chain.from_iterable(found)), held)


def store(
    job: Job,
    messages: Sequence[Unwritten],
    seen: Seen,
    besides: Iterable[Said] = (),
    sketches: Mapping[str, Drawn] | None = None,
) -> None:
    """Write texts with what was seen in them, and their lines of history. `sketches` are
    those of first prompts that were drawn already."""
    copy_messages(messages, job.meanwhile)
    copy_sketches(messages, job.dataset, sketches or {})
    copy_in(seen.found)
    note(job, chain(_arrivals(job, messages), _holds(seen.held), besides))
    job.report.messages += len(messages)


# ---- history -----------------------------------------------------------------------------
class Said(NamedTuple):
    """A line of history, not written yet: see Event."""

    kind: str
    subject_kind: str
    subject_id: int
    by_id: int | None = None  # None: no person did it
    data: str = "{}"  # JSON


def note(job: Job, lines: Iterable[Said]) -> None:
    dataset = (job.dataset.pk,)
    copy_rows(Event, (*Said._fields, "dataset_id"), (line + dataset for line in lines))


def _arrivals(job: Job, messages: Iterable[Unwritten]) -> Iterator[Said]:
    data = {kind.value: as_json({"origin": kind.value}) for kind in Message.Origin}
    for one in messages:
        yield Said("message.imported", "message", one.pk, job.by.pk, data[one.origin])


def _holds(held: Iterable[Held]) -> Iterator[Said]:
    for message, was in held:
        said = as_json({"why": message.why, "was": was})
        yield Said("message.held", "message", message.pk, data=said)
