from __future__ import annotations

import pytest

from curation.clean.repetition import lines_again, seen, words_again

SENTENCE = "I believe what makes a play last is that it speaks of what everybody fears. "


def test_a_text_that_goes_round_in_circles_is_seen_where_it_does():
    text = f"One more thing before. {SENTENCE * 5}".strip()

    (sighting,) = seen(text)

    assert (sighting.check, sighting.is_serious) == ("repetition.words", False)
    ((start, end),) = sighting.spans
    assert text[start:end] == (SENTENCE * 4).strip(" .")


def test_so_is_a_loop_of_one_word():
    assert [s.check for s in seen("very " * 100)] == ["repetition.words"]
    assert [s.check for s in seen("Привет мир " * 50)] == ["repetition.words"]


def test_lines_that_come_again_are_seen_though_each_is_short():
    text = "\n".join(f"{n} {n * n}\nEat your breakfast." for n in range(8))
    share, spans = lines_again(text)

    assert share > 0.7
    assert {text[start:end] for start, end in spans} == {"Eat your breakfast."}
    assert [s.check for s in seen(text)] == ["repetition.lines"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Row, row, row your boat. " * 2,
        SENTENCE,
        " ".join(f"word{n}" for n in range(500)),
        f"```\n{SENTENCE * 20}\n```",
        "| a | b |\n" * 40,
        f"$${'x + y + z ' * 40}$$",
        "".join(f"She had {n} apples and gave {n - 1} of them away.\n" for n in range(40)),
        "}\n" * 50,
    ],
)
def test_code_tables_formulas_and_a_chorus_may_come_again(text):
    assert list(seen(text)) == []


def test_the_share_is_of_what_was_there_before():
    once = " ".join(f"word{n}" for n in range(40))

    assert words_again(once)[0] == 0
    assert words_again(f"{once} {once}")[0] == pytest.approx(0.5, abs=0.01)
