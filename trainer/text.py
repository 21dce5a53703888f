"""Text from outside, made fit to be stored."""

from __future__ import annotations

import re

# Not isdigit(), which takes "²" for one, nor more digits than a key can have.
NUMBER = re.compile(r"[0-9]{1,18}")


def is_number(text: str) -> bool:
    """Whether it is the number of a row, as int() and the database read it."""
    return NUMBER.fullmatch(text) is not None


def storable(text: str) -> str:
    """A young model may say anything; PostgreSQL keeps neither NUL nor half a character."""
    return (
        text.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
    )
