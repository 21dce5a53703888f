"""The queue of curators: texts that were flagged or held, or worry a check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from curation.actions.moderation import choices_for, sign_of
from curation.clean.sighting import BESIDE
from curation.models import (
    Case,
    Contributor,
    Dataset,
    Decision,
    Event,
    Finding,
    Flag,
    Message,
)

COUNTED_AT_MOST = 100  # a tab says 99+
SORTS = {"flag": _("Flagged"), "held": _("Held"), "finding": _("Seen by a check")}
Span = tuple[int, int]


@dataclass
class Item:
    """One text on the page, with all that speaks for looking at it."""

    message: Message
    choices: list[Decision.Action]
    sign: str  # what the curator has before them: see actions/moderation.py
    case: Case | None = None
    flags: list[Flag] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    held: Event | None = None

    @property
    def value(self) -> str:
        """What a form sends for it."""
        return f"{self.message.address}.{self.sign}"

    @property
    def places(self) -> list[Span]:
        """Where in the text the checks saw something."""
        return _places(f for f in self.findings if not f.check_name.startswith(BESIDE))

    @property
    def places_beside(self) -> list[Span]:
        return _places(f for f in self.findings if f.check_name.startswith(BESIDE))


def waiting(
    datasets: QuerySet[Dataset],
    *,
    sort: str = "",
    assignee: Contributor | None = None,
    is_free: bool = False,
) -> QuerySet[Message]:
    """The oldest text first. Each of the three is found by an index of its own."""
    sources = {
        "flag": Flag.objects.filter(resolved_at=None).values_list("message"),
        "held": Message.objects.filter(state=Message.State.HELD).values_list("pk"),
        "finding": Finding.objects.for_curators().unanswered().values_list("message"),
    }
    asked = [sources[sort]] if sort in sources else list(sources.values())
    found = Message.objects.filter(
        pk__in=asked[0].union(*asked[1:]), conversation__dataset__in=datasets
    )
    # A finding in a text that is out already is no news; a flag still wants an answer.
    gone = [Message.State.DRAFT, Message.State.REJECTED, Message.State.WITHDRAWN]
    open_flags = Flag.objects.filter(resolved_at=None).values("message")
    found = found.exclude(Q(state__in=gone) & ~Q(pk__in=open_flags))
    if assignee is not None:
        found = found.filter(case__assignee=assignee)
    if is_free:
        found = found.filter(case=None)
    return found.order_by("pk")


def waiting_in(dataset: Dataset) -> int:
    """How many texts wait for a curator, up to a hundred. Causes a query."""
    there = waiting(Dataset.objects.filter(pk=dataset.pk)).order_by()
    return there.values("pk")[:COUNTED_AT_MOST].count()


def items_of(found: QuerySet[Message], person: Contributor) -> list[Item]:
    """A page of them, in a query for each sort of reason."""
    rows = found.select_related(
        "conversation__dataset", "parent", "case__assignee", "author", "revises__revises"
    )
    messages = list(rows)
    ids = [message.pk for message in messages]
    newest = dict(
        Decision.objects.filter(message__in=ids).values_list("message").annotate(Max("pk"))
    )
    items = {
        message.pk: Item(
            message=message,
            choices=choices_for(message, person),
            sign=sign_of(message.state, newest.get(message.pk)),
            case=getattr(message, "case", None),
        )
        for message in messages
    }
    for flag in Flag.objects.filter(message__in=ids, resolved_at=None).select_related("by"):
        items[flag.message_id].flags.append(flag)
    for finding in _findings(ids):
        items[finding.message_id].findings.append(finding)
    for pk, line in _held_by(messages).items():
        items[pk].held = line
    return list(items.values())


def curators_of(datasets: Iterable[Dataset]) -> QuerySet[Contributor]:
    """Who may look after texts there: site admins, too."""
    there = Q(
        memberships__dataset__in=datasets,
        memberships__role="curator",
        memberships__suspended_at=None,
    )
    curators = Contributor.objects.filter(Q(is_staff=True) | there)
    return curators.filter(is_active=True).distinct().order_by("name", "email")


def _findings(ids: Sequence[int]) -> QuerySet[Finding]:
    found = Finding.objects.filter(message__in=ids).for_curators().unanswered()
    return found.select_related("other__conversation").order_by("pk")


def _held_by(messages: Iterable[Message]) -> dict[int, Event]:
    """The line of history that tells who set each aside."""
    held = [message.pk for message in messages if message.state == Message.State.HELD]
    lines: dict[int, Event] = {}
    if held:
        for line in Event.objects.about(message=held).filter(kind="message.held"):
            lines.setdefault(line.subject_id, line)
    return lines


def _places(findings: Iterable[Finding]) -> list[Span]:
    """In reading order; what overlaps is one."""
    spans = sorted((a, b) for one in findings for a, b in one.spans)
    merged: dict[int, int] = defaultdict(int)
    start = end = -1
    for a, b in spans:
        if a > end:
            start = a
        end = max(end, b)
        merged[start] = end
    return list(merged.items())
