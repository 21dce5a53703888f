"""Keys, tokens and passwords that open something."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import log2

from curation.clean.sighting import N_, Sighting, spans_of

VERSION = 2

PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]: "
    r"|\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b"
)
# Each service has a form of its own; the longest runs of a sort are bounded by the text.
TOKEN = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}             # Amazon
      | gh[pousr]_[A-Za-z0-9]{36,} | github_pat_\w{60,}   # GitHub
      | gl(?:pat|dt|ft|soat|rt|imt|ptt|oas|agent)-[\w-]{20,} | GR1348941[\w-]{20,}  # GitLab
      | xox[abeprs]-[A-Za-z0-9-]{10,}                   # Slack
      | AIza[\w-]{35} | GOCSPX-[\w-]{28}                # Google
      | [sr]k_live_[A-Za-z0-9]{20,} | whsec_[A-Za-z0-9]{32,}  # Stripe
      | sk-(?:proj-|ant-|or-v1-)?[A-Za-z0-9_-]{32,}     # model providers
      | (?:gsk_|xai-|r8_)[A-Za-z0-9]{37,}
      | hf_[A-Za-z0-9]{30,}                             # Hugging Face
      | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{50,}   # package registries
      | SG\.[\w-]{20,}\.[\w-]{30,}                      # SendGrid
      | [a-z0-9]{32}-us\d{1,2}                          # Mailchimp
      | sq0[a-z]{3}-[\w-]{22,43} | EAAA[\w-]{60}        # Square
      | (?:SK|AC)[a-f0-9]{32}                           # Twilio
      | [MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}       # Discord
      | \d{8,10}:AA[\w-]{33}                            # Telegram
      | AKC[A-Za-z0-9]{60,}                             # Artifactory
      | dapi[a-f0-9]{32} | do[opr]_v1_[a-f0-9]{64}      # Databricks, DigitalOcean
      | shp(?:at|ca|pa|ss)_[a-f0-9]{32}                 # Shopify
      | lin_api_[A-Za-z0-9]{40} | hv[sb]\.[\w-]{24,}    # Linear, Vault
    )(?![A-Za-z0-9])""",
    re.VERBOSE,
)
# What is known by the words before it.
LED_IN = re.compile(
    r"AccountKey=([A-Za-z0-9+/]{86}==)"
    r"|hooks\.slack\.com/services/(T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/\w{16,32})"
    r"|(?i:aws)[\w .'\"-]{0,30}(?i:key)[\w '\"]{0,10}[=:][ '\"]{0,4}"
    r"([A-Za-z0-9/+]{40})(?![\w/+])"
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
SHORTEST = 15  # characters of a token, which has no space in it
HAS_KEY = re.compile(r"KEY|PuTTY")
HAS_NAME = re.compile(r"(?i:pass|kennwort|secret|key|token)")
LOOKED_UP = re.compile(
    r"[\w.]*(?:\.|\(|\[|\bos\b|\benv\b|\binput\b|get|your|my_|example)", re.I
)
PLACEHOLDER = re.compile(
    r"[<${\[].*|(?:my|your|the|some|db)?[_-]?(?:pass(?:word|wd)?|passwort|pwd|secret|token)\d{0,3}"
    r"|[x*.]+",
    re.I,
)
BITS_AT_LEAST = 3.0  # per character: words have fewer, keys more

ADVICE = {
    "private_key": N_("This is a private key. Take it out, and replace the key itself."),
    "token": N_("This looks like a key that opens a service. Take it out."),
    "password": N_("This looks like a password. Take it out unless it is invented."),
}


def seen(text: str) -> Iterator[Sighting]:
    kinds = {
        "private_key": (0.99, _private_keys(text)),
        "token": (0.95, _tokens(text)),
        "password": (0.7, _passwords(text)),
    }
    for kind, (score, spans) in kinds.items():
        if spans:
            yield Sighting(f"secret.{kind}", VERSION, score, spans, ADVICE[kind])


def _private_keys(text: str) -> list[tuple[int, int]]:
    return list(spans_of(PRIVATE_KEY, text)) if HAS_KEY.search(text) else []


def _tokens(text: str) -> list[tuple[int, int]]:
    if max(map(len, text.split()), default=0) < SHORTEST:
        return []
    led_in = [match.span(match.lastindex or 0) for match in LED_IN.finditer(text)]
    return sorted({*spans_of(TOKEN, text), *spans_of(JWT, text), *led_in})


def _passwords(text: str) -> list[tuple[int, int]]:
    """Values after such a name that nobody would type as a word."""
    found = [
        match.span(1)
        for match in IN_ADDRESS.finditer(text)
        if not PLACEHOLDER.fullmatch(match[1])
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
