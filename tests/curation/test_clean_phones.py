from __future__ import annotations

import pytest

from curation.clean.phones import phones


def found(text):
    return [text[start:end] for start, end in phones(text)]


@pytest.mark.parametrize(
    "number",
    [
        "+49 30 901820 13", "+33 1 42 68 53 00", "+44 20 7946 0958", "+81 3-3224-9999",
        "+86 10 6552 9988", "+7 495 606-36-02", "+1-212-664-7665", "+4930901820",
        "+44(0)1413311010", "0049 30 90182013", "0044 20 7031 3000",
        "(212) 664-7665", "(212)664-7665", "212-664-7665", "212.664.7665", "1-800-692-7753",
    ],
)  # fmt: skip
def test_a_number_of_any_country_is_found_where_it_stands(number):
    assert found(f"Ask at {number} in the morning, in room 12.") == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tel. 030 901820 13", "030 901820 13"),
        ("phone: 020 7219 3000", "020 7219 3000"),
        ("WhatsApp 0176 8193 4561", "0176 8193 4561"),
        ("Teléfono: 91 321 08 43", "91 321 08 43"),
    ],
)
def test_behind_its_word_a_number_needs_no_country(text, number):
    assert found(text) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "28980 - 18480 = 10500 and 28980-18480=10500",
        "2023.01.28 06:53 somebody wrote",
        "x = +12345678901",
        "a+1234567890",
        "+1 555 123 4567 and +49 123 456789 are made up",
        "+999 1234 5678 is of no country",
        "000-000-0000 and 123-456-7890",
        "1.234.567.890 people",
        "file 0001 0002 0003 and 007 12 34",
        "On 212-664-76651 there is one digit too many",
        "192.168.100.200",
        "+١٢٣",
        "",
    ],
)
def test_sums_dates_and_made_up_numbers_are_none(text):
    assert found(text) == []


def test_numbers_that_overlap_are_one():
    assert found("Call +1 (212) 664-7665, mobile: +49 30 901820 13") == [
        "+1 (212) 664-7665",
        "+49 30 901820 13",
    ]
