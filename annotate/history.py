"""The last things that a person did, each with a way back while there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nlargest
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from annotate import undo
from annotate.models import GONE, RANKINGS, Assignment, Kind, Skip, Submission
from curation.actions.revisions import may_amend
from curation.models import Ballot, Contributor, Message, Review
from curation.rendering import plain

NEW = (Kind.WRITE_PAIR, Kind.WRITE_PROMPT)
REVIEWS = (Kind.REVIEW, Kind.ADJUDICATE)
SHOWN = 10
QUOTED_FROM = 500  # characters, so that a long text is not read to its end for nine words


@dataclass(frozen=True)
class Done:
    """One line of the strip."""

    slot: Assignment
    at: datetime
    words: str
    decided: str | Promise
    undo_url: str = ""
    edit_url: str = ""


def lately(person: Contributor, at_most: int = SHOWN) -> list[Done]:
    """What was sent or skipped last, newest first. At most five queries."""
    sent = Submission.objects.filter(person=person, undone_at=None).defer("fields")
    skipped = Skip.objects.filter(person=person, assignment__isnull=False)
    rows: list[Submission | Skip] = [
        *sent.select_related("assignment__message").order_by("-at")[:at_most],
        *skipped.select_related("assignment__message").order_by("-at")[:at_most],
    ]
    chosen = nlargest(at_most, rows, key=lambda row: row.at)
    slots = [row.assignment for row in chosen if isinstance(row, Submission)]
    decided = {**_verdicts(person, slots), **_outcomes(person, slots)}
    texts = _texts(person, slots)
    return [_line(row, person, decided, texts) for row in chosen]


def for_page(person: Contributor, address: Mapping[str, str]) -> dict[str, Any]:
    """What `_history.html` and `_undo.html` need. The address names what was just done."""
    lines = lately(person)
    named = {address.get("done"), address.get("skipped")}
    newest = lines[0] if lines else None
    is_named = newest is not None and newest.slot.address in named
    return {"history": lines, "done": newest if is_named else None}


def _line(
    row: Submission | Skip,
    person: Contributor,
    decided: dict[int, str | Promise],
    texts: dict[int, Message],
) -> Done:
    slot = row.assignment
    assert slot is not None  # as filtered
    own = texts.get(slot.pk) if isinstance(row, Submission) else None
    about = own or slot.message
    line = Done(
        slot=slot,
        at=row.at,
        words=_quoted(about, person) if about else "",
        decided=decided.get(slot.pk, ""),
    )
    is_fresh = row.at >= undo.since() and not (slot.is_gold and isinstance(row, Submission))
    if isinstance(row, Skip):
        url = reverse("annotate:undo-skip", args=[row.pk]) if is_fresh else ""
        return replace(line, decided=_("Skipped"), undo_url=url)
    if is_fresh:
        line = replace(line, undo_url=reverse("annotate:undo", args=[row.pk]))
    if own is not None:
        edit_url = (
            reverse("curation:amend", args=[own.pk]) if may_amend(own, person) else ""
        )
        line = replace(line, decided=own.get_state_display(), edit_url=edit_url)
    return line


def _quoted(message: Message, person: Contributor) -> str:
    """How it begins; nothing of what a colleague took back or what was set aside."""
    if message.state in GONE and message.author_id != person.pk:
        return ""
    return Truncator(plain(message.text[:QUOTED_FROM])).words(9)


def _verdicts(person: Contributor, slots: Iterable[Assignment]) -> dict[int, str | Promise]:
    of_message = {slot.message_id: slot.pk for slot in slots if slot.kind in REVIEWS}
    if not of_message:
        return {}
    given = Review.objects.filter(reviewer=person, message__in=of_message)
    return {
        of_message[review.message_id]: ": ".join(
            str(part)
            for part in (review.get_verdict_display(), review.get_reason_display())
            if part
        )
        for review in given.order_by("pk")
    }


def _outcomes(person: Contributor, slots: Iterable[Assignment]) -> dict[int, str | Promise]:
    of_prompt = {
        (slot.message_id, slot.ranking_round): slot.pk
        for slot in slots
        if slot.kind in RANKINGS
    }
    if not of_prompt:
        return {}
    prompts = {prompt for prompt, _round in of_prompt}
    cast = Ballot.objects.filter(ranker=person, prompt__in=prompts)
    return {
        of_prompt[key]: ballot.get_outcome_display()
        for ballot in cast
        if (key := (ballot.prompt_id, ballot.ranking_round)) in of_prompt
    }


def _texts(person: Contributor, slots: Iterable[Assignment]) -> dict[int, Message]:
    """What the person wrote in each slot: the newest form of it."""
    writing = [slot for slot in slots if slot.kind not in (*REVIEWS, *RANKINGS)]
    if not writing:
        return {}
    begun = {slot.conversation_id for slot in writing}
    mine = Message.objects.filter(author=person, conversation__in=begun)
    there = list(mine.exclude(state=Message.State.WITHDRAWN).order_by("pk"))
    found = {}
    for slot in writing:
        for message in there:
            if _is_of(slot, message):
                found[slot.pk] = message
    return found


def _is_of(slot: Assignment, message: Message) -> bool:
    if slot.kind in NEW:
        return message.parent_id is None and (
            message.conversation_id == slot.conversation_id
        )
    if slot.kind == Kind.IMPROVE:
        return message.revises_id == slot.message_id
    return message.parent_id == slot.message_id
