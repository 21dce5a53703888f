"""The kinds of work that there are."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    WRITE_PAIR = "write_pair", _("Write a question and its answer")
    WRITE_PROMPT = "write_prompt", _("Start a conversation")
    ANSWER = "answer", _("Answer as the assistant")
    CONTINUE = "continue", _("Continue as the person asking")
    REVIEW = "review", _("Review")
    RANK = "rank", _("Rank answers")
    COMPARE = "compare", _("Compare two answers")
    IMPROVE = "improve", _("Improve an answer")
    ADJUDICATE = "adjudicate", _("Settle a disagreement")


# What ends in a ballot.
RANKINGS = (Kind.RANK, Kind.COMPARE)
