from __future__ import annotations

import pytest

from curation.addresses import NUMBERS_BELOW, address_of, number_of

NUMBERS = [0, 1, 2, 300_000, 2**32 - 1, 2**32, NUMBERS_BELOW - 1]


@pytest.mark.parametrize("number", NUMBERS)
def test_an_address_leads_back_to_its_number(number):
    assert number_of(address_of(number, of="task"), of="task") == number


def test_addresses_of_neighbours_have_nothing_in_common():
    made = [address_of(number, of="task") for number in range(1000, 3000)]

    assert len(set(made)) == 2000
    assert all(len(address) == 16 for address in made)
    ups = sum(a < b for a, b in zip(made, made[1:], strict=False))
    assert 900 < ups < 1100  # in the order of chance
    for place in range(16):
        assert len({address[place] for address in made}) == 16


def test_another_sort_of_thing_and_another_secret_have_other_addresses(settings):
    task = address_of(7, of="task")
    message = address_of(7, of="message")
    settings.SECRET_KEY = "another"

    assert len({task, message, address_of(7, of="task")}) == 3


@pytest.mark.parametrize(
    "made_up",
    ["", "7", "x" * 16, "-123456789abcdef", "12_34567890abcde", "é" * 16, "0" * 17]
    + [f"{n:016x}" for n in range(20)],
)
def test_what_somebody_made_up_leads_nowhere(made_up):
    with pytest.raises(ValueError):
        number_of(made_up, of="task")
