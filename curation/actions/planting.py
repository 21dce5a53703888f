"""Trees from outside become conversations, with their ranks as a ballot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from curation.actions import conversations
from curation.actions.arrivals import (
    Job,
    Opening,
    begin,
    category_named,
    fresh,
    store,
    unwritten,
)
from curation.actions.findings import hold_questions
from curation.actions.settlements import settle_imported
from curation.copied import copy_in
from curation.formats.trees import Line, Node, Tree, beside
from curation.models import (
    Ballot,
    BallotEntry,
    Conversation,
    Dataset,
    Event,
    Message,
    Original,
)

State = Message.State
Stored = dict[int, Message]  # what a node became
Level = list[tuple[Tree, Node | None, Node]]


def take_trees(job: Job, lines: list[Line]) -> None:
    trees = fresh(job, [line for line in lines if _fits(job, line)])
    kinds = {tree.key: category_named(job, tree.category) for tree in trees}
    started = begin(job, {
        tree.key: Opening(tree.root.text, kinds[tree.key], tree.root.language)
        for tree in trees
    })  # fmt: skip
    stored: Stored = {}
    for level in _levels(trees):
        _take_level(job, level, started, stored)
    if job.dataset.is_pairs:
        answers = [one for one in stored.values() if one.parent is not None]
        hold_questions(answers, dataset=job.dataset, at=job.at)
    found = (node for _tree, _parent, node in chain.from_iterable(_levels(trees)))
    _take_rankings(job, found, stored)
    conversations.advance_all(list(started.values()))


def _fits(job: Job, line: Line) -> bool:
    problem = misfit(job.dataset, line.found)
    if problem:
        job.report.refuse(line.number, problem)
    return not problem


def misfit(dataset: Dataset, tree: Tree) -> str:
    """Why it has no place there. Pairs are a question with answers, and no more turns."""
    if not dataset.is_pairs:
        return ""
    if not tree.root.children:
        return f"{dataset} holds pairs, and this has no answer."
    if any(answer.children for answer in tree.root.children):
        return (
            f"{dataset} holds pairs, and this has more than two turns: import it "
            "into a dataset of conversations."
        )
    return ""


def _levels(trees: Sequence[Tree]) -> Iterator[Level]:
    """The messages of all trees from the first prompts down, each with its parent."""
    level: Level = [(tree, None, tree.root) for tree in trees]
    while level:
        yield level
        level = [(tree, node, child) for tree, _, node in level for child in node.children]


def _take_level(
    job: Job, level: Level, started: dict[str, Conversation], stored: Stored
) -> None:
    """Stored first: what stands beside a message points at it."""
    found = []
    for tree, parent, node in level:
        above = stored[id(parent)] if parent is not None else None
        stored[id(node)] = _message(job, started[tree.key], tree, above, node)
        found.append(stored[id(node)])
    store(job, found)
    kept = (
        Original(message=stored[id(node)], format=tree.format, facts=facts)
        for tree, _parent, node in level
        if (facts := _facts(started[tree.key], tree, node))
    )
    copy_in(kept)


def _facts(conversation: Conversation, tree: Tree, node: Node) -> dict[str, object]:
    facts = beside(node, tree)
    category = conversation.category
    if node is tree.root and category is not None and category.slug != tree.category:
        facts["category"] = {category.slug: tree.category}  # as the file spells it
    return facts


def _message(
    job: Job, conversation: Conversation, tree: Tree, parent: Message | None, node: Node
) -> Message:
    # Prompts that were written for a tree, not drawn into it, never got a verdict.
    is_given = node.verdict is None and parent is None and tree.is_ready
    return unwritten(
        job,
        conversation,
        key=node.key,
        parent=parent,
        role=node.role,
        text=node.text,
        context=node.context,
        language=node.language,
        generator=node.generator,
        state=job.state if node.verdict or is_given else State.SUBMITTED,
    )


def _take_rankings(job: Job, found: Iterable[Node], stored: Stored) -> None:
    """The order of each prompt's answers as one ballot; equal ranks tie."""
    orders = {
        stored[id(node)]: {stored[id(child)]: place for child, place in _places(node)}
        for node in found
        if node.role == Message.Role.PROMPTER
    }
    ranked = {prompt: places for prompt, places in orders.items() if len(places) > 1}
    ballots = [Ballot(prompt=one, outcome=Ballot.Outcome.RANKED) for one in ranked]
    copy_in(ballots)
    entries = (
        BallotEntry(ballot=ballot, reply=reply, position=place, shown=shown)
        for ballot in ballots
        for shown, (reply, place) in enumerate(ranked[ballot.prompt].items(), start=1)
    )
    copy_in(entries)
    copy_in(
        Event.objects.line("ballot.imported", one, by=job.by, dataset=job.dataset)
        for one in ranked
    )
    settle_imported(ranked)
    job.report.rankings += len(ranked)


def _places(prompt: Node) -> list[tuple[Node, int]]:
    """Of the answers that are ranked, 1 for the best."""
    ranked = [(child, child.rank) for child in prompt.children if child.rank is not None]
    levels = sorted({rank for _child, rank in ranked})
    return [(child, levels.index(rank) + 1) for child, rank in ranked]
