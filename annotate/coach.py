"""What to say to somebody about a text before they send it. Advice, never a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from annotate import coverage
from annotate.forms.write import WriteForm
from annotate.models import Assignment
from curation.actions.lookalikes import Lookalike, lookalikes
from curation.clean import chatbot, citations, duplicates, lengths
from curation.clean.check import Treatment
from curation.clean.checks import sightings, treatment
from curation.clean.sighting import Sighting
from curation.clean.text import TEXT_AT_MOST, tidied
from curation.models import Message
from curation.wording import translated

Kind = Assignment.Kind
QUOTES_AT_MOST = 6
BEGINS = (Kind.WRITE_PAIR, Kind.WRITE_PROMPT)
LOOKED_FOR_FROM = 15  # characters of a prompt


class Advice(NamedTuple):
    check: str
    field: str
    label: str  # of the field
    text: str
    is_serious: bool
    quotes: list[str]  # where it was seen, in the person's own words
    without_marks: str = ""  # the field's text when they are taken out
    marks: int = 0
    alike: tuple[Lookalike, ...] = ()

    @property
    def key(self) -> str:
        """The same while the same is said of the same field."""
        return f"{self.check}:{self.field}:{len(self.quotes)}"


def advise(slot: Assignment, form: WriteForm, pasted: Mapping[str, int]) -> list[Advice]:
    """All that the checks say of what is in the fields now; the serious first.

    `pasted` counts the characters of a field that were pasted. Up to three queries.
    """
    found = [
        advice
        for name in form.texts
        if (text := tidied(_typed(form, name))[:TEXT_AT_MOST])
        for advice in _on_field(slot, form, name, text, pasted.get(name, 0))
    ]
    return sorted(found, key=lambda advice: not advice.is_serious)


def _on_field(
    slot: Assignment, form: WriteForm, name: str, text: str, pasted: int
) -> Iterator[Advice]:
    label = str(form.fields[name].label)
    is_passage = name == "context"
    answered = None if is_passage else _what_it_answers(slot, form, name)
    policy = slot.dataset.policy.checks
    language = "" if is_passage else form.language
    seen = sightings(text, prompt=answered, language=language, policy=policy)
    if not is_passage and treatment("length", policy) is not Treatment.OFF:
        seen += lengths.seen(len(text.split()), _usual(slot, name))
    if not is_passage and treatment("chatbot", policy) is not Treatment.OFF:
        seen += chatbot.seen_in_typing(text, pasted=pasted)
    for sighting in seen:
        advice = _advice(sighting, name, label, text)
        if sighting.check == "citation_marks":
            advice = advice._replace(
                marks=len(sighting.spans),
                without_marks=citations.without_marks(_typed(form, name)),
            )
        yield advice
    is_first = slot.kind in BEGINS and name in ("prompt", "text")
    is_looked_for = treatment("near_duplicate", policy) is not Treatment.OFF
    if is_first and is_looked_for and len(text) > LOOKED_FOR_FROM:
        alike = lookalikes(slot.dataset, text)
        if alike:
            sighting = duplicates.sighting(alike[0].likeness)
            yield _advice(sighting, name, label, text)._replace(alike=tuple(alike))


def _advice(sighting: Sighting, name: str, label: str, text: str) -> Advice:
    quotes = list(dict.fromkeys(text[a:b].strip() for a, b in sighting.spans))
    return Advice(
        check=sighting.check,
        field=name,
        label=label,
        text=translated(sighting.advice),
        is_serious=sighting.is_serious,
        quotes=[quote for quote in quotes if len(quote) <= 60][:QUOTES_AT_MOST],
    )


def _typed(form: WriteForm, name: str) -> str:
    return str(form.data.get(name, ""))


def _what_it_answers(slot: Assignment, form: WriteForm, name: str) -> str | None:
    """The prompt above an answer; nothing above a prompt."""
    if name == "reply":
        return tidied(_typed(form, "prompt"))
    if slot.message is None or slot.kind == Kind.CONTINUE:
        return None
    asked = slot.message.parent if slot.kind == Kind.IMPROVE else slot.message
    return asked.text if asked is not None else None


def _usual(slot: Assignment, name: str) -> lengths.Usual | None:
    is_answer = name == "reply" or slot.kind in (Kind.ANSWER, Kind.IMPROVE)
    role = Message.Role.ASSISTANT if is_answer else Message.Role.PROMPTER
    return coverage.usual_lengths(slot).get(role)
