from __future__ import annotations

import pytest

from curation.clean.preferences import is_usable, seen

LONG = "Water the fern once a week, and turn the pot so that each side gets light. "


@pytest.mark.parametrize(
    ("chosen", "rejected", "check"),
    [
        ("", "No.", "preference.empty"),
        ("Yes.", " \n", "preference.empty"),
        ("", "", "preference.empty"),
        ("Yes.", "Yes.", "preference.identical"),
        ("Yes,  it\nis.", "Yes, it is. ", "preference.identical"),
        (LONG, f"{LONG}Well.", "preference.alike"),
    ],
)
def test_a_pair_that_teaches_nothing_is_seen(chosen, rejected, check):
    for one, other in ((chosen, rejected), (rejected, chosen)):
        assert [sighting.check for sighting in seen(one, other)] == [check]
        assert is_usable(one, other) is (check == "preference.alike")


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        ("2 + 2", "2 - 2"),
        ("The answer is 4.", "The answer is 5."),
        ("polish", "Polish"),
        ("!", "?"),
        (LONG, "Give it less water in winter, when it rests, than in summer."),
        ("水", "火"),
    ],
)
def test_a_pair_that_differs_in_what_matters_passes(chosen, rejected):
    assert list(seen(chosen, rejected)) == []
    assert is_usable(chosen, rejected)
