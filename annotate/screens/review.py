"""Accept, edit or reject one message; of a pair, its answer together with its question."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from annotate import gold
from annotate.forms.review import AdjudicateForm, ReviewForm, VerdictForm
from annotate.models import Assignment
from annotate.screens.base import turns_above
from curation.actions import messages
from curation.clean.sighting import BESIDE
from curation.models import Contributor, Finding, Label, Message, Review


class ReviewScreen:
    template = "annotate/review.html"
    form_class: type[VerdictForm] = ReviewForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        original = slot.message.revises
        edited = original is not None and _was_edited(original, slot.message)
        if original is not None and original.author_id == slot.message.author_id:
            original = None  # its author wrote it anew before anybody had judged it
        return {
            "turns": turns_above(slot.message)[:-1],
            "message": slot.message,
            "findings": [
                (one, marked(slot.message, one)) for one in slot.message.findings.all()
            ],
            "original": original,
            "is_rewrite": original is not None and not edited,
        }

    def initial(self, slot: Assignment) -> dict[str, Any]:
        assert slot.message is not None
        return {"edited_text": slot.message.text}

    def apply(self, slot: Assignment, form: ReviewForm, by: Contributor) -> None:
        if slot.is_gold:
            gold.answer(slot, form, by)
            return
        assert slot.message_id is not None
        messages.review(
            message_id=slot.message_id,
            by=by,
            labels=form.labels,
            active_seconds=form.cleaned_data["active_seconds"],
            held=slot.conversation,
            **verdict_in(form),
        )


class AdjudicateScreen(ReviewScreen):
    """Reviewers disagreed: all that they said, and then the last word."""

    template = "annotate/adjudicate.html"
    form_class = AdjudicateForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        given = slot.message.reviews.prefetch_related("labels").order_by("pk")
        reviews = [(one, [worded(label) for label in one.labels.all()]) for one in given]
        return {**super().context(slot, form), "reviews": reviews}

    def apply(self, slot: Assignment, form: VerdictForm, by: Contributor) -> None:
        assert slot.message_id is not None
        messages.review(
            message_id=slot.message_id,
            by=by,
            active_seconds=form.cleaned_data["active_seconds"],
            held=slot.conversation,
            is_final=True,
            **verdict_in(form),
        )


def verdict_in(form: VerdictForm) -> dict[str, Any]:
    names = ("verdict", "reason", "note", "edited_text")
    return {name: form.cleaned_data[name] for name in names}


def worded(label: Label) -> tuple[str, str]:
    """A label and its value, as one says it."""
    name = label.get_name_display()
    if label.name in Label.SCALES:
        return name, _("%(value)s of 5") % {"value": label.value}
    return name, _("Yes") if label.value else _("No")


def marked(message: Message, finding: Finding) -> list[tuple[str, bool]]:
    """The raw text, cut where the finding points, if it points anywhere.

    Of a finding in the passage beside the text: that passage.
    """
    is_beside = finding.check_name.startswith(BESIDE)
    text = message.context if is_beside else message.text
    parts: list[tuple[str, bool]] = []
    end = 0
    for start, stop in sorted(tuple(span) for span in finding.spans):
        if not end <= start < stop <= len(text):
            continue
        parts += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [*parts, (text[end:], False)] if parts else []


def _was_edited(original: Message, revision: Message) -> bool:
    """A reviewer's edit stands for its original; an improved answer stands beside it."""
    edits = Review.objects.filter(message=original, verdict=Review.Verdict.EDIT)
    return edits.filter(reviewer=revision.author_id).exists()
