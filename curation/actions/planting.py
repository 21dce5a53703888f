"""Trees from outside become conversations, with their ranks as a ballot."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from uuid import UUID

from curation.actions.arrivals import (
    Job,
    Opening,
    Said,
    begin,
    category_named,
    fresh,
    look_at,
    store,
    unwritten,
)
from curation.actions.conversations import advance_unwritten
from curation.actions.findings import hold_questions
from curation.actions.plants import Plants
from curation.actions.settlements import Settled, settle_imported
from curation.actions.unwritten import Unwritten
from curation.aggregate.demand import Turn
from curation.copied import copy_in, copy_rows, numbers
from curation.formats.trees import Line, Node, Tree
from curation.models import (
    Ballot,
    BallotEntry,
    Conversation,
    Dataset,
    Message,
    Original,
    Settlement,
)

State = Message.State
Stored = dict[int, Unwritten]  # what a node becomes
Level = list[tuple[Tree, Node | None, Node]]
Orders = dict[Unwritten, dict[Unwritten, int]]  # of a prompt: the places of its answers


def take_trees(job: Job, plants: Plants) -> None:
    """All of it is made before anything is written: then a table is written once."""
    trees = fresh(job, [line for line in plants.lines if _fits(job, line)])
    started = begin(job, {tree.key: _opening(job, tree, plants) for tree in trees})
    nodes = list(chain.from_iterable(_levels(trees)))
    stored: Stored = {}
    for tree, parent, node in nodes:
        above = stored[id(parent)] if parent is not None else None
        uid = plants.uids[id(node)]
        stored[id(node)] = _message(job, started[tree.key], tree, above, node, uid)
    messages = list(stored.values())
    seen = look_at(job, messages)
    if job.dataset.is_pairs:
        seen.held.extend(hold_questions(seen.held, at=job.at))
    orders = _orders((node for _tree, _parent, node in nodes), stored)
    settled = _write_orders(orders)
    moved = advance_unwritten(started.values(), _turns(messages, orders, settled))
    copy_in(started.values())
    store(job, messages, seen, _history(job, orders, moved), plants.sketches)
    _keep_originals(nodes, stored, plants)
    job.report.rankings += len(orders)


def _opening(job: Job, tree: Tree, plants: Plants) -> Opening:
    return Opening(
        tree.root.text,
        category_named(job, tree.category),
        tree.root.language,
        plants.prompt_keys[id(tree)],
        plants.uids[id(tree)],
    )


def _history(job: Job, orders: Orders, moved: Iterable[Conversation]) -> Iterator[Said]:
    for prompt in orders:
        yield Said("ballot.imported", "message", prompt.pk, job.by.pk)
    for one in moved:
        yield Said(f"conversation.{one.state}", "conversation", one.pk)


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


def _keep_originals(nodes: Level, stored: Stored, plants: Plants) -> None:
    """What the record has no place for."""
    kept = ((stored[id(n)].pk, t.format, plants.beside.get(id(n))) for t, _p, n in nodes)
    rows = (row for row in kept if row[-1])
    copy_rows(Original, ("message_id", "format", "facts"), rows)


def _message(
    job: Job,
    conversation: Conversation,
    tree: Tree,
    parent: Unwritten | None,
    node: Node,
    uid: UUID,
) -> Unwritten:
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
        uid=uid,
        state=job.state if node.verdict or is_given else State.SUBMITTED,
    )


def _turns(
    messages: Iterable[Unwritten], orders: Orders, settled: Mapping[int, Settled]
) -> dict[int, list[Turn]]:
    """As turns.py has them once all is written. An imported order is already what many
    people said, so no more ballots are wanted."""
    best = {pk for one in settled.values() for pk in one.order[0]}
    contested = {
        pk for pk, one in settled.items() if one.status == Settlement.Status.CONTESTED
    }
    found: dict[int, list[Turn]] = defaultdict(list)
    for one in messages:
        turn = Turn(
            id=one.pk,
            parent=one.parent_id,
            role=one.role,
            state=one.state,
            origin=one.origin,
            ballots=sys.maxsize if one in orders else 0,
            is_best=one.pk in best,
            is_contested=one.pk in contested,
        )
        found[one.conversation.pk].append(turn)
    return found


# ---- ranks -------------------------------------------------------------------------------
def _orders(found: Iterable[Node], stored: Stored) -> Orders:
    """Of each prompt with answers that are ranked."""
    orders = {
        stored[id(node)]: {stored[id(child)]: place for child, place in _places(node)}
        for node in found
        if node.role == Message.Role.PROMPTER
    }
    return {prompt: places for prompt, places in orders.items() if len(places) > 1}


def _write_orders(orders: Orders) -> dict[int, Settled]:
    """Each as one ballot, and what that adds up to; equal ranks tie."""
    ballots = dict(zip(orders, numbers(Ballot, len(orders)), strict=True))
    outcome = Ballot.Outcome.RANKED.value
    rows = ((pk, prompt.pk, outcome) for prompt, pk in ballots.items())
    copy_rows(Ballot, ("id", "prompt_id", "outcome"), rows)
    entries = (
        (ballots[prompt], reply.pk, place, shown)
        for prompt, places in orders.items()
        for shown, (reply, place) in enumerate(places.items(), start=1)
    )
    copy_rows(BallotEntry, ("ballot_id", "reply_id", "position", "shown"), entries)
    return settle_imported(orders)


def _places(prompt: Node) -> list[tuple[Node, int]]:
    """Of the answers that are ranked, 1 for the best."""
    ranked = [(child, child.rank) for child in prompt.children if child.rank is not None]
    levels = sorted({rank for _child, rank in ranked})
    return [(child, levels.index(rank) + 1) for child, rank in ranked]
