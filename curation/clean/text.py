"""Texts as they are stored and compared."""

from __future__ import annotations

import re
import unicodedata

TEXT_AT_MOST = 20_000  # characters; a longer text is a document, not a turn
# Spaces, controls, joiners and marks of direction; and letters that are drawn as nothing.
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # neither NUL nor half a pair is kept
WORD = re.compile(r"\w+")
# Each sign of ASCII as it is compared: what is in no word is a space.
PLAIN_WORDS = "".join(
    chr(code).lower() if WORD.match(chr(code)) else " " for code in range(128)
)
PLAINLY_SEEN = re.compile("[!-~]")  # nearly every text has such a character


def normalised(text: str) -> str:
    """Case, width and spacing taken out: two texts with the same result are duplicates."""
    if text.isascii():  # the same in a third of the time
        return " ".join(text.translate(PLAIN_WORDS).split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(WORD.findall(folded))


def tidied(text: str) -> str:
    """As stored: composed characters, no NUL or lone surrogate, no space at the ends.

    Empty where nothing of it could be seen.
    """
    kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    if not is_storable(kept):
        kept = UNSTORABLE.sub("", kept)
    is_seen = PLAINLY_SEEN.search(kept) is not None or any(map(_is_seen, kept))
    return kept.strip() if is_seen else ""


def is_storable(text: str) -> bool:
    """Whether a database keeps it to the letter. Most texts need no search for it."""
    if text.isascii():
        return "\0" not in text
    return UNSTORABLE.search(text) is None


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in UNSEEN and character not in BLANKS
