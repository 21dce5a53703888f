"""Conversations begin, grow and complete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.formats import number_format
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import notices
from curation.actions.lookalikes import Lookalike, lookalikes, note_sketches
from curation.actions.people import Role, require
from curation.actions.turns import rules_of, turns_of
from curation.aggregate import demand
from curation.aggregate.splits import prompt_key, split_of
from curation.clean import duplicates
from curation.clean.checks import sightings
from curation.clean.sighting import BESIDE, Sighting
from curation.clean.text import TEXT_AT_MOST, tidied
from curation.errors import CurationError
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Finding,
    Message,
)
from curation.prepared import Among, Prepared, PreparedUpdate, insert
from curation.wording import thing

AT_ONCE = 500  # conversations of which all messages are in memory

Given = ParamSpec("Given")
Made = TypeVar("Made")


@transaction.atomic
def write_pair(
    *,
    dataset: Dataset,
    by: Contributor,
    prompt: str,
    reply: str,
    category: Category | None = None,
    context: str = "",
    language: str = "",
) -> Conversation:
    """A prompt and its answer, written together and reviewed as one."""
    if not dataset.is_pairs:
        raise CurationError(
            _("%(dataset)s grows as conversations: write a prompt instead.")
            % {"dataset": dataset}
        )
    root = _start(dataset, by, category, prompt, context, language)
    add_message(
        root.conversation,
        parent=root,
        role=Message.Role.ASSISTANT,
        text=reply,
        author=by,
        language=root.language,
    )
    return root.conversation


@transaction.atomic
def write_prompt(
    *,
    dataset: Dataset,
    by: Contributor,
    text: str,
    category: Category | None = None,
    context: str = "",
    language: str = "",
) -> Conversation:
    """The first prompt of a conversation that others continue."""
    if dataset.is_pairs:
        raise CurationError(
            _("%(dataset)s holds pairs: write the answer with the prompt.")
            % {"dataset": dataset}
        )
    return _start(dataset, by, category, text, context, language).conversation


def begin(
    dataset: Dataset, *, text: str, category: Category | None, **fields: Any
) -> Conversation:
    """A conversation without its messages yet. The split is given here, once."""
    side = sides_of(dataset, [text])[text]
    return Conversation.objects.create(
        dataset=dataset, category=category, **side._asdict(), **fields
    )


def begin_with(conversation: Conversation, text: str) -> None:
    """Put other first words in place of a locked conversation's old ones.

    It keeps its side and group, unless these words stand somewhere already: its new words
    are frozen in no version yet, those may be.
    """
    key = prompt_key(conversation.dataset.slug, text)
    if key == conversation.prompt_key:
        return
    there = Conversation.objects.filter(dataset=conversation.dataset, prompt_key=key)
    conversation.prompt_key = key
    if first := there.order_by("pk").first():
        conversation.split, conversation.group = first.split, first.group or first.uid
    conversation.save(update_fields=["prompt_key", "split", "group"])


class Side(NamedTuple):
    """On which side a conversation with such a first prompt stands, and why."""

    prompt_key: str
    split: str
    group: UUID


def sides_of(dataset: Dataset, first_prompts: Iterable[str]) -> dict[str, Side]:
    """The side for each text. Words that are there already keep their side and group.

    Otherwise a changed percentage would put the same words on both.
    """
    keys = {text: prompt_key(dataset.slug, text) for text in first_prompts}
    there = Conversation.objects.filter(dataset=dataset, prompt_key__in=set(keys.values()))
    rows = there.order_by("-pk").values_list("prompt_key", "split", "group", "uid")
    known = {key: Side(key, split, group or uid) for key, split, group, uid in rows}
    percent = dataset.policy.held_out_percent
    for text, key in keys.items():
        if key not in known:
            known[key] = Side(key, split_of(dataset.slug, text, percent), uuid4())
    return {text: known[key] for text, key in keys.items()}


def add_message(conversation: Conversation, *, text: str, **fields: Any) -> Message:
    """Store one tidied text with what the checks see in it, and its line of history."""
    parent: Message | None = fields.get("parent")
    message = Message(
        conversation=conversation,
        text=checked_text(text),
        guideline=conversation.dataset.guideline_in_force(),
        **fields,
    )
    insert(message)
    insert(*findings_in(message, parent))
    Event.objects.record(
        "message.submitted",
        message,
        by=message.author,
        dataset=conversation.dataset,
        origin=message.origin,
    )
    note_sketches([message])
    return message


def findings_in(message: Message, parent: Message | None) -> list[Finding]:
    """What the checks see in a text and in the passage beside it, not written yet."""
    answered = parent if message.role == Message.Role.ASSISTANT else None
    seen = sightings(
        message.text,
        prompt=answered.text if answered else None,
        language=message.language,
        is_by_person=message.origin != Message.Origin.MODEL,
    )
    beside = sightings(message.context) if message.context else []
    return [
        *_findings(message, seen),
        *_findings(message, beside, where=BESIDE),
    ]


def _findings(
    message: Message, seen: Iterable[Sighting], where: str = ""
) -> Iterator[Finding]:
    for sighting in seen:
        yield Finding(
            message=message,
            check_name=where + sighting.check,
            check_version=sighting.version,
            score=sighting.score,
            spans=sighting.spans,
            advice=sighting.advice,
        )


def checked_text(text: str, what: str = "text") -> str:
    """Tidied, or a refusal that says what is wrong with it."""
    text = tidied(text)
    if not text:
        raise CurationError(
            _("The %(what)s is empty: write something first.") % {"what": thing(what)}
        )
    if len(text) > TEXT_AT_MOST:
        raise CurationError(
            _(
                "The %(what)s has %(count)s characters; at most %(most)s fit. "
                "Shorten it or split it in two."
            )
            % {
                "what": thing(what),
                "count": number_format(len(text), force_grouping=True),
                "most": number_format(TEXT_AT_MOST, force_grouping=True),
            }
        )
    return text


def checked_context(context: str, category: Category | None) -> str:
    """The passage under a first prompt, tidied; a refusal where one is needed."""
    context = tidied(context)
    if category is not None and category.needs_context and not context:
        raise CurationError(
            _("%(category)s stands on a passage: put the text that it is about there.")
            % {"category": category}
        )
    return context


def note_lookalikes(message: Message, alike: Iterable[Lookalike]) -> None:
    """A finding on a first prompt for each other one that says nearly the same."""
    for one in alike:
        for finding in _findings(message, [duplicates.sighting(one.likeness)]):
            finding.other = one.message
            finding.save()


def all_or_nothing(verb: Callable[Given, Made]) -> Callable[Given, Made]:
    """In one transaction, as `transaction.atomic`; in that of a caller who gives `held`.

    Such a caller gives up as a whole when the verb refuses: no savepoint is needed.
    """

    @wraps(verb)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        with transaction.atomic(savepoint=kwargs.get("held") is None):
            return verb(*args, **kwargs)

    return run


def lock(conversation_id: int) -> Conversation:
    """Every change below a conversation takes this lock first, so changes queue up."""
    return _lock(pk=conversation_id)


def lock_around(message_id: int, held: Conversation | None = None) -> Conversation:
    """The same for the conversation that a message stands in; `held` is locked already."""
    if held is not None:
        return held
    try:
        return _lock_around(message=message_id)
    except Conversation.DoesNotExist as error:
        raise Message.DoesNotExist(f"There is no message {message_id}.") from error


def _locked() -> QuerySet[Conversation]:
    # of=("self",): lock the conversation, not the dataset row that everybody shares.
    locked = Conversation.objects.select_for_update(of=("self",))
    return locked.select_related("dataset__policy")


_lock = Prepared(lambda pk: _locked().filter(pk=pk)).get
_lock_around = Prepared(lambda message: _locked().filter(messages=message)).get


def advance(conversation: Conversation) -> None:
    """Bring the state of a locked conversation up to date with its messages."""
    advance_all([conversation])


def advance_all(conversations: Sequence[Conversation]) -> None:
    """The same for many locked ones, in a few queries."""
    turns = turns_of(conversations)
    still = set(turns)
    moved: dict[str, list[Conversation]] = defaultdict(list)
    for conversation in conversations:
        conversation.turns = turns[conversation.pk]
        conversation.changes += 1
        state = demand.state_of(conversation.turns, rules_of(conversation.dataset))
        if state != conversation.state:
            allowed = Conversation.MOVES[conversation.state]
            assert state in allowed, (conversation.state, state)
            conversation.state = state
            moved[state].append(conversation)
            still.remove(conversation.pk)
    if still:
        _raise_changes(pks=list(still))
    for state, those in moved.items():
        completed_at = now() if state == Conversation.State.COMPLETE else None
        _move(pks=[one.pk for one in those], state=state, at=completed_at)
        Event.objects.record_all(
            Event.objects.line(f"conversation.{state}", one, by=None, dataset=one.dataset)
            for one in those
        )
        if state == Conversation.State.COMPLETE:
            notices.tell_complete(those)


_raise_changes = PreparedUpdate(
    lambda pks: (
        Conversation.objects.filter(Among("pk", pks)),
        {"changes": F("changes") + 1},
    )
)
_move = PreparedUpdate(
    lambda pks, state, at: (
        Conversation.objects.filter(Among("pk", pks)),
        {"changes": F("changes") + 1, "state": state, "completed_at": at},
    )
)


def look_again(dataset: Dataset) -> None:
    """Bring all of a dataset up to date with its rules: `changes` tells the planner.

    What is held or rejected wants nothing by any rules.
    """
    there = _locked().filter(dataset=dataset)
    there = there.exclude(state__in=["held", "rejected"]).order_by("pk")
    newest = 0
    while batch := list(there.filter(pk__gt=newest)[:AT_ONCE]):
        advance_all(batch)
        newest = batch[-1].pk


def wants_of(conversation: Conversation) -> list[demand.Want]:
    """What people could do for it now. Queries, unless it has just been advanced."""
    if conversation.state in (Conversation.State.HELD, Conversation.State.REJECTED):
        return []
    return demand.wants(turns_in(conversation), rules_of(conversation.dataset))


def turns_in(conversation: Conversation) -> list[demand.Turn]:
    """Its messages as demand sees them. Queries, unless it has just been advanced."""
    if conversation.turns is None:
        conversation.turns = turns_of([conversation])[conversation.pk]
    return conversation.turns


def _start(
    dataset: Dataset,
    by: Contributor,
    category: Category | None,
    text: str,
    context: str,
    language: str,
) -> Message:
    """The first prompt. Its conversation is where it would advance to: under review."""
    require(by, dataset, Role.WRITER)
    text, context = checked_text(text, "prompt"), checked_context(context, category)
    language = language or dataset.languages[0]
    alike = lookalikes(dataset, text, at_most=1)
    conversation = begin(dataset, text=text, category=category, language=language)
    message = add_message(
        conversation,
        role=Message.Role.PROMPTER,
        text=text,
        context=context,
        author=by,
        language=language,
    )
    note_lookalikes(message, alike)
    return message
