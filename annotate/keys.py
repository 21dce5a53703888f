"""The keys of the work pages: their names, and what each is where nobody chose another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Key(NamedTuple):
    default: str  # as shown: "A", or with what is held down: "Alt+K"
    label: str | Promise

    @property
    def is_chord(self) -> bool:
        """Works while somebody types, too. Not to be remapped to a letter."""
        return "+" in self.default and self.default != "+"

    @property
    def parts(self) -> list[str]:
        """As they are printed on the keys: what is held down first."""
        return self.default.split("+") if self.is_chord else [self.default.upper()]


# scripts name keys as here: winnow.key(card, "accept", "a", …).
KEYS: dict[str, Key] = {
    "submit": Key("Ctrl+Enter", _("Submit")),
    "save": Key("Ctrl+S", _("Save the draft now")),
    "skip": Key("Alt+K", _("Skip")),
    "preview": Key("Alt+P", _("Preview what you write")),
    "undo": Key("z", _("Take back what you did last")),
    "next": Key("j", _("Next answer")),
    "previous": Key("k", _("Previous answer")),
    "accept": Key("a", _("Accept")),
    "edit": Key("e", _("Edit")),
    "reject": Key("r", _("Reject")),
    "choose_first": Key("a", _("The first of two answers is better")),
    "choose_second": Key("b", _("The second of two answers is better")),
    "equal": Key("e", _("Both answers are equally good")),
    "tie": Key("=", _("Tie with the answer above")),
    "none_good": Key("n", _("No answer is good")),
    "cannot_judge": Key("x", _("Cannot judge")),
    "columns": Key("v", _("Answers side by side, or one under another")),
    "diff": Key("d", _("Mark the differences")),
    "flag": Key("f", _("Flag to a moderator")),
    "comment": Key("c", _("Comment")),
    "guideline": Key("g", _("Show or hide the guideline")),
}
# Names that stand on one page: no two of them may be one key.
PAGES: dict[str, frozenset[str]] = {
    "every": frozenset({"undo", "flag", "comment", "guideline"}),
    "review": frozenset({"accept", "edit", "reject", "diff"}),
    "rank": frozenset(
        {
            "next", "previous", "choose_first", "choose_second", "equal", "tie",
            "none_good", "cannot_judge", "columns", "diff",
        }
    ),
}  # fmt: skip


def remappable() -> dict[str, Key]:
    """Single keys only: what is held down with another key stays as it is."""
    return {name: key for name, key in KEYS.items() if not key.is_chord}


def fixed() -> list[Key]:
    """What is the same for everybody: what is held down with another key."""
    return [key for key in KEYS.values() if key.is_chord]


def checked(chosen: Mapping[str, object]) -> dict[str, str]:
    """Of what somebody chose, what is a key of its own and differs from the default."""
    return {
        name: str(wanted)
        for name, wanted in chosen.items()
        if name in remappable()
        and len(str(wanted)) == 1
        and not str(wanted).isdigit()
        and wanted != KEYS[name].default
    }


def clashes(chosen: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of names that would be one key on one page."""
    now = {name: chosen.get(name, key.default).lower() for name, key in KEYS.items()}
    found = []
    for page in ("review", "rank"):
        names = sorted(PAGES["every"] | PAGES[page])
        for at, name in enumerate(names):
            found += [(name, other) for other in names[at + 1 :] if now[name] == now[other]]
    return found
