"""Keys, tokens and passwords that open something."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import log2

from curation.clean.sighting import N_, Sighting, spans_of

VERSION = 1

PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
TOKEN = re.compile(
    r"""\b(?:
        (?:AKIA|ASIA)[A-Z0-9]{16}                       # Amazon
      | gh[pousr]_[A-Za-z0-9]{36,} | github_pat_\w{60,}   # GitHub
      | glpat-[\w-]{20,}                                # GitLab
      | xox[abeprs]-[A-Za-z0-9-]{10,}                   # Slack
      | AIza[\w-]{35}                                   # Google
      | [sr]k_live_[A-Za-z0-9]{20,}                     # Stripe
      | sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}            # model providers
      | hf_[A-Za-z0-9]{30,}                             # Hugging Face
      | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{50,}   # package registries
      | SG\.[\w-]{20,}\.[\w-]{30,}                      # SendGrid
    )(?![A-Za-z0-9])""",
    re.VERBOSE,
)
JWT = re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")
IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{2,12}://[^\s/:@]+:([^\s/@]{6,})@[\w.-]+")
NAMED = re.compile(
    r"""(?i:pass(?:word|wd|phrase)?|passwort|kennwort|secret|api[_ -]?key|access[_ -]?key
        |auth[_ -]?token|client[_ -]?secret|access[_ -]?token)
        ["'`]?\s{0,2}(?:=|:|\bis\b|\bist\b)\s{0,2}["'`]?
        ([A-Za-z0-9+/=_.~!@\#$%^&*-]{8,200})""",
    re.VERBOSE,
)
HAS_NAME = re.compile(r"(?i:pass|kennwort|secret|key|token)")
LOOKED_UP = re.compile(
    r"[\w.]*(?:\.|\(|\[|\bos\b|\benv\b|\binput\b|get|your|my_|example)", re.I
)
BITS_AT_LEAST = 3.0  # per character: words have fewer, keys more

ADVICE = {
    "private_key": N_("This is a private key. Take it out, and replace the key itself."),
    "token": N_("This looks like a key that opens a service. Take it out."),
    "password": N_("This looks like a password. Take it out unless it is invented."),
}


def seen(text: str) -> Iterator[Sighting]:
    kinds = {
        "private_key": (0.99, list(spans_of(PRIVATE_KEY, text))),
        "token": (0.95, [*spans_of(TOKEN, text), *spans_of(JWT, text)]),
        "password": (0.7, _passwords(text)),
    }
    for kind, (score, spans) in kinds.items():
        if spans:
            yield Sighting(f"secret.{kind}", VERSION, score, spans, ADVICE[kind])


def _passwords(text: str) -> list[tuple[int, int]]:
    """Values after such a name that nobody would type as a word."""
    found = [
        m.span(1) for m in IN_ADDRESS.finditer(text) if not m[1].startswith(("<", "$"))
    ]
    for match in NAMED.finditer(text) if HAS_NAME.search(text) else ():
        if _is_random(match[1]) and not LOOKED_UP.match(match[1]):
            found.append(match.span(1))
    return sorted(found)


def _is_random(value: str) -> bool:
    """Letters and digits mixed, few of them twice."""
    value = value.rstrip(".!")
    kinds = sum(
        any(test(c) for c in value) for test in (str.islower, str.isupper, str.isdigit)
    )
    counts = Counter(value)
    bits = (
        -sum(n / len(value) * log2(n / len(value)) for n in counts.values()) if value else 0
    )
    return (
        any(c.isdigit() for c in value)
        and kinds >= 2
        and bits >= min(BITS_AT_LEAST, log2(max(len(value), 2)) - 0.6)
    )
