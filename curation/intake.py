"""Narrow door in: models propose, people decide."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import places
from curation.actions import consents, conversations, exchanges, notices, second_looks
from curation.actions.rights import require
from curation.actions.settlements import ask_again
from curation.clean.text import TEXT_AT_MOST, tidied
from curation.errors import ConsentMissing, CurationError, NotAllowed
from curation.models import Contributor, Dataset, Event, Message, ModelReport

Exchange = exchanges.Exchange
Opinion = exchanges.Opinion
Brought = exchanges.Brought
Place = places.Place


class Proposal(NamedTuple):
    """A model's answer to a prompt, known by the prompt's opaque id."""

    prompt: str
    text: str


class Side(NamedTuple):
    """One of several models, and its answers to each of the prompts in their order."""

    generator: str
    source: str
    answers: Sequence[Sequence[str]]


class Looked(NamedTuple):
    """What became of a wish for another look."""

    asked: int
    refused: list[str]  # why, a sentence each


class Offered(NamedTuple):
    """What became of some proposals."""

    taken: int
    refused: int  # empty, the same as an answer that is there, or the prompt is gone


@transaction.atomic
def offer_replies(proposals: Iterable[Proposal], *, generator: str, source: str) -> Offered:
    """Put a model's answers beside the others, to be ranked blind.

    They are proposals: nothing is learned from one before a person accepts it. Offering
    twice under the same `source` adds nothing.
    """
    proposals = list(proposals)
    _hold(one.prompt for one in proposals)
    outcomes = [
        _offer(proposal, generator=generator, source_key=f"{source}:{number}")
        for number, proposal in enumerate(proposals)
    ]
    return Offered(taken=outcomes.count(True), refused=outcomes.count(False))


@transaction.atomic
def push_replies(
    proposals: Iterable[Proposal], *, dataset: Dataset, generator: str, by: Contributor
) -> Offered:
    """The same from outside, to prompts of one dataset, by who curates it.

    An answer is known by its words: pushed again, in whatever batch, it adds nothing.
    """
    require(by, dataset)
    proposals = list(proposals)
    _hold(one.prompt for one in proposals)
    here = Message.objects.filter(conversation__dataset=dataset)
    known = {str(uid) for uid in here.filter(
        uid__in=[one.prompt for one in proposals]
    ).values_list("uid", flat=True)}  # fmt: skip
    outcomes = [
        one.prompt in known
        and _offer(one, generator=generator, source_key=_key_of(one, generator))
        for one in proposals
    ]
    told = {"taken": outcomes.count(True), "refused": outcomes.count(False)}
    Event.objects.record(
        "candidates.pushed", dataset, by=by, dataset=dataset, generator=generator, **told
    )
    return Offered(**told)


def _key_of(proposal: Proposal, generator: str) -> str:
    told = f"{generator}\n{proposal.prompt}\n{proposal.text}"
    return f"push:{hashlib.sha256(told.encode()).hexdigest()}"


@transaction.atomic
def offer_side_by_side(prompts: Sequence[str], sides: Sequence[Side]) -> list[list[int]]:
    """The same for several models at once: a prompt takes answers of each, or none at all.
    People are to compare them. Return for each side how many each prompt took.
    """
    _hold(prompts)
    taken = [_offer_beside(uid, number, sides) for number, uid in enumerate(prompts)]
    return [list(counts) for counts in zip(*taken, strict=True)]


places_of = places.of
place_of = places.place
hints_on = places.hints


@transaction.atomic
def bring_exchange(
    *,
    slug: str,
    by: Contributor,
    exchanges_so_far: Sequence[Exchange],
    generator: str,
    source: str,
    opinion: Opinion,
    category_id: int | None = None,
    language: str = "",
    agreed: Iterable[int] = (),
) -> Brought:
    """Propose a model's answer with the person's words that led to it.

    `agreed` are the terms that they were shown and agree to: entered with it, or neither.
    """
    place = places.place(by, slug)
    if place is None:
        raise NotAllowed(_("You may not write in this dataset. Choose another."))
    asked, given = {terms.pk for terms in place.terms}, set(agreed)
    if asked - given:
        raise ConsentMissing(place.dataset)
    consents.agree(terms_ids=asked, by=by)
    return exchanges.bring(
        dataset=place.dataset,
        by=by,
        exchanges=exchanges_so_far,
        generator=generator,
        source=source,
        opinion=opinion,
        category=next((one for one in place.categories if one.pk == category_id), None),
        language=language if language in place.dataset.languages else "",
    )


def ask_second_look(uids: Iterable[uuid.UUID], *, reason: str, by: Contributor) -> Looked:
    """Have people judge these texts once more; only who curates them may ask.

    What a curator decided by hand stands.
    """
    asked, refused = 0, []
    there = Message.objects.filter(uid__in=list(uids)).order_by("pk")
    for pk in there.values_list("pk", flat=True):
        try:
            second_looks.ask_about(message_id=pk, by=by, why=reason)
        except CurationError as refusal:
            refused.append(str(refusal))
        else:
            asked += 1
    return Looked(asked, refused)


@transaction.atomic
def report_model(
    *,
    version_id: int,
    source: str,
    name: str,
    generator: str,
    address: str = "",
    owner_id: int | None = None,
    examples: int = 0,
    held_out_loss_before: float | None = None,
    held_out_loss: float | None = None,
    method: str = "",
    held_out_accuracy: float | None = None,
    with_ballots: bool = False,
    also: Mapping[int, int] | None = None,
    finished_at: datetime | None = None,
) -> bool:
    """Tell of a model that learned from a version, and tell those whose words it learned.

    `generator` is what its answers are signed with, `owner_id` who launched it. Where it
    learned from preferences, `with_ballots`, those who ranked are told, too. Where it goes
    on from models of other versions, `also` names those, with how many examples were
    learned from each; whoever is told once is not told again. Under one `source` it is
    told once: False where that is done already.
    """
    report, is_new = ModelReport.objects.get_or_create(
        source=source,
        defaults={
            "version_id": version_id,
            "name": name,
            "generator": generator,
            "address": address,
            "owner_id": owner_id,
            "examples": examples,
            "held_out_loss_before": held_out_loss_before,
            "held_out_loss": held_out_loss,
            "method": method,
            "held_out_accuracy": held_out_accuracy,
            "finished_at": finished_at or now(),
        },
    )
    if is_new:
        _told(report, with_ballots=with_ballots)
    versions = [version_id]
    for earlier, count in (also or {}).items():
        if earlier not in versions:
            _report_earlier(report, earlier, examples=count, besides=versions)
            versions.append(earlier)
    return is_new


def _report_earlier(
    report: ModelReport, version_id: int, *, examples: int, besides: list[int]
) -> None:
    """The same model under a version that it learned from by way of another model.

    What was measured stays with the version that it was measured on.
    """
    earlier, is_new = ModelReport.objects.get_or_create(
        source=f"{report.source}/{version_id}",
        defaults={
            "version_id": version_id,
            "name": report.name,
            "generator": report.generator,
            "address": report.address,
            "owner_id": report.owner_id,
            "examples": examples,
            "finished_at": report.finished_at,
        },
    )
    if is_new:
        _told(earlier, besides=besides)


def _told(
    report: ModelReport, *, with_ballots: bool = False, besides: Iterable[int] = ()
) -> None:
    dataset = report.version.dataset
    Event.objects.record("model.reported", report, by=None, dataset=dataset)
    notices.tell_of_model(report, with_ballots=with_ballots, besides=besides)


@transaction.atomic
def tell_of_promotion(*, source: str, over: str = "", percent: int | None = None) -> int:
    """Tell those whose words a model learned from that their dataset stands on it now.

    `over` is the model that it replaced, `percent` how often people prefer it to that one.
    Once for each model, however often it is promoted. Return how many were told.
    """
    reports = ModelReport.objects.select_related("version__dataset")
    report = reports.filter(source=source).first()
    if report is None:
        return 0
    return notices.tell_of_promotion(report, over=over, percent=percent)


def tell_of_replacement(*, source: str, by_source: str) -> None:
    """Tell the record that a model was trained again without texts that were taken back,
    and that the new one stands in its place: it is shown to whoever took them back."""
    new = ModelReport.objects.filter(source=by_source).first()
    theirs = Q(source=source) | Q(source__startswith=f"{source}/")
    ModelReport.objects.filter(theirs).update(replaced_by=new)


def _hold(uids: Iterable[str]) -> None:
    """Lock their conversations, always in one order: two models may answer the same prompts
    at once, each in its own order."""
    prompts = Message.objects.filter(uid__in=[uuid.UUID(uid) for uid in uids])
    around = conversations.locked().filter(pk__in=prompts.values("conversation"))
    list(around.order_by("pk"))


@transaction.atomic
def _offer(proposal: Proposal, *, generator: str, source_key: str) -> bool:
    prompt = Message.objects.filter(uid=uuid.UUID(proposal.prompt)).first()
    text = tidied(proposal.text)[:TEXT_AT_MOST]
    if prompt is None or not text:
        return False
    conversation = conversations.lock(prompt.conversation_id)
    prompt.refresh_from_db()
    if prompt.state != Message.State.ACCEPTED:
        return False
    there = prompt.replies.rankable()
    if conversation.messages.filter(source_key=source_key).exists():
        return False
    if text.split() in [reply.text.split() for reply in there]:
        return False  # two equal answers have no order
    answer = conversations.add_message(
        conversation,
        parent=prompt,
        role=Message.Role.ASSISTANT,
        origin=Message.Origin.MODEL,
        generator=generator,
        text=text,
        language=prompt.language,
        source_key=source_key,
    )
    if answer.state == Message.State.SUBMITTED:  # and not held by a check
        ask_again(prompt)
    conversations.advance(conversation)
    return True


def _offer_beside(uid: str, number: int, sides: Sequence[Side]) -> list[int]:
    with suppress(_Missing), transaction.atomic():
        taken = [
            [
                _offer(
                    Proposal(uid, text),
                    generator=side.generator,
                    source_key=f"{side.source}:{number}-{index}",
                )
                for index, text in enumerate(side.answers[number])
            ].count(True)
            for side in sides
        ]
        if not all(taken):
            raise _Missing
        return taken
    return [0] * len(sides)


class _Missing(Exception):
    """One of the models has nothing to show: undoes what the others have."""
