"""Counts of every filter, off a table of combinations."""

from __future__ import annotations

import random

from curation.aggregate.tally import Table

FACETS = ("state", "language", "check")
ONLY = {"state": {"open", "done"}}
ROWS = [
    ((("open",), ("en",), ()), 3),
    ((("open",), ("de",), ("echo", "secret")), 2),
    ((("done",), ("en",), ("secret",)), 5),
    ((("gone",), ("en",), ()), 100),
]


def test_each_facet_counts_what_its_other_values_would_find():
    found = Table.of(FACETS, ROWS).tally({"state": ["open"]}, counted=FACETS, only=ONLY)
    assert found.total == 5
    assert found.by_facet["state"] == {"open": 5, "done": 5}
    assert found.by_facet["language"] == {"en": 3, "de": 2}
    assert found.by_facet["check"] == {"echo": 2, "secret": 2}
    assert found.without == {"state": 10}
    assert found.is_found.tolist() == [True, True, False, False]


def test_values_of_one_filter_are_either_and_unknown_ones_find_nothing():
    table = Table.of(FACETS, ROWS)
    assert table.tally({"check": ["echo", "x"]}, counted=FACETS, only=ONLY).total == 2
    assert table.tally({"language": ["fr"]}, counted=FACETS, only=ONLY).total == 0
    assert table.total == 110


def test_no_rows_are_counted_as_none():
    found = Table.of(FACETS, []).tally({"state": ["open"]}, counted=FACETS, only=ONLY)
    assert (found.total, found.by_facet["language"]) == (0, {})


def test_packed_and_unpacked_it_counts_the_same():
    table = Table.of(FACETS, ROWS)
    again = Table.unpacked(table.packed())
    wanted = {"language": ["en"], "check": ["secret"]}
    before, after = (one.tally(wanted, counted=FACETS, only=ONLY) for one in (table, again))
    assert before[:3] == after[:3]


def test_it_counts_as_somebody_would_who_looks_at_each_row():
    chance = random.Random(7)
    pick = [("open", "done", "gone"), ("en", "de", "fr"), ("echo", "secret", "length")]
    rows = [
        (
            [(chance.choice(pick[0]),), (chance.choice(pick[1]),),
             tuple(chance.sample(pick[2], chance.randrange(3)))],
            chance.randrange(1, 9),
        )
        for _ in range(200)
    ]  # fmt: skip
    wanted = {"language": ["en", "de"], "check": ["echo"]}
    found = Table.of(FACETS, rows).tally(wanted, counted=FACETS, only=ONLY)
    for place, facet in enumerate(FACETS):
        by_hand: dict[str, int] = {}
        for cells, count in rows:
            others = all(
                set(values) & set(cells[FACETS.index(name)])
                for name, values in wanted.items()
                if name != facet
            )
            if others and cells[0][0] in ONLY["state"]:
                for value in cells[place]:
                    by_hand[value] = by_hand.get(value, 0) + count
        assert found.by_facet[facet] == by_hand
