"""What a task's form takes, as JSON: its fields by name, and what is sent for them.

The form is the page's own, so a program meets the same rules. Only where the page calls a
field by the number of an answer, JSON calls it by the letter: `rating_A`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from annotate.criteria import CRITERIA
from annotate.forms.base import TaskForm
from annotate.gold import LETTERS
from annotate.models import Assignment
from curation.rest.strict import refuse_unknown

NOT_ASKED = ("key",)  # the header says it
LABEL = "label_"


def fields_of(slot: Assignment, form: TaskForm) -> Iterator[dict[str, Any]]:
    """Each field that a submission takes, as a program must know it."""
    names = names_of(slot, form)
    for name, field in form.fields.items():
        if name not in names:
            continue
        shown = {
            "name": names[name],
            "label": str(field.label or ""),
            "help": str(field.help_text),
            "type": _type(field),
            "is_required": field.required,
            "choices": [
                {"value": str(value), "label": str(label)}
                for value, label in getattr(field, "choices", [])
                if value != ""
            ],
            "starts_with": str(form.initial.get(name) or ""),
        }
        if criterion := CRITERIA.get(name.removeprefix(LABEL)):
            shown |= {key: str(words) for key, words in criterion._asdict().items()}
        yield shown


def form_data(
    slot: Assignment, form_class: type[TaskForm], sent: Mapping[str, Any]
) -> dict[str, str]:
    """What was sent, as the page would send it. Unknown names are refused."""
    form = form_class(slot)
    names = {told: name for name, told in names_of(slot, form).items()}
    refuse_unknown(sent, names)
    found = {}
    for told, value in sent.items():
        text = _text(told, form.fields[names[told]], value)
        if text is not None:
            found[names[told]] = text
    return found


def understood(
    slot: Assignment, form_class: type[TaskForm], sent: Mapping[str, Any]
) -> dict[str, str]:
    """As form_data(), without what it would refuse."""
    known = names_of(slot, form_class(slot)).values()
    plain = {
        told: value
        for told, value in sent.items()
        if told in known and (value is None or isinstance(value, str | int))
    }
    return form_data(slot, form_class, plain)


def told(slot: Assignment, form: TaskForm, kept: Mapping[str, str]) -> dict[str, str]:
    """What is kept under the page's names, under those of here."""
    names = names_of(slot, form)
    return {names[name]: text for name, text in kept.items() if name in names}


def names_of(slot: Assignment, form: TaskForm) -> dict[str, str]:
    """The page's name of each field, and ours."""
    letters = {str(pk): x for x, pk in zip(LETTERS, slot.shown, strict=False)}
    found = {}
    for name in form.fields:
        what, _sep, which = name.rpartition("_")
        found[name] = f"{what}_{letters[which]}" if which in letters else name
    return {name: ours for name, ours in found.items() if name not in NOT_ASKED}


def _type(field: forms.Field) -> str:
    if isinstance(field, forms.BooleanField):
        return "boolean"
    if isinstance(field, forms.IntegerField):
        return "integer"
    return "choice" if isinstance(field, forms.ChoiceField) else "text"


def _text(told: str, field: forms.Field, value: Any) -> str | None:
    """The value as a browser would send it; None where it would send nothing."""
    if value is None or (value is False and isinstance(field, forms.BooleanField)):
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int):
        return str(value)
    raise ValidationError({told: [_("Give a text, a whole number, true, false or null.")]})
