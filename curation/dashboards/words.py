"""Cells of a dashboard's tables, as people read them."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NONE = "–"


def said(value: Any, kind: str) -> str:
    """By the kind of its column: see tables.py."""
    if value is None:
        return NONE
    if kind in SAID:
        return SAID[kind](value)
    return str(intcomma(value)) if kind == "count" else str(value)


def hours(value: float) -> str:
    """Minutes, hours or days: what a person would say."""
    if value < 1:
        return _("%(number)s min") % {"number": round(60 * value)}
    if value < 48:
        return _("%(number)s h") % {"number": _decimal(value)}
    return _("%(number)s days") % {"number": _decimal(value / 24)}


def weeks(value: float) -> str:
    if not value:
        return _("reached")
    whole = ceil(value)
    return ngettext("%(number)s week", "%(number)s weeks", whole) % {
        "number": intcomma(whole)
    }


def share(value: float) -> str:
    return _("%(number)s %%") % {"number": round(100 * value)}


def _decimal(value: float) -> str:
    return str(number_format(value, 1 if value < 10 else 0))


SAID: dict[str, Callable[[Any], str]] = {
    "day": date_format,
    "share": share,
    "hours": hours,
    "weeks": weeks,
    "decimal": lambda value: str(number_format(value, 2)),
}
