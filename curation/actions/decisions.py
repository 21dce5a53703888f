"""What set-wide work elsewhere has seen comes back as proposals, never as a verdict.

Hints become findings; duplicates wait for a curator beside those that we found ourselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.arrivals import Problem
from curation.actions.people import require
from curation.errors import BadLine, CurationError
from curation.formats import exchange
from curation.formats.exchange import Decision
from curation.models import (
    Cluster,
    ClusterMember,
    Contributor,
    Dataset,
    Event,
    Finding,
    Message,
)

FOREIGN = "set."  # what such checks' names begin with here
PROBLEMS_KEPT = 100


class Report:
    def __init__(self) -> None:
        self.taken = self.unchanged = self.refused = 0
        self.problems: list[Problem] = []

    def refuse(self, row: int, reason: object) -> None:
        self.refused += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(Problem(row, str(reason)))


@transaction.atomic
def take(
    *,
    dataset: Dataset,
    path: Path,
    by: Contributor,
    tell: Callable[[int], None] = lambda rows: None,
) -> Report:
    """All rows that make sense; what is wrong with another is reported, and no more.

    `tell` hears after each batch how many rows were read.
    """
    require(by, dataset)
    report, number = Report(), 0
    try:
        for rows in exchange.decisions(path):
            _take(dataset, rows, number, report)
            number += len(rows)
            tell(number)
    except BadLine as problem:
        said = _("%(problem)s Nothing of the file was taken.")
        raise CurationError(said % {"problem": problem}) from problem
    Event.objects.record(
        "decisions.imported", dataset, by=by, dataset=dataset, taken=report.taken,
        refused=report.refused,
    )  # fmt: skip
    return report


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
    _write_hints(hints, report)
    _put_up(dataset, alike, report)


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
        raise BadLine(f"There is no record {found.record_id[:40]} in this dataset.")
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
    """What was decided before stays decided."""
    heads = {head.pk for head, _message, _score in alike}
    Cluster.objects.bulk_create(
        (Cluster(dataset=dataset, head_id=pk) for pk in sorted(heads)),
        ignore_conflicts=True,
    )
    clusters = dict(Cluster.objects.filter(head__in=heads).values_list("head", "pk"))
    members = ClusterMember.objects.filter(cluster__in=clusters.values())
    known = set(members.values_list("cluster", "message"))
    fresh = {
        (clusters[head.pk], message.pk): score
        for head, message, score in alike
        if (clusters[head.pk], message.pk) not in known
    }
    ClusterMember.objects.bulk_create(
        ClusterMember(cluster_id=cluster, message_id=message, likeness=score)
        for (cluster, message), score in fresh.items()
    )
    report.taken += len(fresh)
    report.unchanged += len(alike) - len(fresh)
