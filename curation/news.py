"""A person's news as sentences, for the page and for mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.models import Flag, Message, Notification
from curation.wording import translated

Kind = Notification.Kind
QUOTE_AT_MOST = 160
HIDDEN = {Message.State.DRAFT, Message.State.HELD, Message.State.WITHDRAWN}


class Item(NamedTuple):
    notice: Notification
    said: str
    why: str
    quote: str
    address: str


def item(notice: Notification) -> Item:
    """Needs the row of Notification.objects.for_listing()."""
    return Item(
        notice=notice,
        said=SAID[Kind(notice.kind)](notice),
        why=_why(notice),
        quote=_quote(notice),
        address=_address(notice),
    )


def _why(notice: Notification) -> str:
    said, facts = translated(str(notice.data.get("why", ""))), notice.data.get("facts")
    return said % facts if facts else said


def _quote(notice: Notification) -> str:
    """The beginning, on one line. Of others' texts only what may still be read."""
    message = notice.message
    if message is None or (
        message.author_id != notice.person_id and message.state in HIDDEN
    ):
        return ""
    return Truncator(" ".join(message.text[:1000].split())).chars(QUOTE_AT_MOST)


def _address(notice: Notification) -> str:
    if notice.kind in {Kind.MODEL, Kind.PROMOTED}:
        return reverse("curation:work")
    if notice.kind == Kind.SCHEDULE:
        return str(notice.data.get("address", ""))
    if notice.kind == Kind.HOOK and "hook" in notice.data:
        return reverse("curation:hook", args=[notice.data["hook"]])
    if notice.kind == Kind.WITHDRAWN and notice.data.get("numbers"):
        version = notice.data["slug"], notice.data["numbers"][-1]
        return reverse("curation:version", args=version)
    if notice.message is None:
        return _home()
    conversation = notice.message.conversation
    there = reverse(
        "curation:conversation", args=[conversation.dataset.slug, conversation.pk]
    )
    return f"{there}#message-{notice.message.pk}"


def _home() -> str:
    """The work surface, where it is installed."""
    try:
        return reverse("annotate:home")
    except NoReverseMatch:
        return reverse("curation:me")


def _is_answer(notice: Notification) -> bool:
    return notice.message is not None and notice.message.role == Message.Role.ASSISTANT


def _accepted(notice: Notification) -> str:
    if _is_answer(notice):
        return _("Your answer was accepted.")
    return _("Your question was accepted.")


def _rejected(notice: Notification) -> str:
    if _is_answer(notice):
        return _("Your answer was not accepted.")
    return _("Your question was not accepted.")


def _edited(notice: Notification) -> str:
    return _("A reviewer put your text in other words.")


def _held(notice: Notification) -> str:
    return _("Your text was set aside until a curator has looked at it.")


def _mentioned(notice: Notification) -> str:
    return _("%(person)s named you in a comment.") % {"person": notice.by or _("Somebody")}


def _commented(notice: Notification) -> str:
    return _("%(person)s commented on a text.") % {"person": notice.by or _("Somebody")}


def _complete(notice: Notification) -> str:
    return _("A conversation with your words in it is complete.")


def _allotted(notice: Notification) -> str:
    data = notice.data
    count = int(data.get("wanted", 1))
    said = ngettext(
        "%(person)s gave you %(count)d task in %(dataset)s.",
        "%(person)s gave you %(count)d tasks in %(dataset)s.",
        count,
    ) % {
        "person": notice.by or _("A curator"),
        "count": count,
        "dataset": data.get("dataset", ""),
    }
    if not data.get("due_on"):
        return said
    day = date_format(date.fromisoformat(data["due_on"]), "DATE_FORMAT")
    return f"{said} " + _("They are wanted by %(day)s.") % {"day": day}


def _model(notice: Notification) -> str:
    data = notice.data
    count, ballots = int(data.get("texts", 1)), int(data.get("ballots", 0))
    said = ngettext(
        "The model %(model)s learned from %(count)d of your texts.",
        "The model %(model)s learned from %(count)d of your texts.",
        count,
    ) % {"model": data.get("model", ""), "count": count}
    ranked = ngettext(
        "The model %(model)s learned what people prefer, also from %(count)d prompt whose "
        "answers you ranked.",
        "The model %(model)s learned what people prefer, also from %(count)d prompts whose "
        "answers you ranked.",
        ballots,
    ) % {"model": data.get("model", ""), "count": ballots}
    return " ".join([said] * bool(count) + [ranked] * bool(ballots))


def _promoted(notice: Notification) -> str:
    data = notice.data
    count = int(data.get("texts", 1))
    facts = {
        "count": count, "model": data.get("model", ""), "over": data.get("over", ""),
        "percent": data.get("percent"), "dataset": data.get("dataset", ""),
    }  # fmt: skip
    said = ngettext(
        "%(dataset)s stands on %(model)s now: %(count)d of your texts is in it.",
        "%(dataset)s stands on %(model)s now: %(count)d of your texts are in it.",
        count,
    )
    if facts["percent"] is None or not facts["over"]:
        return said % facts
    beats = _("It beats %(over)s in %(percent)d%% of blind comparisons.")
    return f"{said} {beats}" % facts


def _looked_at(notice: Notification) -> str:
    if notice.data.get("outcome") == Flag.Outcome.DISMISSED:
        return _(
            "A curator looked at what you flagged: it stays. Thank you for looking out."
        )
    if notice.data.get("outcome") == Flag.Outcome.HELD:
        return _("A curator looked at what you flagged and set it aside. Thank you.")
    return _("A curator looked at what you flagged and took it out. Thank you.")


def _removed(notice: Notification) -> str:
    return _("An admin took a text of yours out of the dataset.")


def _reopened(notice: Notification) -> str:
    return _("Others look at your text once more. You need not do anything.")


def _suspended(notice: Notification) -> str:
    if not notice.data.get("dataset"):
        return _("Your work here is paused for now. What you wrote and judged stays yours.")
    said = _("Your work in %(dataset)s is paused for now. What you did there stays yours.")
    return said % {"dataset": notice.data["dataset"]}


def _restored(notice: Notification) -> str:
    if not notice.data.get("dataset"):
        return _("Your work here goes on. Good to have you back.")
    said = _("Your work in %(dataset)s goes on. Good to have you back.")
    return said % {"dataset": notice.data["dataset"]}


def _withdrawn(notice: Notification) -> str:
    data = notice.data
    count = int(data.get("texts", 1))
    said = ngettext(
        "%(count)d text in %(dataset)s, version %(numbers)s, was taken back.",
        "%(count)d texts in %(dataset)s, version %(numbers)s, were taken back.",
        count,
    ) % {
        "count": count,
        "dataset": data.get("dataset", ""),
        "numbers": ", ".join(str(number) for number in data.get("numbers", [])),
    }
    if not data.get("models"):
        return said
    named = {"models": ", ".join(data["models"])}
    return f"{said} " + _("These models learned from it: %(models)s.") % named


def _schedule(notice: Notification) -> str:
    said = _("Your schedule “%(schedule)s” did not get through.")
    return said % {"schedule": notice.data.get("schedule", "")}


def _hook(notice: Notification) -> str:
    said = _("The webhook “%(name)s” was switched off.")
    return said % {"name": notice.data.get("name", "")}


SAID: dict[Kind, Callable[[Notification], str]] = {
    Kind.ACCEPTED: _accepted,
    Kind.REJECTED: _rejected,
    Kind.EDITED: _edited,
    Kind.HELD: _held,
    Kind.MENTIONED: _mentioned,
    Kind.COMMENTED: _commented,
    Kind.COMPLETE: _complete,
    Kind.ALLOTTED: _allotted,
    Kind.MODEL: _model,
    Kind.PROMOTED: _promoted,
    Kind.LOOKED_AT: _looked_at,
    Kind.REMOVED: _removed,
    Kind.REOPENED: _reopened,
    Kind.SUSPENDED: _suspended,
    Kind.RESTORED: _restored,
    Kind.WITHDRAWN: _withdrawn,
    Kind.SCHEDULE: _schedule,
    Kind.HOOK: _hook,
}
