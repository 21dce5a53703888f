"""Telephone numbers that somebody may be reached by."""

from __future__ import annotations

import re

from phonenumbers import (
    NumberParseException,
    PhoneNumberMatcher,
    is_valid_number,
    parse,
)

INVENTED = ("555", "123456", "000000", "111111", "999999", "987654")
# International: where one begins. Then the library, which knows each country's numbers.
PLUS = re.compile(r"(?<![\w+/=*-])[+＋][^\S\n]?\(?\d")
LONGEST = 32  # characters of one, with what people put between the digits
ZEROES = re.compile(
    r"(?<![\w.+/=,-])00([1-9]\d{0,2}(?:[ ./-]\d{2,9}){1,5})(?![\w-]|[.,]\d)"
)
# Without a country, in a form that only telephone numbers have.
AMERICAN = re.compile(
    r"""(?<![\w.+/=-])(?:1[-. ])?
    (?:\(\d{3}\)[ ]?\d{3}[-. ]\d{4} | \d{3}-\d{3}-\d{4} | \d{3}\.\d{3}\.\d{4})
    (?![\w-]|[.,]\d)""",
    re.VERBOSE,
)
# Behind such a word any run of digits is one.
CALLED = re.compile(
    r"(?:tel|phone|mobile?|cell|call|fax|whatsapp|telefono?|teléfono|téléphone|handy|móvil"
    r"|portable|rufnummer|telefonnummer|puhelin|telefoon)\b[^\d\n]{0,20}"
    r"(\+?\(?\d[\d ()/.-]{6,16}\d)(?!\w)",
    re.I,
)
HAS_DIGITS = re.compile(r"\d(?:\D{0,3}\d){6}")  # seven, close together

Span = tuple[int, int]


def phones(text: str) -> list[Span]:
    if not HAS_DIGITS.search(text):
        return []
    found = _international(text)
    found += [m.span() for m in AMERICAN.finditer(text) if _reaches(m.group(), "US")]
    found += [m.span() for m in ZEROES.finditer(text) if _reaches(f"+{m[1]}", None)]
    found += [m.span(1) for m in CALLED.finditer(text) if is_own(m[1])]
    return _apart(found)


def _international(text: str) -> list[Span]:
    found: list[Span] = []
    for sign in PLUS.finditer(text):
        start = sign.start()
        window = text[start : start + LONGEST]
        match = next(iter(PhoneNumberMatcher(window, None, max_tries=1)), None)
        if match is not None and is_own(match.raw_string):
            found.append((start + match.start, start + match.end))
    return found


def _reaches(number: str, country: str | None) -> bool:
    """Whether such a number was given out, and not made up for an example."""
    if not is_own(number):
        return False
    try:
        return is_valid_number(parse(number, country))
    except NumberParseException:
        return False


def is_own(number: str) -> bool:
    """Not one of those that people make up: 555-0123, 123-456-7890."""
    digits = re.sub(r"\D", "", number)
    return (
        7 <= len(digits) <= 17
        and len(set(digits)) > 3
        and not any(made_up in digits for made_up in INVENTED)
    )


def _apart(spans: list[Span]) -> list[Span]:
    """In order; of those that overlap the longest."""
    kept: list[Span] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
