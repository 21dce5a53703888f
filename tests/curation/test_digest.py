"""News by mail: once, in the person's language, and lost for no reason."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils.timezone import now

from curation import tasks
from curation.actions import digests, profiles
from curation.models import Notification, Profile
from tests.factories import ContributorFactory, MessageFactory
from tests.races import together

pytestmark = pytest.mark.django_db
Kind = Notification.Kind


@pytest.fixture(autouse=True)
def _address(settings):
    settings.ADDRESS = "https://winnow.example"


@pytest.fixture
def person():
    return ContributorFactory(email="ada@example.org", name="Ada Lovelace")


def news_for(person, **fields):
    fields = {"kind": Kind.REJECTED, "data": {"why": "Unkind or unsafe."}, **fields}
    message = MessageFactory(author=person, text="What floats?")
    return Notification.objects.create(person=person, message=message, **fields)


def test_one_letter_tells_all_that_is_new_as_text_and_as_html(person):
    news_for(person)
    news_for(person, kind=Kind.ACCEPTED, data={})

    assert digests.send_due() == 1

    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert letter.subject == "Winnow: 2 things are new"
    html = letter.alternatives[0].content
    for body in (letter.body, html):
        assert "Your question was not accepted. Unkind or unsafe." in body.replace(
            "</a>", ""
        )
        assert "What floats?" in body
        assert "https://winnow.example/datasets/" in body
    assert "https://winnow.example/profile/" in letter.body
    assert Notification.objects.filter(mailed_at=None).count() == 0


def test_the_same_news_is_mailed_once(person):
    news_for(person)

    digests.send_due()
    Profile.objects.update(digest_sent_at=now() - timedelta(days=30))
    digests.send_due()

    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("rhythm", "hours", "letters"),
    [
        ("daily", 20, 0),
        ("daily", 24, 1),
        ("weekly", 24, 0),
        ("weekly", 168, 1),
        ("never", 999, 0),
    ],
)
def test_it_comes_as_often_as_the_person_wants(person, rhythm, hours, letters):
    profiles.save(by=person, fields={"digest": rhythm})
    Profile.objects.update(digest_sent_at=now() - timedelta(hours=hours))
    news_for(person)

    digests.send_due()

    assert len(mail.outbox) == letters


def test_without_a_saved_profile_it_comes_daily(person):
    news_for(person)
    digests.send_due()
    news_for(person)
    digests.send_due()

    assert len(mail.outbox) == 1


def test_what_was_read_or_is_old_is_not_mailed(person):
    news_for(person, read_at=now())
    news_for(person, created_at=now() - timedelta(days=20))

    assert digests.send_due() == 0
    assert mail.outbox == []


def test_nobody_whose_account_is_closed_gets_mail(person):
    news_for(person)
    person.is_active = False
    person.save()

    assert digests.send_due() == 0


def test_it_is_in_the_language_that_the_person_chose(person):
    profiles.save(by=person, fields={"interface_language": "de"})
    news_for(person)

    digests.send_due()

    assert '<html lang="de">' in mail.outbox[0].alternatives[0].content


def test_a_name_cannot_bring_markup_into_the_letter(person):
    news_for(person, data={"why": "<b>Bold</b>"})

    digests.send_due()

    assert "<b>Bold" in mail.outbox[0].body
    assert "<b>Bold" not in mail.outbox[0].alternatives[0].content


class _Fails(EmailBackend):
    """Takes every letter but those to one address."""

    def send_messages(self, letters):
        if any("ada@example.org" in letter.to for letter in letters):
            raise SMTPServerDisconnected("gone")
        return super().send_messages(letters)


class _Away(EmailBackend):
    def open(self):
        raise ConnectionRefusedError("nobody there")


def test_a_letter_that_did_not_go_out_is_tried_again_and_the_others_go(person, monkeypatch):
    news_for(person)
    news_for(ContributorFactory())
    connect = digests.get_connection
    monkeypatch.setattr(digests, "get_connection", _Fails)

    assert digests.send_due() == 1
    assert Notification.objects.filter(mailed_at=None).count() == 1

    monkeypatch.setattr(digests, "get_connection", connect)
    assert digests.send_due() == 1
    assert len(mail.outbox) == 2


def test_a_mail_server_that_is_away_loses_nothing(person, monkeypatch):
    news_for(person)
    monkeypatch.setattr(digests, "get_connection", _Away)

    assert digests.send_due() == 0

    assert Notification.objects.filter(mailed_at=None).count() == 1
    assert not Profile.objects.exclude(digest_sent_at=None).exists()


def test_without_a_mail_server_nothing_is_sent(person, settings):
    news_for(person)
    settings.EMAIL_HOST = ""
    tasks.send_digests()
    assert mail.outbox == []

    settings.EMAIL_HOST = "mail.winnow.example"
    tasks.send_digests()
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_one_letter(person):
    news_for(person)

    results = together(*[digests.send_due] * 4)

    assert sum(results) == 1
    assert len(mail.outbox) == 1
