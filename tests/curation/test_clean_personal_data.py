from __future__ import annotations

import pytest

from curation.clean import personal_data


def kinds(text):
    return [s.check.removeprefix("personal_data.") for s in personal_data.seen(text)]


def serious(text):
    return [s.check for s in personal_data.seen(text) if s.is_serious]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to ada.lovelace+notes@analytical.engine.co.uk today.", "email"),
        ("Mail: ada@analytical.de", "email"),
        ("Her card is 4539 1488 0343 6467, use it.", "card"),
        ("4012888888881881", "card"),
        ("3782 822463 10005 is an American Express card", "card"),
        ("Pay to DE89 3704 0044 0532 0130 00.", "iban"),
        ("IBAN GB82WEST12345698765432", "iban"),
        ("His number is 078-05-1120.", "us_ssn"),
        ("Call +49 30 901820 13 in the morning.", "phone"),
        ("Call (212) 664-7665 in the morning.", "phone"),
        ("Tel. 030 901820 13", "phone"),
        ("It logged in from 91.198.174.192 at noon.", "ip_address"),
        ("It logged in from 2a02:908:1a5:4c00:9c1f:21b4:77de:13aa.", "ip_address"),
        ("The server is 2606:4700:4700::1111 now.", "ip_address"),
    ],
)
def test_what_reaches_or_names_somebody_is_seen(text, kind):
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Multiples of ten: 340 350 360 370 380 390 400 410",
        "The number 1234 5678 9012 3456 is no card: its check digit is wrong.",
        "0000 0000 0000 0000",
        "4111 1111 1111 1111 is the card that shops are tested with.",
        "Version 1.2.3.4 of the program, and 127.0.0.1 or 192.168.0.12 are yours.",
        "In 2019-2020 about 123-456-7890 people called.",
        "Dial 555-0123 or (212) 555-0199.",
        "The ISBN is 978-3-16-148410-0.",
        "10.1000/182 is a DOI, and 3.14159265358979 is pi.",
        "He earned 1,234,567 dollars in 2001 and 2,345,678 in 2002.",
        "On 2024-01-15 at 10:42:33 it ended.",
        "An order GB29 of NWBK6016",
        "std::vector a::b ::1 fe80::1ff:fe23:4567:890a 2001:db8::8a2e:370:7334",
        "The ratio is 1:2:3:4:5:6:7:8 at 10:42:33.",
        "UUID 123e4567-e89b-12d3-a456-426614174000",
        "#include <a@b> and @decorator and user@host",
        "![pic](a/b/photo@2x.png)",
        "Call the function f(30, 40, 50) twice.",
    ],
)
def test_numbers_that_are_nobodys_pass(text):
    assert kinds(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "eve@example.org",
        "hmac-sha2-256-etm@openssh.com",
        "your_name@domain.com",
        "john.doe@gmail.com",
        "you@mail.test",
    ],
)
def test_an_address_kept_for_examples_is_named_and_not_urgent(text):
    assert kinds(text) == ["email"]
    assert serious(text) == []


def test_the_spans_are_the_places_in_the_text():
    text = "Ask ada@engine.uk or bob@engine.uk."

    (sighting,) = personal_data.seen(text)

    assert [text[a:b] for a, b in sighting.spans] == ["ada@engine.uk", "bob@engine.uk"]
