"""What the checks see in a text becomes findings; what a policy holds is set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from curation.actions.moves import carry_over_to_prompt, move
from curation.actions.unwritten import Text, Unwritten
from curation.clean import checks
from curation.clean.check import Reading
from curation.clean.checks import Look, Policy
from curation.clean.sighting import BESIDE, Sighting
from curation.models import Conversation, Dataset, Finding, Message
from curation.prepared import insert

State = Message.State
MAY_BE_HELD = frozenset({State.SUBMITTED, State.ACCEPTED})


def findings_in(message: Text, parent: Text | None, policy: Policy) -> list[Finding]:
    """What the quick checks see in a text and in the passage beside it, not written yet."""
    return list(as_findings(message, look_at(message, parent, policy).sightings))


def look_at(
    message: Text,
    parent: Text | None,
    policy: Policy,
    *,
    is_worker: bool = False,
    only: Collection[str] | None = None,
) -> Look:
    """As `checks.look`; what is seen in the passage is called so."""
    answered = parent if message.role == Message.Role.ASSISTANT else None
    reading = Reading(
        message.text,
        prompt=answered.text if answered else None,
        language=message.language,
        is_by_person=message.origin != Message.Origin.MODEL,
    )
    look = checks.look(reading, policy, is_worker=is_worker, only=only)
    if not message.context:
        return look
    beside = checks.look(Reading(message.context), policy, is_worker=is_worker, only=only)
    named = [one._replace(check=BESIDE + one.check) for one in beside.sightings]
    both = {name: it for name, it in look.versions.items() if name in beside.versions}
    return Look([*look.sightings, *named], both)


def as_findings(message: Text, seen: Iterable[Sighting]) -> Iterator[Finding]:
    """Rows for the record, not written yet."""
    for sighting in seen:
        yield Finding(
            message_id=message.pk,
            check_name=sighting.check,
            check_version=sighting.version,
            score=sighting.score,
            spans=[list(span) for span in sighting.spans],
            advice=sighting.advice,
        )


def note(message: Message, seen: Iterable[Sighting]) -> None:
    """Write what was seen in a text that is there already, and hold it if that is wanted.

    Its conversation is locked; who calls brings that up to date.
    """
    found = list(as_findings(message, seen))
    insert(*found)
    hold_if_wanted(message, message.conversation, found)


def why_held(found: Iterable[Finding], policy: Policy) -> str:
    """The advice of what a check is surest of, among what the policy holds; or nothing."""
    held = [finding for finding in found if is_held(finding, policy)]
    return max(held, key=lambda finding: finding.score).advice if held else ""


def is_held(finding: Finding, policy: Policy) -> bool:
    sighting = Sighting(finding.check_name, finding.check_version, finding.score, [], "")
    return checks.is_held(sighting, policy)


def hold_if_wanted(
    message: Message, conversation: Conversation, found: Iterable[Finding]
) -> None:
    """Set a text aside for a curator where the policy says so of what was just found.

    A question and its answer that are reviewed as one are set aside as one.
    """
    why = why_held(found, conversation.dataset.policy.checks)
    above = message.parent if conversation.dataset.is_pairs else None
    news = None
    if not why and above is not None and above.state == State.HELD:
        why = above.why
        news = "" if above.author_id == message.author_id else None  # they know
    if not why or message.state not in MAY_BE_HELD:
        return
    move(message, conversation, to=State.HELD, by=None, why=why, news=news)
    carry_over_to_prompt(message, conversation, by=None, out_of=set(MAY_BE_HELD))
    if conversation.dataset.is_pairs and message.role == Message.Role.PROMPTER:
        _hold_answers(message, conversation)


def _hold_answers(question: Message, conversation: Conversation) -> None:
    """There are some where the question was written before the check could look."""
    answers = question.replies.filter(state__in=MAY_BE_HELD).select_related("parent")
    for answer in answers.order_by("pk"):
        news = "" if answer.author_id == question.author_id else None
        move(answer, conversation, to=State.HELD, by=None, why=question.why, news=news)


# ---- many at once ----------------------------------------------------------------------
class Held(NamedTuple):
    message: Unwritten
    was: str


def hold_unwritten(
    messages: Sequence[Unwritten],
    found: Sequence[Sequence[Finding]],
    *,
    dataset: Dataset,
    at: datetime,
) -> list[Held]:
    """The same for texts that are about to be written: they arrive on hold."""
    held = []
    for message, findings in zip(messages, found, strict=True):
        why = why_held(findings, dataset.policy.checks)
        above = message.parent if dataset.is_pairs else None
        if above is not None and above.state == State.HELD:
            why = why or above.why
        if why and message.state in MAY_BE_HELD:
            held.append(_put_on_hold(message, why, at))
    return held


def hold_questions(answers: Iterable[Held], *, at: datetime) -> list[Held]:
    """The same for the question of each pair whose answer is on hold."""
    return [
        _put_on_hold(one.message.parent, one.message.why, at)
        for one in answers
        if isinstance(one.message.parent, Unwritten)
        and one.message.parent.state in MAY_BE_HELD
    ]


def _put_on_hold(message: Unwritten, why: str, at: datetime) -> Held:
    held = Held(message, message.state)
    message.state, message.why, message.decided_at = State.HELD.value, why[:300], at
    return held
