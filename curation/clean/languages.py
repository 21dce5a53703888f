"""Which language a text is in, where that is plain: by its script, else by small words.

Conservative: short texts, names, code and neighbours such as Danish and Norwegian give no
answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from curation.clean.sighting import N_, Sighting

VERSION = 2

ADVICE = N_("This seems to be in another language than the one that is asked for.")

# The commonest words; what two of these languages share helps neither.
SMALL_WORDS = {
    "cs": "že se na je to jsem jsou jako ale bylo pro také může když nebo který která "
    "které své podle není byl byla být jeho",
    "da": "og det er på til af ikke med som jeg har den der også fra blev eller være "
    "hvad hvis kan skal mange efter",
    "de": "und der die das nicht ist sich mit auf für auch eine einen dem des wird sind "
    "wie oder aber als nach bei haben werden kann",
    "en": "the and of to is that for with this are you was have not but from they which "
    "would there their what can your it be he she we his her an on in by as at if "
    "how has do all so",
    "es": "que los las una por con para es del como pero más está son también puede muy "
    "cuando donde hay este esta sus ser desde",
    "fi": "ja on ei se että oli hän mutta ovat myös joka mitä niin kun tai voi ole olla "
    "sen sitä tämä jos kuin minä",
    "fr": "les des est une que dans pour qui pas sur avec plus sont vous cette mais aux "
    "nous être ont leur fait ces comme",
    "hu": "hogy nem egy az és van meg már csak volt vagy mint akkor lehet még ezt azt "
    "után ez kell nagyon ami",
    "id": "yang dan di dengan untuk tidak dari ini itu adalah dalam pada akan atau juga "
    "saya bisa ada oleh karena mereka",
    "it": "che non il della per una sono con gli nel anche più questo alla dei essere "
    "ma come delle può ha perché",
    "nl": "het een van en niet dat met voor zijn ook maar door naar wordt deze kan "
    "worden heeft hebben als bij om uit",
    "no": "og det er på til av ikke med som jeg har den også fra ble eller være hva "
    "hvis kan skal mange etter",
    "pl": "się nie jest że na do jak ale tak już jego być może przez oraz był dla tym "
    "które który także są",
    "pt": "que não uma os para com por mais como mas das dos você também ser são está "
    "pelo pela seu sua isso quando",
    "ro": "și este nu că care pentru din mai cu sunt sau dar fi acest această poate "
    "fost după când foarte lui",
    "ru": "и в не на что это как но по из для так же быть был его или чтобы может "
    "только есть если очень она они",
    "sv": "och det är att som på för inte med jag har den till av ett kan från också "
    "eller vara vad om skulle många efter",
    "tr": "bir ve bu için ile olarak daha çok olan gibi ama kadar değil var ne sonra "
    "ben olduğu veya her nasıl",
    "uk": "і в не на що це як але по з для так бути був його або щоб може тільки є якщо "
    "дуже вона вони та",
    "vi": "và của là không có được cho một những với này các để người trong đã khi như "
    "tôi từ đó",
}  # fmt: skip
SCRIPTS = {
    "ARABIC": ("ar", "fa", "ps", "ur", "ckb"),
    "BENGALI": ("bn", "as"),
    "CYRILLIC": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "GREEK": ("el",),
    "HANGUL": ("ko",),
    "HEBREW": ("he", "yi"),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "CJK": ("zh", "ja", "yue"),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "THAI": ("th",),
}
WORDS = {language: frozenset(words.split()) for language, words in SMALL_WORDS.items()}
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
ASKS_FOR_ANOTHER = re.compile(
    r"(?i)translat|übersetz|tradu[czi]|vertaal|övers[äa]tt|перев[её]д|翻訳|翻译|"
    r"\bin (?:english|german|french|spanish|italian|dutch|portuguese|russian|"
    r"japanese|chinese)"
    r"|\bauf (?:englisch|deutsch|französisch|spanisch|italienisch)"
)
WORDS_AT_LEAST = 12
LETTERS_AT_LEAST = 20
DIFFERENT_AT_LEAST = 4  # small words; "plus" and "on" stand in English sums, too
LOOKED_AT = 3_000  # characters of a text


def seen(text: str, expected: str, *, beside: str = "") -> Iterator[Sighting]:
    """`beside` is what it answers, which may ask for another language or be in it."""
    found = language_of(text, instead_of=expected)
    if not found or ASKS_FOR_ANOTHER.search(beside):
        return
    if not _leans_to(beside, found, expected):
        yield Sighting("language", VERSION, 0.7, [], ADVICE)


def language_of(text: str, *, instead_of: str) -> str:
    """Another language, or one of its script, that this is plainly in; else nothing."""
    expected = re.split(r"[-_]", instead_of.lower())[0]
    prose = CODE.sub(" ", text[:LOOKED_AT])
    script, share = _script(prose)
    if script is None:
        return ""
    if script != "LATIN":
        known = SCRIPTS.get(script, ())
        is_other = bool(known) and share >= 0.6 and expected not in known and expected != ""
        return known[0] if is_other else ""
    if expected in {one for known in SCRIPTS.values() for one in known} - set(WORDS):
        return _by_words(prose, "") if share >= 0.9 else ""
    return _by_words(prose, expected) if expected in WORDS else ""


def _leans_to(text: str, found: str, expected: str) -> bool:
    """Whether a text, be it short, is rather in the one language than in the other."""
    if language_of(text, instead_of=expected) == found:
        return True
    words = set(re.findall(r"[^\W\d_]+", text[:LOOKED_AT].lower()))
    small, own = WORDS.get(found, frozenset()), WORDS.get(expected, frozenset())
    return len(words & small - own) >= 2 and len(words & small) > len(words & own)


def _by_words(text: str, expected: str) -> str:
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < WORDS_AT_LEAST:
        return ""
    own = WORDS.get(expected, frozenset())
    counts = Counter(words)
    hits = {
        language: sum(counts[word] for word in small) for language, small in WORDS.items()
    }
    best = max(hits, key=lambda language: hits[language])
    different = sum(word in counts for word in WORDS[best] - own)
    is_plain = hits[best] >= 0.15 * len(words) and different >= DIFFERENT_AT_LEAST
    mine = sum(counts[word] for word in own)
    return best if best != expected and is_plain and mine <= 0.25 * hits[best] else ""


def _script(text: str) -> tuple[str | None, float]:
    """The commonest script and its share of all letters; none where there are too few."""
    letters = [c for c in text if c.isalpha()]
    if len(letters) < LETTERS_AT_LEAST:
        return None, 0.0
    if sum(c.isascii() for c in letters) >= 0.9 * len(letters):
        return "LATIN", 0.9
    counts = Counter(
        unicodedata.name(c, "?").split(maxsplit=1)[0].split("-")[0] for c in letters
    )
    if counts["CJK"] and counts["HIRAGANA"] + counts["KATAKANA"] >= 0.1 * len(letters):
        counts["HIRAGANA"] += counts.pop("CJK") + counts.pop("KATAKANA", 0)
    script, count = counts.most_common(1)[0]
    return script, count / len(letters)
