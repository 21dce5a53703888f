"""The forms of the pages, filled in by a program."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from curation.rest.forms import valid
from curation.rest.strict import refuse_unknown

CONFIG = "config"


def fill(
    form: forms.Form,
    *,
    given: Mapping[str, Any],
    config: Mapping[str, Any],
    settings: Collection[str],
) -> None:
    """Check it as if a person had changed nothing else in the form and had sent it.

    Fields that are `settings` come in `config`, and what is wrong with them is told there.
    None empties a field. All that is refused is a ValidationError.
    """
    _require_plain(config, settings)
    shown = {
        name: form.get_initial_for_field(field, name) for name, field in form.fields.items()
    }
    sent = {**shown, **given, **config}
    form.is_bound = True
    form.data = {name: value for name, value in sent.items() if value is not None}
    valid(form, {name: f"{CONFIG}.{name}" for name in settings})


def _require_plain(config: Mapping[str, Any], known: Collection[str]) -> None:
    """Names that are known, each with one value."""
    try:
        refuse_unknown(config, dict.fromkeys(known))
    except ValidationError as error:
        raise ValidationError({CONFIG: error.detail}) from error
    odd = [name for name, value in config.items() if isinstance(value, list | dict)]
    if odd:
        said = _("One value is wanted.")
        raise ValidationError({CONFIG: {name: [said] for name in odd}})
