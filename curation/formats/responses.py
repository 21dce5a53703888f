"""What models answered: a prompt, a response and the model's name a line.

A prompt may come back on many lines, anywhere in the file. How a response was sampled may
stand beside it and is not kept.
"""

from __future__ import annotations

from typing import NamedTuple

from curation.formats import jsonl


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


def parse(line: str) -> Response:
    raw = jsonl.fields(line)
    jsonl.optional_text(raw, "model", at_most=120)
    return Response(
        prompt=jsonl.text(raw, "prompt"),
        reply=jsonl.text(raw, "response"),
        model=jsonl.text(raw, "model"),
    )
