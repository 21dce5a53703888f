"""Texts as they are stored and compared."""

from __future__ import annotations

import re
import unicodedata

TEXT_AT_MOST = 20_000  # characters; a longer text is a document, not a turn


def normalised(text: str) -> str:
    """Case, width and spacing taken out: two texts with the same result are duplicates."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def tidied(text: str) -> str:
    """As stored: composed characters, no NUL or lone surrogate, no space at the ends."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    kept = "".join(c for c in composed if c != "\0" and not "\ud800" <= c <= "\udfff")
    return kept.strip()
