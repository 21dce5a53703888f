"""Every command of `manage.py`, with its arguments, as its own parser has them."""

from __future__ import annotations

from argparse import SUPPRESS, Action
from collections.abc import Iterator

from django.core.management import BaseCommand, get_commands, load_command_class

from config.places import ROOT
from config.reference.markdown import cell, code, table


def page() -> str:
    parts = [
        "# Commands",
        "Each is called as `python manage.py COMMAND`; `--help` says the same.",
    ]
    for name, app in sorted(get_commands().items()):
        if (ROOT / str(app) / "management").is_dir():
            parts += _about(load_command_class(str(app), name), name)
    return "\n\n".join(parts) + "\n"


def _about(command: BaseCommand, name: str) -> Iterator[str]:
    yield f"## `{name}`"
    yield f"{command.help.rstrip('.')}."
    actions = [action for action in _actions(command, name) if action.help != SUPPRESS]
    if actions:
        rows = [(code(_typed(action)), cell(_meaning(action))) for action in actions]
        yield table(("argument", "means"), rows)


def _actions(command: BaseCommand, name: str) -> list[Action]:
    """Those of its own: every command of Django's has the rest."""
    common = {action.dest for action in BaseCommand().create_parser("", name)._actions}
    parser = command.create_parser("manage.py", name)
    return [action for action in parser._actions if action.dest not in common]


def _typed(action: Action) -> str:
    """As one types it: `dataset`, `--by EMAIL`, `[--format chat|csv]`."""
    value = str(action.metavar or action.dest.upper())
    if action.choices is not None:
        value = "|".join(str(choice) for choice in action.choices)
    if not action.option_strings:
        return f"[{action.dest}]" if action.nargs == "?" else action.dest
    parts = [action.option_strings[-1], *([] if action.nargs == 0 else [value])]
    return " ".join(parts) if action.required else f"[{' '.join(parts)}]"


def _meaning(action: Action) -> str:
    default = action.default
    if default in (None, False, True, "", [], SUPPRESS) or "default" in (action.help or ""):
        return action.help or ""
    return f"{action.help or ''} (without it: {default})".strip()
