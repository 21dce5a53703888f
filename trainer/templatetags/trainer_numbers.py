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
def share(found: Mapping[str, Any]) -> str:
    """Of an interval of shares: “58% (51 to 65)”; without ends where there are none."""
    said = f"{100 * found['value']:.0f}%"
    if found["low"] is None:
        return said
    between = {"low": f"{100 * found['low']:.0f}", "high": f"{100 * found['high']:.0f}"}
    return f"{said} " + _("(%(low)s to %(high)s)") % between


@register.filter
def odds(found: Sequence[float]) -> str:
    here, low, high = (f"{one:+.2f}" for one in found)
    return f"{here} " + _("(%(low)s to %(high)s)") % {"low": low, "high": high}


@register.filter
def signed(number: float) -> str:
    return f"{number:+.2f}"
