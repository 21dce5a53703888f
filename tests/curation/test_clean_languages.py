from __future__ import annotations

import pytest

from curation.clean.languages import language_of, seen

GERMAN = "Das ist eine kurze Antwort, und sie ist nicht auf Englisch, sondern auf Deutsch."
ENGLISH = (
    "This is a short answer and it is not in German, for that is what they asked of you."
)
SPANISH = (
    "Las turbinas son muy grandes y también son caras, pero están en todas las presas."
)
RUSSIAN = "Это короткий ответ, который написан по-русски и не на английском языке."
JAPANESE = "これは日本語で書かれた短い答えです。英語ではありません。"


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        (GERMAN, "en", "de"),
        (ENGLISH, "de", "en"),
        (SPANISH, "en", "es"),
        (RUSSIAN, "en", "ru"),
        (JAPANESE, "en", "ja"),
        (ENGLISH, "ja", "en"),
        (GERMAN, "pt-BR", "de"),
    ],
)
def test_another_language_is_plain_to_see(text, expected, found):
    assert language_of(text, instead_of=expected) == found
    assert [s.check for s in seen(text, expected)] == ["language"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de-AT"),
        (JAPANESE, "ja"),
        ("Danke schön!", "en"),
        (
            "Las Vegas, Los Angeles, San José, El Paso, Las Cruces, La Paz",
            "en",
        ),
        ("Er fragte: was nun?", "en"),
        (
            "plus 1 plus 1 on Monday plus 2 on Tuesday plus 3 on Wednesday is 7 on Friday",
            "en",
        ),
        (f"```\n{GERMAN}\n```", "en"),
        (GERMAN, "tlh"),
        (GERMAN, ""),
        (
            "Det er ikke en god idé, men jeg har også tænkt på det, og den kan være god.",
            "no",
        ),
    ],
)
def test_where_it_is_not_plain_nothing_is_said(text, expected):
    assert language_of(text, instead_of=expected) == ""


def test_a_translation_may_be_in_the_language_that_was_asked_for():
    assert not list(
        seen(GERMAN, "en", beside="Translate this into German: a short answer.")
    )
    assert not list(seen(SPANISH, "en", beside=SPANISH))
    assert not list(seen(SPANISH, "en", beside="¿Para qué se puede usar una turbina?"))
    assert list(seen(SPANISH, "en", beside="What is the use of a turbine in Los Angeles?"))
