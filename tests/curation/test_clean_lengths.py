from __future__ import annotations

from curation.clean.lengths import Usual, seen, usual


def test_what_is_usual_needs_enough_texts_and_leaves_out_the_ends():
    assert usual([10] * 7) is None
    assert usual([1, 20, 20, 30, 30, 30, 40, 40, 40, 900]) == Usual(18, 130)


def test_only_far_outside_something_is_said():
    wanted = Usual(30, 120)

    assert [s.check for s in seen(5, wanted)] == ["length.short"]
    assert [s.check for s in seen(500, wanted)] == ["length.long"]
    for words in (0, 12, 30, 120, 300):
        assert list(seen(words, wanted)) == []
    assert list(seen(1, None)) == []
