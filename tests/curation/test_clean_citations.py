from __future__ import annotations

import pytest

from curation.clean import citations


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Berlin is a city.[1] It is old.[2][3]", "Berlin is a city. It is old."),
        ("It was founded long ago[4] by two towns", "It was founded long ago by two towns"),
        ("A claim.[citation needed] Another.", "A claim. Another."),
        ("The king[note 2] died.[12]", "The king died."),
        ("As was shown [3]. Later", "As was shown. Later"),
        ("Write to eve@example.org [3].", "Write to eve@example.org."),
    ],
)
def test_marks_of_a_pasted_passage_are_seen_and_taken_out(text, left):
    assert citations.without_marks(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "numbers[1] = 5",
        "Take argv[1] and x[2] of it.",
        "`list[1]` is the second",
        "```\nword[1] and more.[2]\n```",
        "    indented.[1]",
        "[[1], [2], [3]]",
        "The list is [1, 2, 3] or [4].",
        "Choose [1] or [2] to go on.",
        "A link[1](https://example.org)",
        "Answer [a] is right",
        "self.rows[1] and table.cells[2]",
    ],
)
def test_what_somebody_means_stays(text):
    assert citations.marks(text) == []
    assert list(citations.seen(text)) == []
