"""Filters for templates of every app: `{% load winnow %}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from curation import mail, rendering, wording
from curation.clean import checks
from curation.clean.differences import differences
from curation.clean.sighting import BESIDE
from curation.dashboards import words

register = template.Library()


@register.simple_tag
def letters_are_logged() -> bool:
    """Whether mails go nowhere: a page must not promise one."""
    return mail.is_logged()


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


@register.filter
def fact(value: Any) -> str:
    """One fact of an event, as it is read: `{{ value|fact }}`."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else str(value)


@register.filter
def translated(text: str) -> str:
    """A stored English text, where it is one of ours: `{{ message.why|translated }}`."""
    return wording.translated(text)


@register.filter
def named(slug: str, names: Mapping[str, str]) -> str:
    """The name under this slug, or the slug: `{{ item.category|named:names }}`."""
    return names.get(slug, slug)


@register.filter
def number_in(pk: int, numbers: Mapping[int, int]) -> int | str:
    """What people call a message of the page: `{{ entry.reply_id|number_in:numbers }}`."""
    return numbers.get(pk, "?")


@register.filter
def versions_with(message: Any) -> str:
    """Numbers of the versions that hold a message of `for_own_list()`, as in "1, 2"."""
    items = [*message.frozen_in.all(), *message.frozen_as_worse_in.all()]
    return ", ".join(map(str, sorted({item.version.number for item in items})))


@register.filter
def check_label(name: str) -> str:
    """What the check is called that something was seen by; its name, if it is gone:
    `{{ finding.check_name|check_label }}`."""
    own = name.removeprefix(BESIDE)
    check = checks.CHECKS.get(own.partition(".")[0])
    label = _(check.label) if check is not None else own
    if name == own:
        return label
    return _("%(check)s, in the passage") % {"check": label}


@register.filter
def percent(share: float | None) -> str:
    """A share as whole percents: `{{ finding.score|percent }} %`."""
    return f"{round(100 * (share or 0))}"


@register.filter
def figure(value: Any, kind: str) -> str:
    """A cell of a dashboard's table: `{{ cell|figure:column.kind }}`."""
    return words.said(value, kind)


TAGS = {"insert": "ins", "delete": "del"}


@register.simple_tag
def word_diff(before: str, after: str) -> SafeString:
    """What changed between two texts: `{% word_diff original.text message.text %}`."""
    return format_html_join(
        "",
        "{}",
        (
            (_marked(TAGS[change], text) if change in TAGS else text,)
            for change, text in differences(before, after)
        ),
    )


def _marked(tag: str, text: str) -> SafeString:
    return format_html('<{0} class="diff">{1}</{0}>', tag, text)


@register.simple_tag
def places(text: str, spans: Iterable[tuple[int, int]]) -> SafeString:
    """A text with these stretches marked: `{% places message.text item.places %}`."""
    parts: list[SafeString | str] = []
    end = 0
    for start, stop in spans:
        parts += [text[end:start], format_html("<mark>{}</mark>", text[start:stop])]
        end = stop
    return format_html_join("", "{}", ((part,) for part in [*parts, text[end:]]))
