"""Trees from outside become conversations, with their ranks as a ballot."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from curation.actions.arrivals import Job, Said, begin, category_named, look_at, store
from curation.actions.conversations import advance_unwritten
from curation.actions.findings import hold_questions
from curation.actions.plants import Orders, Plant, Plants
from curation.actions.settlements import Settled, settle_imported
from curation.actions.unwritten import Unwritten
from curation.aggregate.demand import Turn
from curation.copied import copy_in, copy_rows, numbers
from curation.errors import BadLine
from curation.formats.trees import Line, Tree
from curation.models import (
    Ballot,
    BallotEntry,
    Conversation,
    Dataset,
    Original,
    Settlement,
)
from curation.prepared import Among


def take_trees(job: Job, ready: Plants) -> None:
    """All of it is made before anything is written: then a table is written once."""
    plants = _fresh(job, [one for one in ready.plants if _fits(job, one.line)])
    for one in plants:
        one.conversation.category = category_named(job, one.tree.category)
    started = [one.conversation for one in plants]
    begin(job, started)
    messages = list(chain.from_iterable(one.messages for one in plants))
    seen = look_at(job, messages)
    if job.dataset.is_pairs:
        seen.held.extend(hold_questions(seen.held, at=job.at))
    orders = dict(chain.from_iterable(one.orders.items() for one in plants))
    settled = _write_orders(orders)
    moved = advance_unwritten(started, _turns(messages, orders, settled))
    copy_in(started)
    store(job, messages, seen, _history(job, orders, moved), ready.sketches)
    _keep_originals(plants)
    job.report.rankings += len(orders)


def _fresh(job: Job, plants: Sequence[Plant]) -> list[Plant]:
    """What is not in the dataset yet, each once."""
    keys = [one.tree.key for one in plants]
    same = Conversation.objects.filter(Among("source_key", keys), dataset=job.dataset)
    there = set(same.values_list("source_key", flat=True))
    found: dict[str, Plant] = {}
    for one in plants:
        if one.tree.key not in there:
            found.setdefault(one.tree.key, one)
    job.report.unchanged += len(plants) - len(found)
    return list(found.values())


def _history(job: Job, orders: Orders, moved: Iterable[Conversation]) -> Iterator[Said]:
    for prompt in orders:
        yield Said("ballot.imported", "message", prompt.pk, job.by.pk)
    for one in moved:
        yield Said(f"conversation.{one.state}", "conversation", one.pk)


def _fits(job: Job, line: Line) -> bool:
    problem = misfit(job.dataset, line.found)
    if problem is not None:
        job.report.refuse(line.number, problem)
    return problem is None


def misfit(dataset: Dataset, tree: Tree) -> BadLine | None:
    """Why it has no place there. Pairs are a question with answers, and no more turns."""
    if not dataset.is_pairs:
        return None
    if not tree.root.children:
        return BadLine(
            "%(dataset)s holds pairs, and this has no answer.", dataset=str(dataset)
        )
    if any(answer.children for answer in tree.root.children):
        return BadLine(
            "%(dataset)s holds pairs, and this has more than two turns: import it into a "
            "dataset of conversations.",
            dataset=str(dataset),
        )
    return None


def _keep_originals(plants: Iterable[Plant]) -> None:
    """What the record has no place for."""
    rows = ((m.pk, one.tree.format, kept) for one in plants for m, kept in one.beside)
    copy_rows(Original, ("message_id", "format", "facts"), rows)


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
