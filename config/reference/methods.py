"""What a run can be told, by method: the fields that the launch page shows."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.utils.module_loading import import_string

from config.reference.markdown import cell, code, table


def page() -> str:
    parts = [
        "# Settings of a run",
        "The launch page, a schedule and `train` take the same. They are stored with the "
        "run and never changed, so that a run that goes on finds what it began with.",
    ]
    for name, method in import_string("trainer.methods.METHODS").items():
        rows = [_row(field) for field in dataclasses.fields(method.config)]
        parts += [f"## {method.label} (`{name}`)", str(method.hint)]
        parts.append(table(("setting", "without it", "from … to", "means"), rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(field: dataclasses.Field[Any]) -> tuple[str, str, str, str]:
    facts = field.metadata
    choices = ", ".join(code(value) for value, _ in facts.get("choices", ()))
    is_number = isinstance(field.default, int | float) and field.default is not True
    reach = choices or (_reach(facts) if is_number and field.default is not False else "")
    words = (str(facts.get(name, "")) for name in ("label", "hint"))
    means = ". ".join(word.rstrip(".") for word in words if word)
    return code(field.name), code(_shown(field.default)), reach, cell(means)


def _reach(facts: Any) -> str:
    return f"{facts.get('least', 0):g} … {facts.get('most', 1):,.10g}"


def _shown(default: object) -> object:
    return "" if default is dataclasses.MISSING else default
