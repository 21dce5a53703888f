"""What tells who somebody is or how to reach them. Made-up looking values pass."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from curation.clean.phones import is_own, phones
from curation.clean.sighting import N_, Sighting

VERSION = 3

EMAIL = re.compile(r"(?<![\w.+/:-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[a-zA-Z]{2,24}\b")
PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp)$", re.I)
# Nobody can be written to there: names kept for examples, and what people use as such.
RESERVED = re.compile(
    r"@(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost)$"
    r"|@(?:domain|email|mail|company|(?:your|my)[\w-]+|yourdomain|acme)\.(?:com|org|net)$"
    r"|@openssh\.com$"  # so it names its ciphers
    r"|^(?:your|my|some|first|user|name|j(?:ohn|ane)[._]?doe)[\w.-]*@",
    re.I,
)
# In one run or in the groups that are printed on a card; else a row of numbers is one.
CARD = re.compile(
    r"(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|3\d{3}([ -])\d{6}\2\d{5})"
    r"(?![ ]?\d|[\w-]|\.\d)"
)
CARD_BEGINS = re.compile(r"3[47]|4|5[1-5]|2[2-7]|6(?:011|5)|35|30|36|38")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
IP = re.compile(
    r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\w)"
    r"|(?=[23][0-9A-Fa-f]{3}:)(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4}){1,4}(?![\w:]))"
)
# Seven digits together, or how an account or an address begins: most texts have neither.
HAS_NUMBER = re.compile(
    r"\d(?:[ ()/.-]{0,3}\d){6}|[A-Z]{2}\d\d|\d{1,3}\.\d{1,3}\.|[0-9a-fA-F]{4}:"
)

ADVICE = {
    "email": N_("This looks like an e-mail address. Take it out unless it is invented."),
    "card": N_("This looks like a payment card number. Take it out."),
    "iban": N_("This looks like a bank account number. Take it out."),
    "us_ssn": N_("This looks like a US social security number. Take it out."),
    "phone": N_("This looks like a phone number. Take it out unless it is invented."),
    "ip_address": N_("This looks like the address of a computer on the internet."),
}


def seen(text: str) -> Iterator[Sighting]:
    if "@" in text:
        yield from _emails(text)
    if not HAS_NUMBER.search(text):
        return
    kinds = {
        "card": (0.95, _cards(text)),
        "iban": (0.95, _ibans(text)),
        "us_ssn": (0.8, [m.span() for m in SSN.finditer(text) if is_own(m.group())]),
        "phone": (0.7, phones(text)),
        "ip_address": (0.5, _addresses(text)),
    }
    for kind, (score, spans) in kinds.items():
        if spans:
            yield Sighting(f"personal_data.{kind}", VERSION, score, spans, ADVICE[kind])


def _emails(text: str) -> Iterator[Sighting]:
    found = [m for m in EMAIL.finditer(text) if not PICTURE.search(m.group())]
    if found:
        reserved = all(RESERVED.search(match.group()) for match in found)
        spans, score = [match.span() for match in found], 0.4 if reserved else 0.9
        yield Sighting("personal_data.email", VERSION, score, spans, ADVICE["email"])


def _cards(text: str) -> list[tuple[int, int]]:
    return [
        match.span()
        for match in CARD.finditer(text)
        if CARD_BEGINS.match(match.group())
        and len(set(match.group())) > 3
        and _passes_luhn(match.group())
    ]


def _ibans(text: str) -> list[tuple[int, int]]:
    return [m.span() for m in IBAN.finditer(text) if _passes_mod_97(m.group())]


def _addresses(text: str) -> list[tuple[int, int]]:
    """Those that lead to somebody; not 127.0.0.1, 192.168.0.1 or a version number."""
    found = []
    for match in IP.finditer(text):
        try:
            address = ipaddress.ip_address(match.group())
        except ValueError:
            continue
        parts = match.group().split(".")
        is_version = len(parts) > 1 and all(int(part) < 20 for part in parts)
        if address.is_global and not is_version and not match.group().endswith(".0"):
            found.append(match.span())
    return found


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812 check digit."""
    total = 0
    for place, digit in enumerate(reversed([int(c) for c in digits if c.isdigit()])):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _passes_mod_97(iban: str) -> bool:
    """ISO 13616 check digits."""
    plain = iban.replace(" ", "")
    turned = plain[4:] + plain[:4]
    return (
        15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1
    )
