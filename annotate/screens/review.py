"""Accept, edit or reject one message; of a pair, its answer together with its question."""

from __future__ import annotations

from typing import Any

from annotate.forms.review import ReviewForm
from annotate.models import Assignment
from annotate.screens.base import turns_above
from curation.actions import messages
from curation.models import Contributor


class ReviewScreen:
    template = "annotate/review.html"
    form_class = ReviewForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        return {
            "turns": turns_above(slot.message)[:-1],
            "message": slot.message,
            "findings": slot.message.findings.all(),
        }

    def initial(self, slot: Assignment) -> dict[str, Any]:
        assert slot.message is not None
        return {"edited_text": slot.message.text}

    def apply(self, slot: Assignment, form: ReviewForm, by: Contributor) -> None:
        assert slot.message_id is not None
        messages.review(
            message_id=slot.message_id,
            by=by,
            verdict=form.cleaned_data["verdict"],
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            edited_text=form.cleaned_data["edited_text"],
            labels=form.labels,
            active_seconds=form.cleaned_data["active_seconds"],
            is_final=slot.kind == Assignment.Kind.ADJUDICATE,
        )
