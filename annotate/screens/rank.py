"""Order the answers to one prompt: blind, shuffled, with ties."""

from __future__ import annotations

from typing import Any

from annotate.forms.rank import RankForm
from annotate.models import Assignment
from annotate.screens.base import turns_above
from curation.actions import judgements
from curation.models import Ballot, Contributor


class RankScreen:
    template = "annotate/rank.html"
    form_class = RankForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        there = slot.message.replies.rankable().in_bulk(slot.shown)
        return {
            "turns": turns_above(slot.message),
            # Letters, not names: who or what wrote an answer is not shown.
            "answers": [
                (letter, there[pk], form[f"position_{pk}"])
                for letter, pk in zip("ABCDEFGHI", slot.shown, strict=False)
                if pk in there
            ],
        }

    def initial(self, slot: Assignment) -> dict[str, Any]:
        return {}  # the order on the page is chance, so it must not be a ballot by default

    def apply(self, slot: Assignment, form: RankForm, by: Contributor) -> None:
        assert slot.message_id is not None
        judgements.rank(
            prompt_id=slot.message_id,
            by=by,
            outcome=form.cleaned_data["outcome"],
            protocol=(
                Ballot.Protocol.COMPARISON
                if slot.kind == Assignment.Kind.COMPARE
                else Ballot.Protocol.RANKING
            ),
            shown=slot.shown,
            positions=form.positions,
            note=form.cleaned_data["note"],
            active_seconds=form.cleaned_data["active_seconds"],
        )
