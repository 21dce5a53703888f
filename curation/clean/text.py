"""Texts as they are stored and compared."""

from __future__ import annotations

import re
import unicodedata

TEXT_AT_MOST = 20_000  # characters; a longer text is a document, not a turn
# Spaces, controls, joiners and marks of direction; and letters that are drawn as nothing.
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # neither NUL nor half a pair is kept
PLAINLY_SEEN = re.compile("[!-~]")  # nearly every text has such a character


def normalised(text: str) -> str:
    """Case, width and spacing taken out: two texts with the same result are duplicates."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def tidied(text: str) -> str:
    """As stored: composed characters, no NUL or lone surrogate, no space at the ends.

    Empty where nothing of it could be seen.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    kept = UNSTORABLE.sub("", composed)
    is_seen = PLAINLY_SEEN.search(kept) is not None or any(map(_is_seen, kept))
    return kept.strip() if is_seen else ""


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in UNSEEN and character not in BLANKS
