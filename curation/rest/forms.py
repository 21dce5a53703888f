"""The pages' own forms, filled in by programs: the same rules, told by field."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseForm
from rest_framework.exceptions import ValidationError

SAME: Mapping[str, str] = MappingProxyType({})


def valid(form: BaseForm, names: Mapping[str, str] = SAME) -> dict[str, Any]:
    """What the form understood; or 400. `names` are those that programs know fields by."""
    if form.is_valid():
        return form.cleaned_data
    names = {NON_FIELD_ERRORS: "non_field_errors", **names}
    raise ValidationError(
        {
            names.get(name, name): [str(one) for one in said]
            for name, said in form.errors.items()
        }
    )
