"""Filters for templates of every app: `{% load winnow %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from curation import rendering

register = template.Library()


@register.filter
def markdown(text: object) -> SafeString:
    """What somebody wrote, as HTML that cannot do anything."""
    return rendering.markdown("" if text is None else str(text))


@register.filter
def state_badge(thing: Any) -> SafeString:
    """The state of a row as a badge: `{{ message|state_badge }}`."""
    state = str(getattr(thing, "state", thing))
    shown = thing.get_state_display() if hasattr(thing, "get_state_display") else state
    return format_html('<span class="badge badge--{}">{}</span>', state, capfirst(shown))
