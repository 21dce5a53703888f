from __future__ import annotations

import subprocess
import sys

import pytest

from curation.clean.detected_language import Detected, detected, differs

GERMAN = "Das ist eine kurze Antwort, und sie ist nicht auf Englisch geschrieben."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GERMAN, "de"),
        ("This is a short answer that was written in English by somebody.", "en"),
        ("Las turbinas son muy grandes y también son caras.", "es"),
        ("Это короткий ответ, который написан по-русски.", "ru"),
        ("これは日本語で書かれた短い答えです。", "ja"),
        (f"```\nthe and of to is\n```\n{GERMAN}", "de"),
    ],
)
def test_the_language_is_told_with_how_sure_it_is(text, code):
    found = detected(text)

    assert (found.code, found.score > 0.9) == (code, True)


@pytest.mark.parametrize(
    "text", ["", "12 + 30 = 42", "b4f7e6c1-8ac3-4a5d-9b39-2ce99eeebfe0", "```\nfor\n```"]
)
def test_numbers_and_names_are_in_none(text):
    assert detected(text).code == ""


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        ("en", Detected("de", 0.99), True),
        ("en-GB", Detected("en", 0.99), False),
        ("en", Detected("de", 0.6), False),
        ("no", Detected("nb", 0.99), False),
        ("he", Detected("hbo", 0.99), False),
        ("", Detected("de", 0.99), False),
        ("en", Detected("", 0.0), False),
    ],
)
def test_what_was_declared_is_doubted_only_where_it_is_plain(declared, found, expected):
    assert differs(declared, found, GERMAN) is expected


def test_a_greeting_says_too_little():
    assert not differs("en", Detected("de", 0.99), "Danke schön!")


def test_no_process_loads_the_model_before_it_asks():
    code = (
        "from curation.clean import checks, detected_language as it\n"
        "checks.sightings('Hello there', language='en')\n"
        "assert it._model.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
