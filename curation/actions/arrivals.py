"""What a batch of lines from outside becomes, each format in its own way.

Rows are written many at a time. Ids follow from the dataset's slug and what is in the
file: the same file gives the same records on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.utils.text import slugify
from django.utils.timezone import now

from curation.actions import conversations, datasets
from curation.actions.findings import (
    findings_in,
    hold_lines,
    hold_questions,
    hold_unwritten,
)
from curation.actions.lookalikes import note_sketches
from curation.actions.settlements import ask_again, settle
from curation.actions.sides import sides_of
from curation.formats import jsonl, oasst, responses
from curation.models import (
    Ballot,
    BallotEntry,
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
WRITTEN_AT_ONCE = 2_000  # rows in one INSERT

State = Message.State
Role = Message.Role
Stored = dict[tuple[str, UUID], Message]  # tree and node -> what it became


class Problem(NamedTuple):
    line: int
    reason: str


@dataclass
class Report:
    """What became of a file. Only the first problems are kept; `bad` counts them all."""

    conversations: int = 0
    messages: int = 0
    rankings: int = 0
    unchanged: int = 0  # lines that were there already
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, line: int, reason: object) -> None:
        self.bad += 1
        if len(self.problems) < PROBLEMS_KEPT:
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


class Line(NamedTuple):
    number: int
    found: Any  # Tree, Pair or Response, as the format says


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


# ---- Open Assistant's trees ----------------------------------------------------------
def take_trees(job: Job, lines: list[Line]) -> None:
    fresh = _fresh(job, lines)
    started = _begin(
        job, {tree.key: (tree.root.text, None, tree.root.language) for tree in fresh}
    )
    stored: Stored = {}
    for level in _levels(fresh):
        for tree, parent, node in level:
            above = stored[tree.key, parent.uid] if parent else None
            stored[tree.key, node.uid] = _of_tree(job, started[tree.key], tree, above, node)
        _store(job, [stored[tree.key, node.uid] for tree, _, node in level])
    for tree, _, node in chain.from_iterable(_levels(fresh)):
        _take_ranking(job, tree, node, stored)
    conversations.advance_all(list(started.values()))


def _levels(
    trees: Sequence[oasst.Tree],
) -> Iterator[list[tuple[oasst.Tree, oasst.Node | None, oasst.Node]]]:
    """The messages of all trees from the first prompts down, each with its parent."""
    level: list[tuple[oasst.Tree, oasst.Node | None, oasst.Node]]
    level = [(tree, None, tree.root) for tree in trees]
    while level:
        yield level
        level = [(tree, node, child) for tree, _, node in level for child in node.children]


def _of_tree(
    job: Job,
    conversation: Conversation,
    tree: oasst.Tree,
    parent: Message | None,
    node: oasst.Node,
) -> Message:
    # Prompts that were written for a tree, not drawn into it, never got a verdict.
    is_given = node.review_result is None and parent is None and tree.is_ready
    return _message(
        job,
        conversation,
        key=node.key,
        parent=parent,
        role=node.role,
        text=node.text,
        language=node.language,
        generator=node.generator,
        state=job.state if node.review_result or is_given else State.SUBMITTED,
    )


def _take_ranking(job: Job, tree: oasst.Tree, node: oasst.Node, stored: Stored) -> None:
    """The order of a prompt's answers as one ballot; equal ranks tie."""
    ranked = [child for child in node.children if child.rank is not None]
    if node.role != Role.PROMPTER or len(ranked) < 2:
        return
    prompt = stored[tree.key, node.uid]
    ballot = Ballot.objects.create(prompt=prompt, outcome=Ballot.Outcome.RANKED)
    levels = sorted({child.rank for child in ranked if child.rank is not None})
    BallotEntry.objects.bulk_create(
        BallotEntry(
            ballot=ballot,
            reply=stored[tree.key, child.uid],
            position=levels.index(child.rank) + 1 if child.rank is not None else None,
            shown=shown,
        )
        for shown, child in enumerate(ranked, start=1)
    )
    Event.objects.record("ballot.imported", prompt, by=job.by, dataset=job.dataset)
    settle(prompt)
    job.report.rankings += 1


# ---- Dolly's pairs -------------------------------------------------------------------
def take_pairs(job: Job, lines: list[Line]) -> None:
    fresh = _fresh(job, lines)
    kinds = {pair.key: _category(job, pair.category) for pair in fresh}
    started = _begin(job, {p.key: (p.prompt, kinds[p.key], "") for p in fresh})
    prompts = {
        pair.key: _message(
            job,
            started[pair.key],
            key="prompt",
            role=Role.PROMPTER,
            text=pair.prompt,
            context=pair.context,
        )
        for pair in fresh
    }
    _store(job, list(prompts.values()))
    answers = [
        _message(
            job,
            started[pair.key],
            key="reply",
            parent=prompts[pair.key],
            role=Role.ASSISTANT,
            text=pair.reply,
        )
        for pair in fresh
    ]
    _store(job, answers)
    hold_questions(answers, dataset=job.dataset, at=job.at)
    conversations.advance_all(list(started.values()))


def _category(job: Job, name: str) -> Category | None:
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


# ---- what models answered ------------------------------------------------------------
def take_responses(job: Job, lines: list[Line]) -> None:
    """Answers go under their prompt as proposals, to be ranked and then reviewed."""
    prompts = _prompts_for(job, lines)
    there = set(
        Message.objects.filter(
            conversation__in={prompt.conversation_id for prompt in prompts.values()},
            source_key__in={found.key for _, found in lines},
        ).values_list("conversation_id", "source_key")
    )
    answers: dict[tuple[int, str], Message] = {}
    for number, found in lines:
        prompt = prompts[found.prompt_key]
        key = (prompt.conversation_id, found.key)
        if key in there or key in answers:
            job.report.unchanged += 1
        elif prompt.state != State.ACCEPTED:
            job.report.refuse(number, f"Its prompt is there already, and {prompt.state}.")
        else:
            answers[key] = _answer(job, prompt, found)
    _store(job, list(answers.values()))
    offered = [one for one in answers.values() if one.state == State.SUBMITTED]
    touched = {answer.conversation_id: answer for answer in offered}
    for answer in touched.values():
        assert answer.parent is not None  # see _answer
        ask_again(answer.parent)
    conversations.advance_all([answer.conversation for answer in touched.values()])


def _answer(job: Job, prompt: Message, found: responses.Response) -> Message:
    return _message(
        job,
        prompt.conversation,
        key=found.key,
        parent=prompt,
        role=Role.ASSISTANT,
        text=found.reply,
        generator=found.model,
        state=State.SUBMITTED,
    )


def _prompts_for(job: Job, lines: Sequence[Line]) -> dict[str, Message]:
    """The first prompt for each line's key: locked where it is there, else written now."""
    texts = {found.prompt_key: found.prompt for _, found in reversed(lines)}
    there = (
        Conversation.objects.select_for_update()
        .filter(dataset=job.dataset, source_key__in=texts)
        .order_by("pk")
    )
    held = {conversation.pk: conversation for conversation in there}
    roots = Message.objects.filter(conversation__in=held, source_key="prompt")
    prompts = {}
    for root in roots:
        root.conversation = held[root.conversation_id]
        root.conversation.dataset = job.dataset
        prompts[root.conversation.source_key] = root
    missing = {key: text for key, text in texts.items() if key not in prompts}
    started = _begin(job, {key: (text, None, "") for key, text in missing.items()})
    written = {
        key: _message(
            job,
            one,
            key="prompt",
            role=Role.PROMPTER,
            text=texts[key],
            state=State.ACCEPTED,
        )
        for key, one in started.items()
    }
    _store(job, list(written.values()))
    on_hold = [one.conversation for one in written.values() if one.state == State.HELD]
    conversations.advance_all(on_hold)
    return prompts | written


# ---- writing many rows ---------------------------------------------------------------
def _fresh(job: Job, lines: list[Line]) -> list[Any]:
    """What is not in the dataset yet, each once."""
    keys = {found.key for _, found in lines}
    there = set(
        Conversation.objects.filter(dataset=job.dataset, source_key__in=keys).values_list(
            "source_key", flat=True
        )
    )
    fresh = {found.key: found for _, found in reversed(lines) if found.key not in there}
    job.report.unchanged += len(lines) - len(fresh)
    return list(reversed(fresh.values()))


def _begin(
    job: Job, wanted: dict[str, tuple[str, Category | None, str]]
) -> dict[str, Conversation]:
    """A conversation for each key, given its first prompt, category and language."""
    sides = sides_of(job.dataset, {text for text, _, _ in wanted.values()})
    started = {
        key: Conversation(
            uid=job.uid(key),
            dataset=job.dataset,
            category=category,
            language=language or job.dataset.languages[0],
            source_key=key,
            **sides[text]._asdict(),
        )
        for key, (text, category, language) in wanted.items()
    }
    Conversation.objects.bulk_create(started.values(), batch_size=WRITTEN_AT_ONCE)
    job.report.conversations += len(started)
    return started


def _message(
    job: Job,
    conversation: Conversation,
    *,
    key: str,
    generator: str = "",
    state: str = "",
    language: str = "",
    **fields: Any,
) -> Message:
    """Not written yet. It has no guideline: nobody wrote it under one of ours."""
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


def _store(job: Job, messages: list[Message]) -> None:
    """Texts with what the checks see in them, and their lines of history.

    What the dataset's policy holds is on hold from the first.
    """
    policy = job.dataset.policy.checks
    found = [findings_in(message, message.parent, policy) for message in messages]
    held = hold_unwritten(messages, found, dataset=job.dataset, at=job.at)
    Message.objects.bulk_create(messages, batch_size=WRITTEN_AT_ONCE)
    note_sketches(messages)
    Finding.objects.bulk_create(chain.from_iterable(found), batch_size=WRITTEN_AT_ONCE)
    lines = [
        Event.objects.line(
            "message.imported",
            message,
            by=job.by,
            dataset=job.dataset,
            origin=message.origin,
        )
        for message in messages
    ]
    lines += hold_lines(held, dataset=job.dataset)
    Event.objects.bulk_create(lines, batch_size=WRITTEN_AT_ONCE)
    job.report.messages += len(messages)
