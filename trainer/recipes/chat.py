"""Conversations to token ids, with the loss on the reply alone.

The mask is the bug that no loss curve shows, so it is made here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from trainer.recipes.common import Trouble
from trainer.recipes.limits import TooMuch, within

if TYPE_CHECKING:
    from trainer.recipes.data import Example

IGNORE = -100
ROLES = ("system", "user", "assistant")

# For a base model that brings no template: roles as words, the end token after each turn.
PLAIN_TEMPLATE = (
    "{{ bos_token or '' }}"
    "{% for message in messages %}"
    "{{ message['role'] | capitalize }}: {{ message['content'] }}{{ eos_token }}\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Assistant: {% endif %}"
)


TEMPLATE_SECONDS, TEMPLATE_MEGABYTES = 5.0, 256  # usual ones take milliseconds
TEMPLATE_ROOM, TEMPLATE_TIMES = 100_000, 8  # letters, also for each letter of the turns
TEMPLATE_RUNS_AWAY = (
    "The chat template of this model takes too long or grows too large; choose another "
    "model."
)
TEMPLATE_REFUSED = (
    "The chat template of this model cannot be used ({why}); choose another model."
)


class Turn(TypedDict):
    role: str
    content: str


@dataclass(frozen=True)
class Row:
    """An example as the model sees it: labels are ids, or IGNORE."""

    id: str
    category: str
    ids: list[int]
    labels: list[int]
    is_cut: bool = False

    @property
    def learned(self) -> int:
        return sum(label != IGNORE for label in self.labels)


@dataclass
class Rows:
    kept: list[Row] = field(default_factory=list)
    dropped: list[dict[str, str]] = field(default_factory=list)

    @property
    def cut(self) -> int:
        return sum(row.is_cut for row in self.kept)


def render_all(tokenizer: Any, examples: Iterable[Example], max_length: int) -> Rows:
    rows = Rows()
    for example in examples:
        reason = unfit(tokenizer, [*example.prompt, example.completion])
        row = None if reason else render(tokenizer, example, max_length)
        if row is None or row.learned == 0:
            reason = reason or f"no part of the reply fits into {max_length} tokens"
            rows.dropped.append({"id": example.id, "reason": reason})
        else:
            rows.kept.append(row)
    return rows


def unfit(tokenizer: Any, turns: list[Turn]) -> str | None:
    """Why this conversation must not be learned, if so."""
    if not turns[-1]["content"].strip():
        return "the reply is empty"
    if fault := role_fault(turns[:-1]):
        return fault
    # Written by a person, such a token would end turns or open roles in the template.
    for token in tokenizer.all_special_tokens:
        if any(token in turn["content"] for turn in turns):
            return f"the text contains the control token {token}"
    return None


def render(tokenizer: Any, example: Example, max_length: int) -> Row:
    """Ids and labels; too long, the prompt loses its beginning before the reply its end."""
    assert example.completion["role"] == "assistant", "only the assistant is learned"
    prompt, reply = split(tokenizer, example.prompt, example.completion)
    room = prompt_room(len(prompt), len(reply), max_length)
    return row_of(example.id, example.category, prompt, reply, room, max_length)


def split(tokenizer: Any, prompt: list[Turn], reply: Turn) -> tuple[list[int], list[int]]:
    """What stands before the reply, and the reply with the token that ends it."""
    fault = role_fault(prompt)
    assert fault is None, fault
    asked = prompt_ids(tokenizer, prompt)
    whole = _template(tokenizer, [*prompt, reply], is_open=False)
    # Some templates render the prompt differently once a reply follows.
    start = _common_prefix(asked, whole)
    return whole[:start], _to_end_token(tokenizer, whole[start:])


def prompt_room(prompt: int, reply: int, max_length: int) -> int:
    """How many tokens of the prompt stay, the last ones."""
    room = min(prompt, max_length - reply)
    # A reply with nothing before it would teach to speak unasked.
    return room if room > 0 else min(prompt, max_length // 4)


def row_of(
    name: str,
    category: str,
    prompt: list[int],
    reply: list[int],
    room: int,
    max_length: int,
) -> Row:
    kept, said = prompt[len(prompt) - room :], reply[: max_length - room]
    return Row(
        id=name,
        category=category,
        ids=kept + said,
        # Nothing predicts the first token.
        labels=[IGNORE] * len(kept) + said if kept else [IGNORE, *said[1:]],
        is_cut=len(prompt) + len(reply) > len(kept) + len(said),
    )


def alone(tokenizer: Any, row: Row, prompt: list[Turn]) -> Row:
    """The reply as if nobody had asked: only what opens an answer stands before it."""
    asked = prompt_ids(tokenizer, prompt)
    closed = _template(tokenizer, prompt, is_open=False)
    opening = asked[_common_prefix(asked, closed) :]
    if asked[:1] == [tokenizer.bos_token_id]:
        opening = [asked[0], *opening]
    reply = [label for label in row.labels if label != IGNORE]
    # Nothing predicts the first token; another that says nothing takes the place.
    opening = opening or [tokenizer.eos_token_id]
    ids, labels = opening + reply, [IGNORE] * len(opening) + reply
    return Row(id=row.id, category=row.category, ids=ids, labels=labels)


def prompt_ids(tokenizer: Any, turns: list[Turn]) -> list[int]:
    """What the model is given before it answers."""
    return _template(tokenizer, turns, is_open=True)


def role_fault(turns: list[Turn]) -> str | None:
    """What is wrong with the order of a prompt's roles, if anything."""
    roles = [turn["role"] for turn in turns]
    if not roles:
        return "the prompt is empty"
    if unknown := [role for role in roles if role not in ROLES]:
        return f"there is no role {unknown[0]!r}"
    if "system" in roles[1:]:
        return "a system message stands first or not at all"
    if roles[-1] != "user":
        return "the prompt must end with what the user says"
    return None


def use_template(tokenizer: Any) -> None:
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE


def _template(tokenizer: Any, turns: list[Turn], *, is_open: bool) -> list[int]:
    """As transformers does it in one call, but a model's template may not run for ever.

    It is a stranger's program: transformers keeps it from Python's insides.
    """
    try:
        with within(seconds=TEMPLATE_SECONDS, megabytes=TEMPLATE_MEGABYTES):
            text = tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=is_open
            )
    except (TooMuch, MemoryError, RecursionError, OverflowError) as refusal:
        raise Trouble(TEMPLATE_RUNS_AWAY) from refusal
    except Exception as refusal:  # a stranger's program can go wrong in any way
        raise Trouble(TEMPLATE_REFUSED.format(why=refusal)) from refusal
    room = TEMPLATE_ROOM + TEMPLATE_TIMES * sum(len(turn["content"]) for turn in turns)
    if len(text) > room:
        raise Trouble(TEMPLATE_RUNS_AWAY)
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _common_prefix(left: list[int], right: list[int]) -> int:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def _to_end_token(tokenizer: Any, reply: list[int]) -> list[int]:
    """The reply with the token that ends it; templates add line breaks after that."""
    special = set(tokenizer.all_special_ids)
    for index in range(len(reply) - 1, -1, -1):
        if reply[index] in special:
            return reply[: index + 1]
    return [*reply, tokenizer.eos_token_id]
