"""What set-wide work elsewhere has seen comes back as proposals, never as a verdict.

Hints become findings; duplicates wait for a curator beside those that we found ourselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions import inspections
from curation.actions.arrivals import Problem
from curation.actions.rights import require
from curation.errors import BadLine, CurationError
from curation.formats import exchange
from curation.formats.exchange import Decision
from curation.models import (
    Cluster,
    ClusterMember,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Finding,
    Message,
)

FOREIGN = f"{inspections.FOREIGN}."  # what such checks' names begin with here
PROBLEMS_KEPT = 100
AT_ONCE = 1_000  # rows in a transaction


class Report:
    def __init__(self) -> None:
        self.taken = self.unchanged = self.refused = 0
        self.problems: list[Problem] = []

    def refuse(self, row: int, why: BadLine) -> None:
        self.refused += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(Problem.of(row, why))


def take(
    *,
    dataset: Dataset,
    path: Path,
    by: Contributor,
    tell: Callable[[int], None] = lambda rows: None,
) -> Report:
    """All rows that make sense; what is wrong with another is reported, and no more.

    `tell` hears after each batch how many rows were read. Each is a transaction of its own,
    so that who reviews waits for one at most. Where the file breaks off, what was taken
    stays; taking it once more adds nothing twice.
    """
    require(by, dataset)
    report, number = Report(), 0
    try:
        for rows in exchange.decisions(path):
            for start in range(0, len(rows), AT_ONCE):
                _take(dataset, rows[start : start + AT_ONCE], number + start, report)
            number += len(rows)
            tell(number)
    except BadLine as problem:
        if number:
            _note(dataset, by, report)
        raise CurationError(_why_not_all(problem, number)) from problem
    _note(dataset, by, report)
    return report


def _note(dataset: Dataset, by: Contributor, report: Report) -> None:
    Event.objects.record(
        "decisions.imported", dataset, by=by, dataset=dataset, taken=report.taken,
        refused=report.refused,
    )  # fmt: skip


def _why_not_all(problem: BadLine, number: int) -> str:
    if not number:
        return _("%(problem)s Nothing of the file was taken.") % {"problem": problem}
    said = _("%(problem)s The file was taken up to row %(number)d.")
    return said % {"problem": problem, "number": number}


@transaction.atomic
def _take(dataset: Dataset, rows: list[dict[str, Any]], start: int, report: Report) -> None:
    there = _messages(dataset, rows)
    hints: list[Finding] = []
    alike: list[tuple[Message, Message, float]] = []
    for number, row in enumerate(rows, start=start + 1):
        try:
            found = exchange.decision(row)
            message = _message(found, there)
            if found.verdict == "duplicate":
                alike.append((_head(found, message, there), message, found.score))
            else:
                hints.append(_hint(found, message))
        except BadLine as problem:
            report.refuse(number, problem)
    if alike:  # searches put up members, too
        Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    _lock_around(hints)
    _write_hints(hints, report)
    _put_up(dataset, alike, report)


def _lock_around(hints: Iterable[Finding]) -> None:
    """Findings change what texts are found by, as reviews do: one waits for the other."""
    around = {finding.message.conversation_id for finding in hints}
    in_order = Conversation.objects.filter(pk__in=around).order_by("pk")
    list(in_order.select_for_update(no_key=True).values_list("pk"))


def _messages(dataset: Dataset, rows: list[dict[str, Any]]) -> dict[str, Message]:
    named = [row[name] for row in rows for name in ("record_id", "evidence")]
    uids = {uid for uid in map(_uid, named) if uid}
    shown = Message.objects.filter(conversation__dataset=dataset, uid__in=uids)
    return {str(message.uid): message for message in shown}


def _uid(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None


def _message(found: Decision, there: dict[str, Message]) -> Message:
    message = there.get(found.record_id)
    if message is None:
        raise BadLine("There is no record %(id)s in this dataset.", id=found.record_id[:40])
    if exchange.revision(message.text, message.context) != found.revision:
        raise BadLine("It was decided on other words than the record has now.")
    return message


def _head(found: Decision, message: Message, there: dict[str, Message]) -> Message:
    head = there.get(found.evidence)
    if head is None or head.conversation_id == message.conversation_id:
        raise BadLine("“evidence” of a duplicate is a record of another conversation.")
    if head.parent_id is not None or message.parent_id is not None:
        raise BadLine("Only first prompts are put up as duplicates.")
    return head


def _hint(found: Decision, message: Message) -> Finding:
    return Finding(
        message=message,
        check_name=f"{FOREIGN}{found.check}",
        check_version=found.check_version,
        score=found.score,
        advice=found.evidence,
    )


def _write_hints(hints: Sequence[Finding], report: Report) -> None:
    """Once per check and version: a second import of the same file adds nothing."""
    theirs = Finding.objects.filter(
        message__in=[one.message_id for one in hints], check_name__startswith=FOREIGN
    )
    known = set(theirs.values_list("message", "check_name", "check_version"))
    fresh = {}
    for one in hints:
        key = (one.message_id, one.check_name, one.check_version)
        if key in known or key in fresh:
            report.unchanged += 1
        else:
            fresh[key] = one
    Finding.objects.bulk_create(fresh.values(), batch_size=2_000)
    report.taken += len(fresh)


def _put_up(
    dataset: Dataset, alike: Sequence[tuple[Message, Message, float]], report: Report
) -> None:
    """What was decided before stays decided, whichever of the two leads."""
    known = _known({pk for head, message, _score in alike for pk in (head.pk, message.pk)})
    fresh: dict[tuple[int, int], float] = {}
    for head, message, score in alike:
        pair = (head.pk, message.pk)
        if not {pair, pair[::-1]} & (known | fresh.keys()):
            fresh[pair] = score
    heads = sorted({head for head, _message in fresh})
    Cluster.objects.bulk_create(
        (Cluster(dataset=dataset, head_id=pk) for pk in heads), ignore_conflicts=True
    )
    clusters = dict(Cluster.objects.filter(head__in=heads).values_list("head", "pk"))
    ClusterMember.objects.bulk_create(
        ClusterMember(
            cluster_id=clusters[head],
            message_id=message,
            likeness=score,
            source=ClusterMember.Source.IMPORT,
        )
        for (head, message), score in fresh.items()
    )
    report.taken += len(fresh)
    report.unchanged += len(alike) - len(fresh)


def _known(message_ids: set[int]) -> set[tuple[int, int]]:
    """Pairs of a head and its member that are up already."""
    members = ClusterMember.objects.filter(message__in=message_ids)
    return set(members.values_list("cluster__head", "message"))
