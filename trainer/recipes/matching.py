"""Whether an answer says the same as a reference answer. Plain calculations on texts.

Case, width, punctuation and spaces make no difference. A reference that names its result
after `####`, as worked sums do, asks for that result only: of the answer, what stands after
`####`, else its last number.
"""

from __future__ import annotations

import re
import unicodedata

RESULT = "####"
NUMBER = re.compile(r"-?\d[\d.,]*")
MARKS = re.compile(r"[^\w\s]|_")


def is_exact(answer: str, reference: str) -> bool:
    if RESULT in reference:
        wanted = _number(reference.rpartition(RESULT)[2])
        return wanted != "" and _result(answer) == wanted
    wanted = normalised(reference)
    # Of marks alone nothing would be left to compare.
    return normalised(answer) == wanted if wanted else answer.strip() == reference.strip()


def normalised(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(MARKS.sub(" ", plain).split())


def _result(answer: str) -> str:
    if RESULT in answer:
        return _number(answer.rpartition(RESULT)[2])
    numbers = NUMBER.findall(unicodedata.normalize("NFKC", answer))
    return _number(numbers[-1]) if numbers else ""


def _number(text: str) -> str:
    """“ 1,234.50 ” and “1234.5” are one number; what is none stays a text."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("$€£%").rstrip(".,")
    plain = plain.replace(",", "")
    if NUMBER.fullmatch(plain) is None or plain.count(".") > 1:
        return normalised(plain)
    whole, _, rest = plain.partition(".")
    rest = rest.rstrip("0")
    sign = "-" if whole.startswith("-") else ""
    whole = whole.lstrip("-").lstrip("0") or "0"
    if whole == "0" and not rest:
        sign = ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"
