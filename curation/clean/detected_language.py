"""The language that a text is in, by a model, whatever it was declared to be.

For the record, in a worker: the model takes 0.7 s and 75 MB of a process, once it is asked.
What is said to a person while they type comes from `languages`, which needs none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from curation.clean.languages import CODE

VERSION = 1
LOOKED_AT = 1_000  # characters; with more it takes longer and says the same
NOTHING = ("zxx", "und")  # numbers, names, code: in no language
SURE_FROM = 0.9
LETTERS_AT_LEAST = 20
# Which are written so much alike, or are called by so many codes, that a short text does
# not tell them apart.
NEIGHBOURS = (
    {"no", "nb", "nn", "da"},
    {"sr", "hr", "bs", "sh", "srl"},
    {"id", "ms", "jv"},
    {"he", "hbo", "yi"},
    {"en", "pcm", "sco"},
    {"zh", "yue", "wuu", "lzh"},
    {"pt", "gl"},
    {"es", "gl", "ca", "ast", "an"},
    {"cs", "sk"},
    {"ru", "uk", "be", "bg", "mk"},
    {"fa", "prs", "tg"},
    {"hi", "mr", "ne"},
    {"nl", "af"},
)


class Detected(NamedTuple):
    code: str  # empty where it is in none, or where there is nothing to tell it by
    score: float  # 0 to 1


def detected(text: str) -> Detected:
    """The likeliest language. The first call in a process loads the model."""
    prose = CODE.sub(" ", text[: LOOKED_AT * 2])[:LOOKED_AT]
    if not any(character.isalpha() for character in prose):
        return Detected("", 0.0)
    code, score = _model().classify(prose)
    return Detected("" if code in NOTHING else code, round(float(score), 3))


def differs(declared: str, found: Detected, text: str) -> bool:
    """Whether a text is surely in another language than it was declared to be."""
    code = re.split(r"[-_]", declared.lower())[0]
    is_known = bool(code and found.code) and found.score >= SURE_FROM
    letters = sum(character.isalpha() for character in text[:LOOKED_AT])
    are_neighbours = any({code, found.code} <= group for group in NEIGHBOURS)
    return (
        is_known
        and letters >= LETTERS_AT_LEAST
        and not (code == found.code or are_neighbours)
    )


@cache
def _model() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
