"""What somebody asked a model elsewhere, and what it said, come into the record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.actions import conversations
from curation.actions.findings import note
from curation.actions.rights import Role, require
from curation.actions.settlements import ask_again
from curation.clean import preferences
from curation.clean.check import Treatment
from curation.clean.checks import treatment
from curation.clean.text import TEXT_AT_MOST, tidied
from curation.errors import CurationError
from curation.models import (
    Ballot,
    BallotEntry,
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Message,
)

BEST, WORST = 7, 1  # of BallotEntry.rating
State = Message.State


class Exchange(NamedTuple):
    """A question and the model's answer to it."""

    question: str
    answer: str
    context: str = ""


class Opinion(NamedTuple):
    """What the person who asked thinks of the last answer."""

    is_good: bool | None = None  # None: they did not say
    correction: str = ""  # how they would answer


class Brought(NamedTuple):
    """What became of it."""

    conversation: Conversation
    answer: Message | None  # None: the same words stand there already
    is_held: bool  # by a check, until a curator has looked


@transaction.atomic
def bring(
    *,
    dataset: Dataset,
    by: Contributor,
    exchanges: Sequence[Exchange],
    generator: str,
    source: str,
    opinion: Opinion,
    category: Category | None = None,
    language: str = "",
) -> Brought:
    """Propose the last answer with all that led to it: the person's own words, and a
    model's, which people rank and review before anything is learned from them.

    Under one `source` a second answer to the same first question joins the first.
    """
    require(by, dataset, Role.WRITER)
    _require_room(dataset, len(exchanges))
    said = opinion.correction and conversations.checked_text(opinion.correction)
    if said and said == tidied(exchanges[-1].answer):
        raise CurationError(_("Your answer is the same as the model's: change it."))
    conversation, prompt = _prompt(
        dataset, by, exchanges, generator, source, category, language
    )
    answer = _answer(conversation, prompt, exchanges[-1].answer, generator)
    if answer is not None:
        _vote(prompt, answer, by=by, is_good=opinion.is_good)
        if answer.state == State.SUBMITTED:  # and not held by a check
            ask_again(prompt)
    if said:
        _correct(conversation, prompt, answer, said, by)
    conversations.advance(conversation)
    held = conversation.messages.filter(state=State.HELD).exists()
    return Brought(conversation, answer, held)


def _require_room(dataset: Dataset, exchanges: int) -> None:
    if dataset.is_pairs and exchanges > 1:
        raise CurationError(
            _(
                "%(dataset)s holds single questions with their answers. Choose one that "
                "grows as conversations, or send the first answer of a talk."
            )
            % {"dataset": dataset}
        )
    most = max(dataset.policy.max_depth, 2)
    if not dataset.is_pairs and 2 * exchanges > most:
        said = ngettext(
            "Conversations of %(dataset)s have at most %(count)d message.",
            "Conversations of %(dataset)s have at most %(count)d messages.",
            most,
        )
        raise CurationError(said % {"dataset": dataset, "count": most})


def _prompt(
    dataset: Dataset,
    by: Contributor,
    exchanges: Sequence[Exchange],
    generator: str,
    source: str,
    category: Category | None,
    language: str,
) -> tuple[Conversation, Message]:
    """The last question, with all before it, locked. It may be there already."""
    there = Conversation.objects.filter(dataset=dataset, source_key=source).first()
    if there is not None:
        conversation = conversations.lock(there.pk)
        prompt = _sent_before(conversation, by, len(exchanges))
        if prompt.state in (State.REJECTED, State.WITHDRAWN):
            raise CurationError(_("Your question was sent before, and is not there now."))
        prompt.conversation = conversation
        return conversation, prompt
    first, *later = exchanges
    prompt = conversations.start(
        dataset, by, category, first.question, first.context, language, source_key=source
    )
    conversation = conversations.lock(prompt.conversation_id)
    before = first
    for one in later:
        said = _by_model(conversation, prompt, before.answer, generator)
        prompt = conversations.add_message(
            conversation, parent=said, role=Message.Role.PROMPTER, text=one.question,
            author=by, language=prompt.language,
        )  # fmt: skip
        before = one
    return conversation, prompt


def _sent_before(conversation: Conversation, by: Contributor, number: int) -> Message:
    """The so-manieth question on the way that was sent first: people may have gone on from
    it since, in the same conversation."""
    asked = conversation.messages.filter(role=Message.Role.PROMPTER, author=by)
    theirs = asked.select_related("parent").order_by("pk")
    prompt = theirs.filter(parent=None)[0]
    for _step in range(1, number):
        prompt = theirs.filter(parent__parent=prompt)[0]
    return prompt


def _answer(
    conversation: Conversation, prompt: Message, text: str, generator: str
) -> Message | None:
    there = prompt.replies.exclude(state__in=[State.REJECTED, State.WITHDRAWN])
    if tidied(text)[:TEXT_AT_MOST].split() in [one.text.split() for one in there]:
        return None  # two equal answers have no order
    return _by_model(conversation, prompt, text, generator)


def _by_model(
    conversation: Conversation, prompt: Message, text: str, generator: str
) -> Message:
    return conversations.add_message(
        conversation,
        parent=prompt,
        role=Message.Role.ASSISTANT,
        origin=Message.Origin.MODEL,
        generator=generator,
        text=tidied(text)[:TEXT_AT_MOST],
        language=prompt.language,
    )


def _vote(
    prompt: Message, answer: Message, *, by: Contributor, is_good: bool | None
) -> None:
    """A ballot that is set aside from the start: who cast it knew which model it was. So
    it decides nothing, and they are never asked to rank these answers blind."""
    there = prompt.ballots.informed().filter(ranker=by).first()
    ballot = there or _informed(prompt, by)
    BallotEntry.objects.create(
        ballot=ballot,
        reply=answer,
        shown=ballot.entries.count() + 1,
        position=1 if is_good else None,
        rating=None if is_good is None else BEST if is_good else WORST,
    )
    ballot.outcome = _outcome(ballot)
    ballot.save(update_fields=["outcome"])
    if there is None:
        dataset, outcome = prompt.conversation.dataset, ballot.outcome
        Event.objects.record("ballot.cast", prompt, by=by, dataset=dataset, outcome=outcome)


def _informed(prompt: Message, by: Contributor) -> Ballot:
    moment = now()
    return Ballot.objects.create(
        prompt=prompt,
        ranker=by,
        ranking_round=prompt.ranking_round,
        outcome=Ballot.Outcome.CANNOT_JUDGE,
        guideline_id=prompt.conversation.guideline_id,
        created_at=moment,
        set_aside_at=moment,
    )


def _outcome(ballot: Ballot) -> str:
    """What the thumbs on it say together."""
    ratings = set(ballot.entries.values_list("rating", flat=True))
    if BEST in ratings:
        return Ballot.Outcome.RANKED
    return Ballot.Outcome.NONE_GOOD if WORST in ratings else Ballot.Outcome.CANNOT_JUDGE


def _correct(
    conversation: Conversation,
    prompt: Message,
    answer: Message | None,
    text: str,
    by: Contributor,
) -> None:
    """The person's own answer, in place of the model's: accepted, it comes before it."""
    own = conversations.add_message(
        conversation,
        parent=prompt,
        revises=answer,
        role=Message.Role.ASSISTANT,
        text=text,
        author=by,
        language=prompt.language,
    )
    policy = conversation.dataset.policy.checks
    if answer is not None and treatment("preference", policy) is not Treatment.OFF:
        note(own, preferences.seen(own.text, answer.text))
