from __future__ import annotations

import pytest

from curation.clean.echo import seen

PROMPT = "How do I keep bread from going stale in two days?"


@pytest.mark.parametrize(
    ("text", "echoed"),
    [
        (f"{PROMPT} In a box.", PROMPT.rstrip("?")),
        (
            "> *HOW do I keep bread\n> from going stale — in two days*?! In a box.",
            "HOW do I keep bread\n> from going stale — in two days",
        ),
        (PROMPT, PROMPT.rstrip("?")),
    ],
)
def test_a_prompt_that_is_said_again_is_seen_where_it_ends(text, echoed):
    ((check, _, _, ((start, end),), _),) = seen(text, PROMPT)

    assert (check, text[start:end]) == ("echo", echoed)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("Keep bread in a box.", PROMPT),
        (f"You ask: {PROMPT}", PROMPT),
        ("How do I keep bread from going stale in two daysailers?", PROMPT),
        ("Why? Because it is.", "Why?"),
        ("An answer", "?" * 40),
        ("", PROMPT),
    ],
)
def test_an_answer_in_its_own_words_passes(text, prompt):
    assert list(seen(text, prompt)) == []
