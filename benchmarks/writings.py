"""What the scripted people write."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

NAMES = ("Mia", "Leo", "Anna", "Tom", "Nora", "Omar")
THINGS = ("blue kite", "small bell", "old rope", "red chair", "green cup", "black hat")
PLACES = ("in the tower", "at the market", "on the bridge", "in the library")

PROMPTS = (
    "How do I keep fresh bread from going stale in two days?",
    "Explain to a ten-year-old why the sea is salty.",
    "I have to tell my team that we will miss the date. How do I begin the mail?",
    "What is the difference between weather and climate, in three sentences?",
    "Which houseplants survive somebody who forgets to water them?",
    "My neighbour's dog barks all morning. What could I say without starting a quarrel?",
    "How can I remember people's names after a meeting?",
    "What should I check before buying a used bicycle?",
)

ANSWERS = (
    "Begin with the one thing that matters most, do it today, and look at the rest later.",
    "It depends on three things: how much time you have, what you own already, and who "
    "helps. Start with the cheapest and see whether it is enough.",
    "Short answer: yes, if you are patient. Try the simple way first and note what worked.",
    "Ask somebody who has done it before. Then make a list of what can go wrong, and be "
    "ready for the two most likely things on it.",
    "There is no single right way. Most people do well with a small step each day, a "
    "reminder where they will see it, and somebody to tell about it.",
)


def pairs() -> Iterator[dict[str, str]]:
    """New examples of what the starter model can learn; none is in the sample file."""
    for place, name, thing in product(PLACES, NAMES, THINGS):
        yield {
            "category": "polite_rewrite",
            "prompt": f"Rewrite politely: Show {name} the {thing}.",
            "reply": f"Could you please show {name} the {thing}?",
        }
        yield {
            "category": "thank_you_note",
            "prompt": f"Write a short thank-you note to {name} for the {thing}.",
            "reply": f"Dear {name}, thank you so much for the {thing}. "
            "It was very kind of you.",
        }
        yield {
            "category": "look_up",
            "prompt": f"Where is the {thing}?",
            "context": f"The new lamp is in the kitchen. The {thing} is {place}.",
            "reply": f"You will find the {thing} {place}.",
        }
