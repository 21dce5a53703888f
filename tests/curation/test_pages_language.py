"""Pages speak the language of who reads them, and what is stored stays English."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import now

from curation import wording
from curation.models import Review
from tests.curation.pages import signed_in
from tests.factories import (
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)


@pytest.fixture(autouse=True)
def no_language_is_left_behind():
    """A request leaves its language to its thread, where the next test would find it."""
    yield
    translation.deactivate()


@pytest.fixture
def dataset(db):
    return DatasetFactory()


def test_a_page_comes_in_the_language_that_the_browser_asks_for(client, db):
    path = reverse("account_login")

    german = client.get(path, headers={"accept-language": "de-AT,de;q=0.9"})
    english = client.get(path, headers={"accept-language": "fr"})

    assert "Anmelden" in german.text
    assert '<html lang="de"' in german.text
    assert german["Content-Language"] == "de"
    assert "Accept-Language" in german["Vary"]
    assert "Sign in" in english.text
    assert '<html lang="en"' in english.text


def test_a_choice_is_kept_whatever_the_browser_asks_for(client, db):
    path = reverse("account_login")

    answer = client.post(reverse("set_language"), {"language": "de", "next": path})

    assert (answer.status_code, answer["Location"]) == (302, path)
    assert answer.cookies["django_language"]["httponly"]
    page = client.get(path, headers={"accept-language": "en"})
    assert "Anmelden" in page.text
    assert '<button name="language" value="de" lang="de" aria-pressed="true">' in page.text


def test_a_language_that_there_is_not_changes_nothing(client, db):
    client.post(reverse("set_language"), {"language": "xx", "next": "/"})

    assert "Sign in" in client.get(reverse("account_login")).text


def test_a_choice_leads_nowhere_else(client, db):
    answer = client.post(
        reverse("set_language"), {"language": "de", "next": "https://elsewhere.example/"}
    )

    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [
        ("en", 1, "1 message<"),
        ("en", 2, "2 messages<"),
        ("de", 1, "1 Nachricht<"),
        ("de", 2, "2 Nachrichten<"),
    ],
)
def test_numbers_take_the_right_form(client, dataset, language, count, shown):
    prompt = MessageFactory(conversation__dataset=dataset)
    for _ in range(count - 1):
        ReplyFactory(parent=prompt)
    signed_in(client, dataset, "curator")

    page = client.get(
        reverse("curation:dataset", args=[dataset.slug]),
        headers={"accept-language": language},
    )

    assert shown in page.text


def test_dates_and_numbers_are_written_as_the_language_writes_them(client, dataset):
    day = now().replace(year=2026, month=9, day=7)
    ConversationFactory(dataset=dataset, created_at=day)
    signed_in(client, dataset, "curator")
    path = reverse("curation:dataset", args=[dataset.slug])

    english, german = (
        client.get(path, headers={"accept-language": code}).text for code in ("en", "de")
    )

    assert "7 Sep 2026" in english
    assert "7. Sept. 2026" in german


def test_every_form_label_is_translated_with_its_page(client, db):
    signed_in(client, is_staff=True)

    page = client.get(
        reverse("curation:dataset-new"), headers={"accept-language": "de"}
    ).text

    for english in ("Short name", "Description", "Languages", "Licence", "Title"):
        assert english not in page


def test_what_is_stored_is_english_and_read_in_the_readers_language():
    translation.activate("en")
    with translation.override("de"):
        stored = wording.in_english(Review.Reason.WRONG.label)
        assert stored == "Wrong or misleading"
        assert (
            wording.translated(f"{stored}. See [1].") == "Falsch oder irreführend. See [1]."
        )
        assert wording.translated(f"{stored}.") == "Falsch oder irreführend."
        assert wording.translated("It names a person.") == "It names a person."
    assert wording.translated(f"{stored}. See [1].") == "Wrong or misleading. See [1]."
