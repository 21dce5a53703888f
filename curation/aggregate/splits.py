"""On which side of a dataset a conversation stands."""

from __future__ import annotations

import hashlib

from curation.clean.text import normalised


def split_of(prompt_key: str, held_out_percent: int) -> str:
    """`train` or `held_out`, from the words of the first prompt alone.

    Conversations that begin with the same words go to the same side, on every machine and
    however much the dataset grows. The caller stores the answer and never asks again, so
    that a changed percentage moves nothing that is already there.
    """
    bucket = int(prompt_key[:16], 16) % 10_000
    return "held_out" if bucket < held_out_percent * 100 else "train"


def prompt_key(dataset: str, first_prompt: str) -> str:
    """32 hex digits, equal for first prompts of the same words."""
    key = f"{dataset}\n{normalised(first_prompt) or first_prompt}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]
