"""An answer that begins by saying the question again."""

from __future__ import annotations

from collections.abc import Iterator

from curation.clean.grams import words_of
from curation.clean.sighting import N_, Sighting

VERSION = 2
PROMPT_AT_LEAST = 20  # characters; "Why?" may well begin an answer

ADVICE = N_("The answer begins by repeating the whole prompt.")


def seen(text: str, prompt: str) -> Iterator[Sighting]:
    asked = words_of(prompt).words if len(prompt) >= PROMPT_AT_LEAST else []
    if not asked:
        return
    # However it is set out, it has little more than the letters of the prompt.
    answered = words_of(text[: 2 * len(prompt) + 50])
    if answered.words[: len(asked)] == asked:
        spans = [answered.span(0, len(asked) - 1)]
        yield Sighting("echo", VERSION, 0.9, spans, ADVICE)
