"""All checks on a text: short, certain, cheap. Text in, findings out."""

from __future__ import annotations

from curation.clean import chatbot, citations, echo, languages, personal_data, secrets
from curation.clean.sighting import Sighting


def sightings(
    text: str,
    *,
    prompt: str | None = None,
    language: str = "",
    is_by_person: bool = True,
) -> list[Sighting]:
    """Everything the checks see in one text.

    `prompt` is what it answers, None where it answers nothing; `language` is what it should
    be in, and without one nothing is said about that. What is known to be by a model need
    not sound like a person.
    """
    return [
        *secrets.seen(text),
        *personal_data.seen(text),
        *citations.seen(text),
        *echo.seen(text, prompt or ""),
        *(chatbot.seen(text) if prompt is not None and is_by_person else ()),
        *languages.seen(text, language, beside=prompt or ""),
    ]
