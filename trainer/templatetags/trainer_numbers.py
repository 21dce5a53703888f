"""Changes, rates and odds with what encloses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def change(facts: Mapping[str, Any]) -> str:
    """Of a loss: “-12.3% (-15.0 to -9.8)”."""
    said = f"{facts['percent']:+.1f}%"
    if facts["low"] is None:
        return said
    between = {"low": f"{facts['low']:+.1f}", "high": f"{facts['high']:+.1f}"}
    return f"{said} " + _("(%(low)s to %(high)s)") % between


@register.filter
def rate(found: Sequence[float]) -> str:
    """Of wins: “58% (51 to 65)”."""
    share, low, high = (f"{100 * one:.0f}" for one in found)
    return f"{share}% " + _("(%(low)s to %(high)s)") % {"low": low, "high": high}


@register.filter
def odds(found: Sequence[float]) -> str:
    here, low, high = (f"{one:+.2f}" for one in found)
    return f"{here} " + _("(%(low)s to %(high)s)") % {"low": low, "high": high}


@register.filter
def signed(number: float) -> str:
    return f"{number:+.2f}"
