"""One text is looked at by a worker, and its findings are brought up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction

from curation.actions import conversations
from curation.actions.evaluation_sets import Known
from curation.actions.findings import (
    MAY_BE_HELD,
    as_findings,
    hold_if_wanted,
    is_held,
    look_at,
)
from curation.clean import (
    checks,
    decontamination,
    detected_language,
    languages,
    meaning,
)
from curation.clean.check import Treatment
from curation.clean.checks import Policy, treatment
from curation.clean.detected_language import Detected
from curation.clean.sighting import BESIDE, Sighting
from curation.models import Finding, Inspection, Inspector, Message

CONTAMINATION = "contamination"
DETECTED = "language.detected"  # for the record; and a finding where it is plainly another
FOREIGN = "set"  # what work on a whole set elsewhere saw: see decisions.py
# Not looked for here: who has the other texts writes them, most when a text is sent.
SENT_WITH = frozenset({"near_duplicate", "length", "preference", meaning.NAME, FOREIGN})


class Wanted(NamedTuple):
    """What a dataset's texts are to be looked at by, and the sets of now."""

    versions: dict[str, int]
    known: Known | None
    policy: Policy

    @property
    def digest(self) -> str:
        return checks.digest(self.versions)


class Seen(NamedTuple):
    """What a worker saw in one text; `versions` names who looked."""

    sightings: list[Sighting]
    versions: dict[str, int]
    detected: Detected | None


@dataclass
class Change:
    """What there is to write of one text."""

    inspection: Inspection
    stale: list[Finding]
    fresh: list[Finding]
    news: list[Finding]  # of what was not found before


def wanted_by(policy: Policy, known: Known | None) -> Wanted:
    versions = {**checks.versions(policy), DETECTED: detected_language.VERSION}
    if known is not None and treatment(CONTAMINATION, policy) is not Treatment.OFF:
        versions[CONTAMINATION] = known.version
    return Wanted(versions, known, policy)


def names_of(wanted: Wanted, looked: Mapping[str, int]) -> list[str]:
    """Who has not looked yet, or did so in another version."""
    return [name for name, now in wanted.versions.items() if looked.get(name) != now]


def look(message: Message, wanted: Wanted, names: Collection[str]) -> Seen:
    """By these checks. Nothing is written; slow ones may take seconds."""
    seen, versions = look_at(
        message, message.parent, wanted.policy, is_worker=True, only=names
    )
    found = None
    if DETECTED in names:
        found = detected_language.detected(message.text)
        seen = [*seen, *_in_another_language(message, found, wanted.policy)]
        versions[DETECTED] = detected_language.VERSION
    if CONTAMINATION in names and wanted.known is not None:
        seen = [*seen, *_in_a_set(message, wanted.known)]
        versions[CONTAMINATION] = wanted.known.version
    return Seen(seen, versions, found)


def change(inspection: Inspection, message: Message, seen: Seen, wanted: Wanted) -> Change:
    """What differs from the findings that are there; needs those of the message.

    The findings of a check that was not asked or could not look stay, those of one that is
    off go.
    """
    if seen.detected is not None:
        inspection.detected_language = seen.detected.code
        inspection.detected_score = seen.detected.score
    there = {_likeness(one): one for one in message.findings.all()}
    now = {_likeness(one): one for one in as_findings(message, seen.sightings)}
    # What the quick check said already is not said twice.
    if any(one.check_name == "language" for one in (*there.values(), *now.values())):
        now = {key: one for key, one in now.items() if one.check_name != DETECTED}
    not_asked = wanted.versions.keys() - seen.versions.keys()
    stale = [
        one
        for key, one in there.items()
        if key not in now and owner_of(one) not in not_asked | SENT_WITH
    ]
    fresh = [one for key, one in now.items() if key not in there]
    names = {one.check_name for one in there.values()}
    news = [one for one in fresh if one.check_name not in names]
    return Change(inspection, stale, fresh, news)


def owner_of(finding: Finding) -> str:
    """The check whose finding it is."""
    name = finding.check_name.removeprefix(BESIDE)
    return name if name == DETECTED else name.partition(".")[0]


def write(changes: Iterable[Change], policy: Policy) -> int:
    """Put findings in place of older ones. Return how many texts were set aside for it.

    What a curator let pass stays: a text is set aside for what was not found before. Each
    text with other findings is a transaction of its own: it locks what people find it by,
    and who reviews locks that of several, in an order of their own.
    """
    same, held = [], 0
    for one in changes:
        if any(is_held(finding, policy) for finding in one.news):
            held += _write_and_hold(one)
        elif one.stale or one.fresh:
            with transaction.atomic():
                _write([one])
        else:
            same.append(one)
    _write(same)
    return held


def note_inspector(versions: Mapping[str, int]) -> None:
    """Say what a digest stands for."""
    digest = checks.digest(versions)
    Inspector.objects.get_or_create(digest=digest, defaults={"versions": dict(versions)})


@transaction.atomic
def _write_and_hold(one: Change) -> bool:
    pk = one.inspection.message_id
    conversation = conversations.lock_around(pk)
    message = Message.objects.select_related("parent").get(pk=pk)
    message.conversation = conversation
    _write([one])
    if message.state not in MAY_BE_HELD:
        return False
    hold_if_wanted(message, conversation, one.news)
    conversations.advance(conversation)
    return message.state == Message.State.HELD


def _write(changes: list[Change]) -> None:
    stale = [finding.pk for one in changes for finding in one.stale]
    fresh = [finding for one in changes for finding in one.fresh]
    if stale:
        Finding.objects.filter(pk__in=stale).delete()
    Finding.objects.bulk_create(fresh, ignore_conflicts=True)
    Inspection.objects.bulk_update(
        [one.inspection for one in changes],
        ["digest", "detected_language", "detected_score", "tried_at"],
    )


def _likeness(finding: Finding) -> tuple[object, ...]:
    spans = tuple(tuple(span) for span in finding.spans)
    return finding.check_name, finding.check_version, finding.score, spans


def _in_another_language(
    message: Message, found: Detected, policy: Policy
) -> list[Sighting]:
    """Nothing where the text above asks for another, or is in it."""
    if treatment("language", policy) is Treatment.OFF:
        return []
    if not detected_language.differs(message.language, found, message.text):
        return []
    above = message.parent.text if message.parent is not None else ""
    is_asked_for = languages.ASKS_FOR_ANOTHER.search(f"{above}\n{message.text}")
    if is_asked_for or (above and detected_language.detected(above).code == found.code):
        return []
    version = detected_language.VERSION
    return [Sighting(DETECTED, version, found.score, [], languages.ADVICE)]


def _in_a_set(message: Message, known: Known) -> list[Sighting]:
    seen = list(decontamination.seen(message.text, known.runs))
    if message.context:
        beside = decontamination.seen(message.context, known.runs)
        seen += [one._replace(check=BESIDE + one.check) for one in beside]
    return seen
