"""Text from outside, made fit to be stored."""

from __future__ import annotations


def storable(text: str) -> str:
    """A young model may say anything; PostgreSQL keeps neither NUL nor half a character."""
    return (
        text.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
    )
