"""The longest texts that may be sent, made to keep the patterns busy.

A pattern that goes over a run of characters from each of them takes seconds or hours. What
is bounded is computing, however busy the machine is: a test that hangs is stopped there.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager

import pytest

from curation.clean.checks import sightings
from curation.clean.citations import without_marks
from curation.clean.decontamination import index_of, match
from curation.clean.masks import masked
from curation.clean.mentions import mentions
from curation.clean.preferences import likeness
from curation.clean.text import TEXT_AT_MOST, normalised, tidied

SECONDS = 20  # of which each test needs less than one
ADA = (1, "Ada Byron", "ada@example.org")
EVALUATION = index_of(["a a a a a a a a a a a a a b"])
RUNS = [
    "\n", " ", "\t", "\n ", "a", "1", "A", "-", "*", "_", "`", "[", "\"", "“", "’", "(",
    ".", "—", "✅", "- ", "-\n", "\n-", "\n- **", "1. ", "# ", "a—", "a@", "@a'", "a@b.",
    "://a:", "a[1]", "a.[1] ", "`b`a.[1] ", "```", "1 ", "1.", "1-", "+1 2", "call (",
    "AB12 ", "eyJ", "password: ", "a1B2c3d4", "hope this helps", "let me know if you'd ",
    "As an AI ", "as\n", "I am a ", "I am GPT", "GPT 1.1", "GPT1", "by Google ", "my  ",
    "regards,\n", "regards ", "+1", "00 12 ", "(1", "2001:", "dapi", "AKC", "a1.", "字",
    "```\n", "~~~\n", "> ", "> ```\n", "- ```\n", "* > 1. ", "|", "$$", "½", "aws key = '",
]  # fmt: skip
# What makes masks.py look closer, and what it may then try to the end of a run.
BEGINNINGS = ["", "As ", "ChatGPT ", "I am GPT", "Kind regards,", "- **", "@a"]


@contextmanager
def bounded_computing():
    """As long as this process computes, not as long as it waits for its turn."""

    def stop(*_):
        raise AssertionError(f"{SECONDS} s of computing were not enough")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("run", RUNS)
def test_no_text_keeps_the_checks_busy(run):
    with bounded_computing():
        for beginning in BEGINNINGS:
            text = f"{beginning}{run * TEXT_AT_MOST}"[: TEXT_AT_MOST - 1] + "b"
            sightings(text, prompt="Why is the sky blue at noon?", language="en")
            without_marks(text)
            masked(text)
            list(mentions(text, [ADA]))
            normalised(tidied(text))
            match(text, EVALUATION)
            likeness(text, text[1:])


@pytest.mark.parametrize("run", ["1", "1v1", "1.1", "-1", " 1", "-Pro"])
def test_a_version_of_many_parts_is_read_once(run):
    with bounded_computing():
        for beginning in ("I am GPT", "As GPT", "OpenAI"):
            assert masked(f"{beginning}{run * 500} of Ada").endswith(" of Ada")


def test_points_after_empty_lines_still_count():
    points = "\n\n\n".join(f"  - **Point {n}:** it matters" for n in range(4))

    seen = sightings(f"Sure, here's the list.\n\n{points}", prompt="Which?")

    assert [one.check for one in seen] == ["chatbot.style"]


def test_a_name_after_empty_lines_is_still_hidden():
    assert masked("So.\n\n \n As ChatGPT, I can't.") == "So.\n\n \n As [name], I can't."
    assert masked("So.\n\n\n - ChatGPT") == "So.\n\n\n - [name]"
