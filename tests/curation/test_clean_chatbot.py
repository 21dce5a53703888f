from __future__ import annotations

import pytest

from curation.clean import chatbot


def checks(text):
    return [sighting.check for sighting in chatbot.seen(text)]


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I cannot taste food.",
        "I'm sorry, but as a large language model I have no opinion.",
        "I am an AI and do not sleep.",
        "As of my last knowledge update in 2021, nobody knew.",
        "Als KI-Sprachmodell kann ich das nicht sagen.",
    ],
)
def test_a_machine_that_names_itself_is_heard(text):
    assert checks(text) == ["chatbot.self"]


@pytest.mark.parametrize(
    "text",
    [
        "Certainly! Here is a short poem.\n\nRoses are red.\n\nI hope this helps!",
        "Sure, here's the list.\n\n"
        + "\n".join(f"- **Point {n}:** it matters" for n in range(4)),
        "Great question! Let's see. It rains.\n\nLet me know if you have any questions.",
    ],
)
def test_its_manner_is_heard_where_two_signs_agree(text):
    assert checks(text) == ["chatbot.style"]


@pytest.mark.parametrize(
    "text",
    [
        "As an AI researcher, she trains language models.",
        "A language model predicts the next word. I am an airline pilot.",
        "I hope this helps!",
        "Sure, here is the recipe: boil the egg.",
        "Of course. It depends on the weather.",
        "# One\n\n## Two\n\n### Three\n\nA manual has headings.",
        "She came — late, as always — and left.",
        "As an aide to the minister he wrote it.",
        "He said: let me know if you come. She did not answer him for three years.",
    ],
)
def test_people_may_sound_so_now_and_then(text):
    assert checks(text) == []


def test_a_text_that_was_pasted_whole_is_noticed_but_not_serious():
    text = "word " * 100

    (seen,) = chatbot.seen_in_typing(text, pasted=len(text))

    assert (seen.check, seen.is_serious) == ("chatbot.pasted", False)
    assert list(chatbot.seen_in_typing(text, pasted=100)) == []
    assert list(chatbot.seen_in_typing("word " * 20, pasted=100)) == []
