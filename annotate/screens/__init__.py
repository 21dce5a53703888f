"""One screen per kind of work: its form, its template, and the verb that it ends in."""

from __future__ import annotations

from annotate.models import Assignment
from annotate.screens.base import Screen
from annotate.screens.rank import RankScreen
from annotate.screens.review import ReviewScreen
from annotate.screens.write import (
    AnswerScreen,
    ContinueScreen,
    ImproveScreen,
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
    Kind.COMPARE: RankScreen(),
    Kind.IMPROVE: ImproveScreen(),
    Kind.ADJUDICATE: ReviewScreen(),
}
