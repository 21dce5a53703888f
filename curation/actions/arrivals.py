"""What comes from outside is written: conversations, messages, their lines of history.

Rows are written many at a time. Ids follow from the dataset's slug and what is in the
file: the same file gives the same records on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.utils.text import slugify
from django.utils.timezone import now

from curation.actions import datasets
from curation.actions.findings import Held, findings_in, hold_unwritten
from curation.actions.lookalikes import Drawn, copy_sketches
from curation.actions.sides import sides_by_key
from curation.actions.unwritten import Text, Unwritten, copy_messages
from curation.aggregate.splits import prompt_key
from curation.clean import checks
from curation.copied import copy_in, copy_rows, numbers
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
from curation.prepared import Among
from curation.spelled import as_json

NAMESPACE = UUID("9b2d7c1e-4f0a-5c55-8d3b-6f1f0c9a7e21")  # of the ids of what is imported
PROBLEMS_KEPT = 1_000
MANY = 1_000  # texts that are stored together

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


class Opening(NamedTuple):
    """What a conversation begins with."""

    text: str
    category: Category | None = None
    language: str = ""
    prompt_key: str = ""  # where these are known already
    uid: UUID | None = None


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


def fresh(job: Job, lines: Sequence[Line]) -> list[Any]:
    """What is not in the dataset yet, each once."""
    keys = {found.key for _, found in lines}
    there = set(
        Conversation.objects.filter(
            Among("source_key", list(keys)), dataset=job.dataset
        ).values_list("source_key", flat=True)
    )
    found = {one.key: one for _, one in reversed(lines) if one.key not in there}
    job.report.unchanged += len(lines) - len(found)
    return list(reversed(found.values()))


def begin(job: Job, wanted: dict[str, Opening]) -> dict[str, Conversation]:
    """A conversation for each key, with its number, not written yet."""
    slug = job.dataset.slug
    keys = {
        key: opening.prompt_key or prompt_key(slug, opening.text)
        for key, opening in wanted.items()
    }
    sides = sides_by_key(job.dataset, set(keys.values()))
    numbered = zip(numbers(Conversation, len(wanted)), wanted.items(), strict=True)
    job.report.conversations += len(wanted)
    return {
        key: Conversation(
            pk=pk,
            uid=opening.uid or job.uid(key),
            dataset=job.dataset,
            category=opening.category,
            language=opening.language or job.dataset.languages[0],
            source_key=key,
            **sides[keys[key]]._asdict(),
        )
        for pk, (key, opening) in numbered
    }


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
    uid: UUID | None = None,
) -> Unwritten:
    state = str(state or job.state)
    origin = Message.Origin.MODEL if generator else Message.Origin.IMPORT
    return Unwritten(
        uid=uid or job.uid(conversation.source_key, key),
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
