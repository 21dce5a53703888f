"""One screen per kind of work: its form, its template, and the verb that it ends in."""

from __future__ import annotations

from annotate.models import RANKINGS, Assignment
from annotate.screens.base import Screen
from annotate.screens.improve import ImproveScreen
from annotate.screens.rank import CompareScreen, RankScreen
from annotate.screens.review import AdjudicateScreen, ReviewScreen
from annotate.screens.write import (
    AnswerScreen,
    ContinueScreen,
    PairScreen,
    PromptScreen,
)

Kind = Assignment.Kind

SCREENS: dict[str, Screen] = {
    Kind.WRITE_PAIR: PairScreen(),
    Kind.WRITE_PROMPT: PromptScreen(),
    Kind.ANSWER: AnswerScreen(),
    Kind.CONTINUE: ContinueScreen(),
    Kind.REVIEW: ReviewScreen(),
    Kind.RANK: RankScreen(),
    Kind.COMPARE: CompareScreen(),
    Kind.IMPROVE: ImproveScreen(),
    Kind.ADJUDICATE: AdjudicateScreen(),
}


def name_of(kind: str) -> str:
    """Which script and which look a kind of work has: "write", "review" or "rank"."""
    if kind in (Kind.REVIEW, Kind.ADJUDICATE):
        return "review"
    return "rank" if kind in RANKINGS else "write"
