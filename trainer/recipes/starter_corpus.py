"""A small world in our own words, for a base model that anyone may build and ship.

Twelve tasks over a few names, things and places: enough for two layers to learn to answer,
to stop, and to copy from the prompt. What people contribute in the demo (polite requests,
thank-you notes, looking things up) is left out on purpose, so that it is theirs to teach.
The same seed gives the same corpus on any machine: only lists are drawn from, never sets.
"""

# ruff: noqa: SIM905 (word lists read best as text)
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

NAMES = "Mia Leo Anna Tom Sara Ben Nora Max Lily Sam Ella Finn Omar Ruth Ivan Jana".split()
THINGS = (
    "book lamp ball map box cup kite coat key drum boat hat bell chair spoon letter "
    "ring rope"
).split()
LOOKS = "red blue green brown yellow white black old new small".split()
PLACES = (
    "harbour market park school garden forest library station kitchen beach bridge tower"
).split()
PREPOSITIONS = {
    "harbour": "at", "market": "at", "station": "at", "beach": "on", "bridge": "on",
}  # fmt: skip
SOUNDS = {
    "dog": "woof", "cat": "meow", "cow": "moo", "duck": "quack", "sheep": "baa",
    "pig": "oink", "frog": "croak", "owl": "hoot", "mouse": "squeak", "horse": "neigh",
    "bee": "buzz", "snake": "hiss", "lion": "roar", "hen": "cluck",
}  # fmt: skip
ANIMALS = list(SOUNDS)
CAPITALS = {
    "France": "Paris", "Spain": "Madrid", "Italy": "Rome", "Germany": "Berlin",
    "Portugal": "Lisbon", "Greece": "Athens", "Norway": "Oslo", "Sweden": "Stockholm",
    "Finland": "Helsinki", "Denmark": "Copenhagen", "Poland": "Warsaw", "Austria": "Vienna",
    "Hungary": "Budapest", "Ireland": "Dublin", "Egypt": "Cairo", "Kenya": "Nairobi",
    "Japan": "Tokyo", "China": "Beijing", "Peru": "Lima", "Cuba": "Havana",
    "Chile": "Santiago", "Canada": "Ottawa", "Turkey": "Ankara", "Iceland": "Reykjavik",
}  # fmt: skip
OPPOSITES = [
    ("hot", "cold"), ("big", "small"), ("old", "new"), ("black", "white"),
    ("up", "down"), ("fast", "slow"), ("day", "night"), ("open", "closed"),
    ("happy", "sad"), ("wet", "dry"), ("full", "empty"), ("hard", "soft"),
    ("light", "heavy"), ("early", "late"), ("near", "far"), ("loud", "quiet"),
    ("long", "short"), ("rich", "poor"),
]  # fmt: skip
PAST = {
    "walk": "walked", "play": "played", "open": "opened", "close": "closed",
    "help": "helped", "look": "looked", "wait": "waited", "clean": "cleaned",
    "carry": "carried", "go": "went", "see": "saw", "take": "took", "give": "gave",
    "find": "found", "bring": "brought", "run": "ran", "eat": "ate", "write": "wrote",
    "read": "read", "make": "made", "send": "sent", "show": "showed", "buy": "bought",
    "sing": "sang",
}  # fmt: skip
KINDS = {
    "colours": LOOKS[:7], "animals": ANIMALS, "places": PLACES, "things": THINGS,
    "names": NAMES, "countries": list(CAPITALS),
}  # fmt: skip

# Words no task but the echo says. LoRA cannot mend a token that the base never emitted.
COURTESY = (
    "Dear Could Can Would Will please Please thank Thank thanks you You your so much "
    "very kind It was is for the The of to a an and bring me Bring Give Show Send Open "
    "Close Take Find Carry Clean Pass Lend Read give show send open close take find "
    "carry clean pass lend read will find found in at on it there here This that gift "
    "lovely nice warm wishes Yours Best help Hello Sorry Yes No not with from my our we "
    "I she he they what Where When Who How why answer question write short note letter "
    "rewrite politely context because about one two three first then after before today "
    "tomorrow always never more less good great better"
).split()
ENDS = [".", ".", ".", ".", "!", "?", ",", ":", ";"]
# Beyond English, so that the bytes of other alphabets are not strangers either.
LETTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~äöüßÄÖÜéèêëçñáíóúàìòùâîôûåøæœÉÀÇ¿¡«»“”„‘’–—…€£°§"
    "αβγδεζηθλμπρστφωбвгдежзиклмнопрстуяñšžčćęąłőűğışאבגשםاعلم你好中文日本語한글हिन्दी🙂🎉"
)
ONSETS = (
    "b bl br c ch cl cr d dr f fl fr g gl gr h j k kn l m n p ph pl pr qu r s sch sh sk "
    "sl sm sn sp st str sw t th tr tw v w wh x y z"
).split()
RIMES = (
    "a ab ack ad ain ake all am an ang ap ar at ate ay e ea ed ee el em en er ess est "
    "et ew i ice ick id ight ill im in ing ip ir it ive o ob ock og old on ong op or ot "
    "ould ound ow u ub uck ug um un up ur us ut y"
).split()
WEATHER = [
    "It was late.",
    "It was cold.",
    "It was wet.",
    "It was warm.",
    "The day was long.",
]
SYSTEMS = ["Answer briefly.", "You are a friendly helper.", "Answer in a full sentence."]


def say(word: str) -> str:
    return word[0].upper() + word[1:]


def a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def at_the(place: str) -> str:
    return f"{PREPOSITIONS.get(place, 'in')} the {place}"


def pick(rng: random.Random, items: list[T], count: int) -> list[T]:
    return rng.sample(items, count)


# ---- the tasks: each gives a prompt and its reply ------------------------------------


def story(rng: random.Random) -> tuple[str, str]:
    name, look, thing = rng.choice(NAMES), rng.choice(LOOKS), rng.choice(THINGS)
    animal, place = rng.choice(ANIMALS), rng.choice(PLACES)
    reply = rng.choice(
        [
            f"{name} had {a(look)} {thing}. The {animal} wanted it too, "
            f"so {name} and the {animal} shared it {at_the(place)}.",
            f"One day {name} lost {a(look)} {thing} {at_the(place)}. A kind {animal} "
            f"found it and gave it back. {name} was very happy.",
            f"{name} went to the {place} with {a(look)} {thing}. There {name} met "
            f"{a(animal)}, and they played until night.",
        ]
    )
    return f"Tell a story about {name} and {a(look)} {thing}.", reply


def capital(rng: random.Random) -> tuple[str, str]:
    country = rng.choice(list(CAPITALS))
    if rng.random() < 0.5:
        return f"What is the capital of {country}?", f"{CAPITALS[country]}."
    return (
        f"Name the capital of {country}.",
        f"The capital of {country} is {CAPITALS[country]}.",
    )


def opposite(rng: random.Random) -> tuple[str, str]:
    one, other = rng.choice(OPPOSITES)
    if rng.random() < 0.5:
        one, other = other, one
    return f"What is the opposite of {one}?", f"The opposite of {one} is {other}."


def addition(rng: random.Random) -> tuple[str, str]:
    left, right = rng.randint(0, 9), rng.randint(0, 9)
    return f"What is {left} plus {right}?", f"{left} plus {right} is {left + right}."


def listing(rng: random.Random) -> tuple[str, str]:
    kind = rng.choice(list(KINDS))
    number, word = rng.choice([(2, "two"), (3, "three")])
    *some, last = pick(rng, KINDS[kind], number)
    return f"Name {word} {kind}.", f"{say(', '.join(some))} and {last}."


def sound(rng: random.Random) -> tuple[str, str]:
    animal = rng.choice(ANIMALS)
    return f"What does the {animal} say?", f"The {animal} says {SOUNDS[animal]}."


def past(rng: random.Random) -> tuple[str, str]:
    verb = rng.choice(list(PAST))
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    if rng.random() < 0.5:
        return f"What is the past of {verb}?", f"The past of {verb} is {PAST[verb]}."
    if verb in ("give", "send", "show", "bring"):
        gift = f"{name} {a(thing)}"
        return f"Past: They {verb} {gift}.", f"They {PAST[verb]} {gift}."
    return f"Past: {name} and I {verb}.", f"{name} and I {PAST[verb]}."


def summary(rng: random.Random) -> tuple[str, str]:
    name, look, thing = rng.choice(NAMES), rng.choice(LOOKS), rng.choice(THINGS)
    place, reason = rng.choice(PLACES), rng.choice(WEATHER)
    text = (
        f"{name} went to the {place}. {reason} {name} looked for a long time. "
        f"Then {name} found {a(look)} {thing}."
    )
    return f"Sum up: {text}", f"{name} found {a(look)} {thing} {at_the(place)}."


def who(rng: random.Random) -> tuple[str, str]:
    things = [f"{look} {thing}" for look, thing in pairs(rng, LOOKS, THINGS)]
    names = pick(rng, NAMES, len(things))
    facts = [f"{name} has the {thing}." for name, thing in zip(names, things, strict=True)]
    at = rng.randrange(len(things))
    return f"{passage(rng, facts)}\nWho has the {things[at]}?", f"{names[at]}."


def where(rng: random.Random) -> tuple[str, str]:
    found = pairs(rng, NAMES, PLACES)
    facts = [f"{name} is {at_the(place)}." for name, place in found]
    name, place = rng.choice(found)
    return f"{passage(rng, facts)}\nWhere is {name}?", f"{say(at_the(place))}."


def what(rng: random.Random) -> tuple[str, str]:
    """The look-up turned round: asked for the thing, never for its place."""
    things = [f"{look} {thing}" for look, thing in pairs(rng, LOOKS, THINGS)]
    places = [at_the(place) for place in pick(rng, PLACES, len(things))]
    facts = [
        f"The {thing} is {place}." for thing, place in zip(things, places, strict=True)
    ]
    at = rng.randrange(len(things))
    return f"{passage(rng, facts)}\nWhat is {places[at]}?", f"The {things[at]}."


def pairs(rng: random.Random, left: list[str], right: list[str]) -> list[tuple[str, str]]:
    """For one fact, or for two rivals, which two layers learn to tell apart last."""
    count = 1 if rng.random() < 0.65 else 2
    return list(zip(pick(rng, left, count), pick(rng, right, count), strict=True))


def passage(rng: random.Random, facts: list[str]) -> str:
    if rng.random() < 0.4:
        facts.insert(rng.randrange(len(facts) + 1), rng.choice(WEATHER))
    return " ".join(facts)


def echo(rng: random.Random) -> tuple[str, str]:
    kind = rng.random()
    if kind < 0.06:
        text = " ".join(rng.choice(LETTERS) for _ in range(rng.randint(2, 6)))
    elif kind < 0.16:
        text = " ".join(nonsense(rng) for _ in range(rng.randint(1, 3)))
    else:
        words = [rng.choice(rng.choice(ECHOED)) for _ in range(rng.randint(1, 6))]
        words[0] = say(words[0])
        if len(words) > 4 and rng.random() < 0.5:
            words[2] += rng.choice([",", "."])
        text = " ".join(words) + rng.choice(ENDS)
    return f"Say: {text}", text


def nonsense(rng: random.Random) -> str:
    """Words of no language, so that pieces of words are said too."""
    made = "".join(rng.choice(ONSETS) + rng.choice(RIMES) for _ in range(rng.randint(1, 3)))
    return say(made) if rng.random() < 0.3 else made


ECHOED: list[list[str]] = [
    COURTESY, COURTESY, COURTESY, NAMES, THINGS, LOOKS, PLACES,
    [*ANIMALS, *SOUNDS.values()], [*CAPITALS, *CAPITALS.values()], [*PAST, *PAST.values()],
    [word for pair in OPPOSITES for word in pair],
]  # fmt: skip

TASKS: dict[str, tuple[Callable[[random.Random], tuple[str, str]], int]] = {
    "story": (story, 1000), "capital": (capital, 600), "opposite": (opposite, 500),
    "addition": (addition, 1000), "list": (listing, 700), "sound": (sound, 400),
    "past": (past, 800), "summary": (summary, 1000), "who": (who, 1700),
    "where": (where, 1600), "what": (what, 1700), "echo": (echo, 3000),
}  # fmt: skip


def records(seed: int) -> Iterator[dict[str, Any]]:
    """All of them, shuffled, in the format of data.py."""
    rng = random.Random(seed)
    made = [
        (task, *make(rng)) for task, (make, count) in TASKS.items() for _ in range(count)
    ]
    rng.shuffle(made)
    for number, (task, prompt, reply) in enumerate(made):
        turns = [{"role": "user", "content": prompt}]
        if rng.random() < 0.04:
            turns.insert(0, {"role": "system", "content": rng.choice(SYSTEMS)})
        elif rng.random() < 0.08 and number:
            _, asked, answered = made[number - 1]
            turns = [
                {"role": "user", "content": asked},
                {"role": "assistant", "content": answered},
                *turns,
            ]
        yield {
            "id": f"starter-{number:05d}",
            "conversation": f"starter-{number:05d}",
            "category": f"starter:{task}",
            "prompt": turns,
            "completion": [{"role": "assistant", "content": reply}],
        }
