"""Reads a frozen version: an object a line, as TRL's conversational prompt-completion.

{"id": "17", "conversation": "4", "category": "closed_qa",
 "prompt": [{"role": "user", "content": "…"}],
 "completion": [{"role": "assistant", "content": "…"}]}
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from trainer.recipes.chat import ROLES, Turn
from trainer.recipes.common import Trouble

TRAIN = "train.jsonl"
HELD_OUT = "held_out.jsonl"
APART = 10  # one in so many of the base's own records is never replayed

E = TypeVar("E")


@dataclass(frozen=True)
class Example:
    id: str
    conversation: str
    category: str
    prompt: list[Turn]
    completion: Turn
    prompt_id: str = ""  # replies to one prompt share it


def read_examples(path: Path) -> list[Example]:
    return [_example(content, where) for where, content in read_lines(path)]


def read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each JSON object of a file, with its place in words for complaints."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        why = f"Cannot read {path}: {error.strerror}"
        raise Trouble(f"{why}. Export the version again.") from error
    except UnicodeDecodeError as error:
        raise Trouble(f"{path} is not UTF-8: {error}. Export the version again.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"{path.name}, line {number}"
            yield where, _object(line, where)


def read_turns(value: Any, where: str) -> list[Turn]:
    if not isinstance(value, list) or not value:
        raise Trouble(f"{where}: expected a list of messages, one at least.")
    for turn in value:
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            raise Trouble(f"{where}: a message needs a role, one of {', '.join(ROLES)}.")
        if not isinstance(turn.get("content"), str):
            raise Trouble(f"{where}: the content of a message must be a string.")
    return [{"role": turn["role"], "content": turn["content"]} for turn in value]


def sample(examples: list[E], count: int, seed: int) -> list[E]:
    """At most `count` of them, the same ones for the same seed, in their order."""
    if count >= len(examples):
        return examples
    chosen = random.Random(seed).sample(range(len(examples)), count)
    return [examples[index] for index in sorted(chosen)]


def parted(replay: list[Example]) -> tuple[list[Example], list[Example]]:
    """The base's own records: those to replay, and those that show what it still knows."""
    shown = [example for example in replay if _is_apart(example.id)]
    return [example for example in replay if not _is_apart(example.id)], shown


def _is_apart(name: str) -> bool:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % APART == 0


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise Trouble(f"{where}: not JSON ({error}).") from error
    if not isinstance(content, dict):
        raise Trouble(f"{where}: expected a JSON object.")
    return content


def _example(content: dict[str, Any], where: str) -> Example:
    sides = {}
    for name in ("id", "conversation", "category"):
        if not isinstance(content.get(name), str):
            raise Trouble(f"{where}: {name!r} must be a string.")
        sides[name] = content[name]
    completion = read_turns(content.get("completion"), f"{where}, completion")
    if len(completion) != 1 or completion[0]["role"] != "assistant":
        raise Trouble(f"{where}: the completion must be one message of the assistant.")
    prompt = read_turns(content.get("prompt"), f"{where}, prompt")
    return Example(
        **sides,
        prompt=prompt,
        completion=completion[0],
        prompt_id=str(content.get("prompt_id", "")),
    )
