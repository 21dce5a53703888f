"""What models answered: a prompt, a response and the model's name a row.

A prompt may come back on many rows, anywhere in the file. How a response was sampled may
stand beside it and is not kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from curation.formats import jsonl
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.trees import each


class Response(NamedTuple):
    prompt: str
    reply: str
    model: str

    @property
    def prompt_key(self) -> str:
        """The same for prompts that differ in spacing only.

        Signs and case count: “What is C?” and “What is C++?” are two questions.
        """
        return f"prompt:{jsonl.short_hash(' '.join(self.prompt.split()))}"

    @property
    def key(self) -> str:
        """The same text by the same model counts once under a prompt."""
        return f"response:{jsonl.short_hash(self.model, self.reply)}"


def response(raw: dict[str, Any]) -> Response:
    jsonl.optional_text(raw, "model", at_most=120)
    return Response(
        prompt=jsonl.text(raw, "prompt"),
        reply=jsonl.text(raw, "response"),
        model=jsonl.text(raw, "model"),
    )


FORMAT = Format(
    key="responses",
    label=gettext_noop("Answers of models"),
    about=gettext_noop("What a model answered, to be ranked beside other answers."),
    fields=(
        Field("prompt", gettext_noop("The question."), is_required=True),
        Field("response", gettext_noop("The answer."), is_required=True),
        Field("model", gettext_noop("The model's name."), is_required=True),
    ),
    read=each(response),
)
