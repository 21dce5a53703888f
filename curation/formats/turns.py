"""Turns of a chat as rows have them, and back; what has no place here is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from curation.errors import BadLine
from curation.formats import jsonl
from curation.formats.record import CHAT_ROLE, Turn, content
from curation.formats.trees import DEPTH_AT_MOST, NEXT_ROLE, Node

ROLES = {
    "user": "prompter", "human": "prompter", "prompter": "prompter",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant",
    "chatgpt": "assistant", "bot": "assistant", "system": "system", "developer": "system",
}  # fmt: skip
TOOLS = {"tool", "tools", "function", "function_call", "function_response", "observation",
         "ipython"}  # fmt: skip
# Of a turn: what a reader of the answer would need, and the record has no place for.
UNKNOWN = ("tool_calls", "function_call", "tool_call_id", "thinking", "reasoning",
           "reasoning_content", "audio", "images")  # fmt: skip
SHAREGPT_ROLE = {"prompter": "human", "assistant": "gpt"}


class Names(NamedTuple):
    """What a format calls the two parts of a turn."""

    role: str
    content: str


CHAT = Names("role", "content")
SHAREGPT = Names("from", "value")


class Said(NamedTuple):
    role: str  # prompter | assistant
    text: str  # as the file spells it


class Chat(NamedTuple):
    """`system` says how the model is to behave; empty where nothing does."""

    system: str
    turns: list[Said]


# ---- in --------------------------------------------------------------------------------
def chat(raw: dict[str, Any], field: str, names: Names = CHAT) -> Chat:
    """The turns of a field: a question first, then by turns, an instruction before all."""
    require_no_tools(raw)
    given = jsonl.objects(raw, field)
    if not given:
        raise BadLine("“%(name)s” is missing or has no turns.", name=field)
    if len(given) > DEPTH_AT_MOST:
        raise BadLine(
            "“%(name)s” has %(count)s turns; at most %(most)d fit.",
            name=field,
            count=len(given),
            most=DEPTH_AT_MOST,
        )
    said = [_said(turn, names) for turn in given]
    system = said.pop(0).text if said[0].role == "system" else ""
    require_in_turn(said, field)
    return Chat(system, said)


def require_in_turn(said: Sequence[Said], field: str, *, first: str = "prompter") -> None:
    due = first
    for number, turn in enumerate(said, start=1):
        if turn.role == "system":
            raise BadLine(
                "“%(name)s” has an instruction that is not at its beginning.", name=field
            )
        if turn.role != due:
            raise BadLine(
                "Turn %(number)d of “%(name)s” is the %(role)s's, and the %(due)s's is "
                "due: turns alternate.",
                number=number,
                name=field,
                role=_called(turn.role),
                due=_called(due),
            )
        due = NEXT_ROLE[due]
    if not said:
        raise BadLine("“%(name)s” has no turns.", name=field)


def require_no_tools(raw: dict[str, Any]) -> None:
    if raw.get("tools"):
        raise BadLine(
            "“%(name)s” has no place here: an answer that stands on tools is not taken.",
            name="tools",
        )


def answer(raw: dict[str, Any], field: str) -> str:
    """One answer: a text, or a list with the one turn of an assistant."""
    value = raw.get(field)
    if not isinstance(value, list):
        jsonl.text(raw, field)  # there, and not too long
        return jsonl.exact(raw, field)
    said = [_said(turn, CHAT) for turn in jsonl.objects(raw, field)]
    require_in_turn(said, field, first="assistant")
    if len(said) > 1:
        raise BadLine(
            "“%(name)s” has %(count)s turns; one answer is needed.",
            name=field,
            count=len(said),
        )
    return said[0].text


def question(raw: dict[str, Any], field: str) -> Chat:
    """What an answer is to: a text, or a list of turns that ends with the user's."""
    if not isinstance(raw.get(field), list):
        require_no_tools(raw)
        jsonl.text(raw, field)
        return Chat("", [Said("prompter", jsonl.exact(raw, field))])
    found = chat(raw, field)
    require_question(found.turns, field)
    return found


def require_question(said: Sequence[Said], field: str) -> None:
    if not said or said[-1].role != "prompter":
        raise BadLine("“%(name)s” must end with a turn of the user's.", name=field)


def _said(turn: dict[str, Any], names: Names) -> Said:
    spelled = jsonl.text(turn, names.role)
    if spelled in TOOLS:
        raise BadLine(
            "A turn of “%(role)s” has no place here: calls of tools are not taken.",
            role=spelled,
        )
    if spelled not in ROLES:
        raise BadLine(
            "“%(role)s” is no role that is known: user, assistant, system.",
            role=spelled[:20],
        )
    if odd := next((name for name in UNKNOWN if turn.get(name)), None):
        raise BadLine(
            "A turn has “%(odd)s”, which has no place here: it is not taken.", odd=odd
        )
    turn = {**turn, names.content: _plain(turn.get(names.content), names.content)}
    jsonl.text(turn, names.content)  # there, and not too long
    return Said(ROLES[spelled], jsonl.exact(turn, names.content))


def _plain(value: Any, name: str) -> Any:
    """Content may be a list of parts: one text is as good as that text."""
    if not isinstance(value, list):
        return value
    if len(value) == 1 and isinstance(value[0], dict) and value[0].get("type") == "text":
        return value[0].get("text")
    raise BadLine(
        "“%(name)s” has parts that are no text, or several: they are not taken.", name=name
    )


def _called(role: str) -> str:
    return CHAT_ROLE[role]


# ---- out -------------------------------------------------------------------------------
def written(path: Sequence[Node], names: Names = CHAT) -> list[dict[str, str]]:
    """An instruction becomes the first turn; a passage stands below its question."""
    roles = CHAT_ROLE if names is CHAT else SHAREGPT_ROLE
    first = path[0]
    found = []
    if first.is_instruction:
        found.append({names.role: "system", names.content: first.exact_context})
    for node in path:
        passage = "" if node.is_instruction else node.exact_context
        said = content(Turn(node.role, node.exact_text, passage))
        found.append({names.role: roles[node.role], names.content: said})
    return found
