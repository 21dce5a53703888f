"""Answers that look as if a chatbot had written them in place of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.clean.sighting import N_, Sighting, spans_of

VERSION = 1

# Nobody says so of themselves.
SELF = re.compile(
    r"""(?i:\bas[ ]an?[ ](?:large[ ])?(?:AI|artificial[ ]intelligence)?[ ]?
        (?:language[ ]model|AI[ ]assistant|assistant[ ]trained)\b
      | \bas[ ]an[ ]AI\b(?=,|[ ]I\b|[ ]language|[ ]model)
      | \bI(?:['’]m|[ ]am)[ ](?:just[ ]|only[ ])?an?[ ](?:large[ ])?
        (?:AI\b|language[ ]model\b)
      | \bas[ ]of[ ]my[ ](?:last[ ])?(?:knowledge|training)[ ](?:cut-?off|update)
      | \bmy[ ]knowledge[ ]cut-?off\b
      | \bals[ ](?:KI-?)?Sprachmodell\b
      | \ben[ ]tant[ ]qu['’](?:IA|assistant[ ]IA|intelligence[ ]artificielle)\b
      | \bcomo[ ](?:un[ ])?modelo[ ]de[ ](?:lenguaje|linguagem)\b)""",
    re.VERBOSE,
)
# How they begin and how they end.
OPENING = re.compile(
    r"""\A\W{0,3}(?i:(?:certainly|absolutely|of[ ]course|sure(?:[ ]thing)?|great[ ]question)
        [!,.:–—-]{1,2}\s+(?:here(?:['’]s|[ ]is|[ ]are) | let['’]s | let[ ]me
          | i(?:['’]d|[ ]would)[ ]be[ ](?:happy|glad))
      | what[ ]an?[ ](?:great|excellent|fascinating)[ ]question
      | (?:gerne|natürlich|selbstverständlich)!\s+(?:hier|ich))""",
    re.VERBOSE,
)
CLOSING = re.compile(
    r"""(?i:(?:I[ ])?hope[ ](?:this|that)[ ](?:information[ ])?(?:helps|was[ ]helpful)
      | let[ ]me[ ]know[ ]if[ ](?:you(?:['’]d|['’]ve|[ ]have|[ ]need|[ ]would)|there)
      | feel[ ]free[ ]to[ ](?:ask|reach[ ]out|let[ ]me[ ]know)
      | (?:would|do)[ ]you[ ](?:like|want)[ ]me[ ]to
      | is[ ]there[ ]anything[ ]else[ ](?:I|you)
      | ich[ ]hoffe,[ ](?:das|dies)[ ]hilft)
      [^\n]{0,120}\s*\Z""",
    re.VERBOSE,
)
# Before the mark a gap within its line: over many empty lines "^\s*" takes quadratic time.
EMOJI_POINT = re.compile(r"^[^\S\n]*(?:[-*]\s*)?[\U0001F300-\U0001FAFF✅❌✨⭐⚡]", re.M)
BOLD_POINT = re.compile(
    r"^[^\S\n]*(?:[-*•]|\d+\.)\s+\*\*(?:[^*\n]{2,60}\*\*\s?[:–—-]|[^*\n]{2,60}:\*\*)",
    re.M,
)
HEADING = re.compile(r"^#{1,4} \S", re.M)
DASH = re.compile(r"\w\s?—\s?\w")

ADVICE_SELF = N_(
    "It speaks of itself as an AI. Please write in your own words instead of pasting."
)
ADVICE_STYLE = N_(
    "It reads as if a chatbot had written it. Say it as you would to a colleague."
)
ADVICE_PASTED = N_(
    "Most of it was pasted. Your own words are worth more than a text from elsewhere."
)
STYLE_FROM = 2  # signs; one alone is somebody's manner
PASTED_AT_LEAST = 300  # characters at once; a sentence is moved about


def seen(text: str) -> Iterator[Sighting]:
    spans = list(spans_of(SELF, text))
    if spans:
        yield Sighting("chatbot.self", VERSION, 0.9, spans, ADVICE_SELF)
    closing = CLOSING.search(text, max(0, len(text) - 300))
    spans = [*spans_of(OPENING, text), *([closing.span()] if closing else [])]
    signs = len(spans) + len(_manners(text))
    if signs >= STYLE_FROM:
        score = min(0.8, 0.3 + 0.1 * signs)
        yield Sighting("chatbot.style", VERSION, score, spans, ADVICE_STYLE)


def seen_in_typing(text: str, *, pasted: int) -> Iterator[Sighting]:
    """The same from how it came about: so many of its characters were pasted."""
    if pasted >= PASTED_AT_LEAST and pasted >= 0.8 * len(text):
        yield Sighting("chatbot.pasted", VERSION, 0.4, [], ADVICE_PASTED)


def _manners(text: str) -> list[str]:
    """Habits of layout that are rare in what people type into a field."""
    per_thousand = 1_000 / max(len(text), 500)
    manners = {
        "emoji": len(EMOJI_POINT.findall(text)) >= 3,
        "bold points": len(BOLD_POINT.findall(text)) >= 3,
        "headings": len(HEADING.findall(text)) >= 3,
        "dashes": len(DASH.findall(text)) * per_thousand >= 4,
    }
    return [name for name, is_there in manners.items() if is_there]
