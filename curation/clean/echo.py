"""An answer that begins by saying the question again."""

from __future__ import annotations

from collections.abc import Iterator

from curation.clean.sighting import N_, Sighting
from curation.clean.text import normalised

VERSION = 1
PROMPT_AT_LEAST = 20  # characters; "Why?" may well begin an answer

ADVICE = N_("The answer begins by repeating the whole prompt.")


def seen(text: str, prompt: str) -> Iterator[Sighting]:
    if len(prompt) >= PROMPT_AT_LEAST and normalised(text).startswith(normalised(prompt)):
        spans = [(0, min(len(prompt), len(text)))]
        yield Sighting("echo", VERSION, 0.9, spans, ADVICE)
