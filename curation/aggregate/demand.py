"""What a conversation still needs from people: the one place that says so.

Messages and rules in, wants out. The state of a conversation follows from its wants, and
the slots that people are given are made from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import ceil
from typing import NamedTuple

# Answers on one ballot: studies had people order 4 to 9 with care. It is also the letters
# and single keys that the page has, so no more without another page.
RANK_AT_MOST = 9
# Ballots on one prompt, whatever its rules say: with 9, Kendall's W tells what people
# honestly see in two ways nearly as well as with 15 (area under the curve .94 and .96).
BALLOTS_AT_MOST = 9


class Rules(NamedTuple):
    """The part of a dataset's policy that decides demand."""

    is_pairs: bool
    replies_wanted: int
    max_depth: int
    reviews_wanted: int
    rankings_wanted: int
    rankings_at_most: int = 0  # while ballots disagree, more are asked for up to here


class Turn(NamedTuple):
    """One message as demand sees it."""

    id: int
    parent: int | None
    role: str  # prompter | assistant
    state: str  # submitted | accepted | rejected | held | withdrawn
    origin: str  # person | model | import
    reviews: int = 0  # verdicts so far
    ballots: int = 0  # on this prompt, in its present round
    is_best: bool = False  # in the first group of its prompt's settlement
    revises: int | None = None
    author: int | None = None  # None where nobody here wrote it
    ranking_round: int = 1  # of a prompt
    is_split: bool = False  # its reviewers disagree, and a curator shall decide
    is_contested: bool = False  # of a prompt: its ballots disagree
    is_lacking: bool = False  # of a prompt: none is good; of an answer: rated poor


class Want(NamedTuple):
    """So many more judgements or texts of one kind, on or under one message."""

    kind: str  # review | adjudicate | answer | continue | rank | compare | improve
    message: int
    needed: int
    blocks: bool = True  # whether the conversation is unfinished without it


class _Tree:
    def __init__(self, turns: Iterable[Turn]) -> None:
        self.children: dict[int | None, list[Turn]] = defaultdict(list)
        for turn in turns:
            self.children[turn.parent].append(turn)

    def root(self) -> Turn | None:
        """The first prompt: of several revisions the one that is still alive."""
        roots = self.children[None]
        return next((t for t in roots if _lives(t)), roots[-1] if roots else None)

    def accepted_prompts(self) -> Iterator[tuple[Turn, int]]:
        """Each prompt that stands on accepted messages only, with its depth from 1."""
        waiting = [(t, 1) for t in self.children[None]]
        while waiting:
            turn, depth = waiting.pop(0)
            if turn.state != "accepted":
                continue
            if turn.role == "prompter":
                yield turn, depth
            waiting += [(child, depth + 1) for child in self.children[turn.id]]


def wants(turns: Iterable[Turn], rules: Rules) -> list[Want]:
    """What is needed next, in the order in which a conversation grows."""
    turns = list(turns)
    tree = _Tree(turns)
    found = list(_reviews(turns, tree, rules))
    for prompt, depth in tree.accepted_prompts():
        replies = tree.children[prompt.id]
        missing = _answers_missing(replies, rules)
        if missing:
            found.append(Want("answer", prompt.id, missing))
        elif not any(_is_under_review(t) for t in replies):
            found += _rankings(prompt, replies, rules)
            found += _improvement(prompt, replies)
            found += _continuation(tree, replies, depth, rules)
    return found


def state_of(turns: Iterable[Turn], rules: Rules) -> str:
    """The conversation's state. With nothing left to want it is complete."""
    turns = list(turns)
    root = _Tree(turns).root()
    if root is None or root.state in ("rejected", "withdrawn"):
        return "rejected"
    if root.state in ("held", "submitted"):
        return "held" if root.state == "held" else "review"
    blocking = {want.kind for want in wants(turns, rules) if want.blocks}
    if blocking & {"review", "adjudicate", "answer"}:
        return "growing"
    return "ranking" if blocking & {"rank", "compare"} else "complete"


def is_rankable(turn: Turn) -> bool:
    """Accepted answers, and what models propose: the latter are judged by ranking."""
    is_accepted = turn.state == "accepted" and turn.role == "assistant"
    return is_accepted or _is_proposal(turn)


def _lives(turn: Turn) -> bool:
    return turn.state in ("submitted", "accepted", "held")


def _is_proposal(turn: Turn) -> bool:
    """An answer that a model offers: ranked first, and reviewed where it came out best."""
    return turn.state == "submitted" and turn.origin == "model" and turn.role == "assistant"


def _is_under_review(turn: Turn) -> bool:
    return turn.state == "submitted" and not _is_proposal(turn)


def _reviews(turns: list[Turn], tree: _Tree, rules: Rules) -> Iterator[Want]:
    by_id = {turn.id: turn for turn in turns}
    for turn in turns:
        if turn.state != "submitted":
            continue
        if (
            rules.is_pairs
            and turn.parent is None
            and any(_is_under_review(child) for child in tree.children[turn.id])
        ):
            continue  # a pair is judged as one, on its answer
        parent = by_id.get(turn.parent) if turn.parent is not None else None
        if parent is not None and parent.state not in ("accepted", "submitted"):
            continue
        proposed = _is_proposal(turn)
        if proposed and not _deserves_verdict(turn, tree.children[turn.parent], rules):
            continue
        if turn.is_split:
            yield Want("adjudicate", turn.id, 1)
            continue
        # With every wanted review in and still no decision, one more breaks the tie.
        count = max(1, rules.reviews_wanted - turn.reviews)
        yield Want("review", turn.id, count, blocks=not proposed)


def _deserves_verdict(proposal: Turn, replies: list[Turn], rules: Rules) -> bool:
    """What models propose is ranked first, then the best is reviewed; so is a lone one."""
    candidates = [t for t in replies if t.state in ("accepted", "submitted")]
    alone = len(candidates) == 1 and not _answers_missing(replies, rules)
    return proposal.is_best or alone


def _answers_missing(replies: list[Turn], rules: Rules) -> int:
    """Rejected and withdrawn replies leave their place free again; so do held ones."""
    if rules.is_pairs:
        return 0 if any(_lives(t) for t in replies) else 1
    there = [t for t in replies if t.state == "accepted" or _is_under_review(t)]
    proposed = [t for t in replies if _is_proposal(t)]
    if proposed and len(there) + len(proposed) >= rules.replies_wanted:
        return 0
    return max(0, rules.replies_wanted - len(there))


def _rankings(prompt: Turn, replies: list[Turn], rules: Rules) -> Iterator[Want]:
    """Ballots on the answers to one prompt; more answers than fit on one need more.

    Nobody waits for those more: there may be fewer people than ballots to cast.
    """
    candidates = [t for t in replies if t.state in ("accepted", "submitted")]
    if len(candidates) < 2:
        return
    kind = "compare" if len(candidates) == 2 else "rank"
    wanted = rules.rankings_wanted * ceil(len(candidates) / RANK_AT_MOST)
    if wanted > prompt.ballots:
        is_enough = prompt.ballots >= rules.rankings_wanted
        yield Want(kind, prompt.id, wanted - prompt.ballots, blocks=not is_enough)
    elif prompt.is_contested and prompt.ballots < min(
        rules.rankings_at_most, BALLOTS_AT_MOST
    ):
        # The two on which they are least agreed, by one more person.
        yield Want("compare", prompt.id, 1, blocks=False)


def _improvement(prompt: Turn, replies: list[Turn]) -> Iterator[Want]:
    """A better answer where people found the best, or this one, lacking.

    Nobody waits for it. While a rewrite is alive no other is asked for.
    """
    accepted = [t for t in replies if t.state == "accepted"]
    rewritten = {t.revises for t in replies if _lives(t) and t.revises is not None}
    best = next((t for t in accepted if t.is_best), accepted[0] if accepted else None)
    for turn in accepted:
        if turn.id in rewritten or turn.revises in {t.id for t in accepted}:
            continue
        if turn.is_lacking or (prompt.is_lacking and turn is best):
            yield Want("improve", turn.id, 1, blocks=False)


def _continuation(
    tree: _Tree, replies: list[Turn], depth: int, rules: Rules
) -> Iterator[Want]:
    """One follow-up under the best answer, if an answer to it still fits the depth.

    Nobody waits for it: a conversation may be complete without, and grow again with one.
    """
    if rules.is_pairs or depth + 3 > rules.max_depth:
        return
    accepted = [t for t in replies if t.state == "accepted"]
    followed = any(_lives(child) for t in accepted for child in tree.children[t.id])
    if accepted and not followed:
        best = next((t for t in accepted if t.is_best), accepted[0])
        yield Want("continue", best.id, 1, blocks=False)
