"""All that a program needs to do a task, drawn from what the task's page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from annotate.api import answers
from annotate.models import Assignment, Draft
from annotate.screens import SCREENS
from curation.models import Contributor
from curation.wording import translated


@dataclass(frozen=True)
class Sheet:
    """An assignment, with what stands on its page as attributes of its own."""

    slot: Assignment
    shown: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.shown[name] if name in self.shown else getattr(self.slot, name)


def sheet_of(slot: Assignment, person: Contributor) -> Sheet:
    """Causes as many queries as the page does."""
    screen = SCREENS[slot.kind]
    form = screen.form_class(slot, initial=screen.initial(slot))
    page = screen.context(slot, form)
    draft = Draft.objects.filter(person=person, assignment=slot).first()
    reason = page.get("reason")
    return Sheet(slot, {
        "guideline": slot.dataset.guideline_in_force(),
        "turns": page.get("turns", []),
        "message": _subject(slot, page),
        "original": page.get("original") if "message" in page else None,
        "is_rewrite": page.get("is_rewrite", False),
        "findings": list(_findings(page.get("findings", []))),
        "verdicts": list(_verdicts(page.get("reviews", []))),
        "answers": [answer for answer, *_fields in page.get("answers", [])],
        "reason": reason and reason._asdict(),
        "example": page.get("example", []),
        "fields_taken": list(answers.fields_of(slot, form)),
        "draft": draft and {
            "fields_kept": answers.told(slot, form, draft.fields),
            "saved_at": draft.saved_at,
        },
    })  # fmt: skip


def _subject(slot: Assignment, page: Mapping[str, Any]) -> Any:
    """The message that is judged, or the answer to improve; None where one is to come."""
    return page.get("message") or (page.get("original") if "reason" in page else None)


def _findings(found: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for finding, parts in found:
        yield {
            "advice": translated(finding.advice),
            "marked": [text for text, is_marked in parts if is_marked],
        }


def _verdicts(reviews: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for review, labels in reviews:
        yield {
            "verdict": review.verdict,
            "reason": review.reason,
            "note": review.note,
            "labels": [{"name": str(name), "value": str(said)} for name, said in labels],
        }
