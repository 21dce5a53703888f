"""Conversations begin, grow and complete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.formats import number_format
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import notices
from curation.actions.findings import as_findings, findings_in, hold_if_wanted
from curation.actions.lookalikes import Lookalike, lookalikes, note_sketches
from curation.actions.rights import Role, require
from curation.actions.sides import sides_of
from curation.actions.turns import rules_of, turns_of
from curation.aggregate import demand
from curation.clean import duplicates
from curation.clean.check import Treatment
from curation.clean.checks import treatment
from curation.clean.text import TEXT_AT_MOST, tidied
from curation.errors import CurationError
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Guideline,
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
    root = start(dataset, by, category, prompt, context, language)
    answer = add_message(
        root.conversation,
        parent=root,
        role=Message.Role.ASSISTANT,
        text=reply,
        author=by,
        language=root.language,
    )
    if Message.State.HELD in (root.state, answer.state):
        advance(root.conversation)
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
    root = start(dataset, by, category, text, context, language)
    if root.state == Message.State.HELD:
        advance(root.conversation)
    return root.conversation


def begin(
    dataset: Dataset, *, text: str, category: Category | None, **fields: Any
) -> Conversation:
    """A conversation without its messages yet. The split is given here, once."""
    side = sides_of(dataset, [text])[text]
    return Conversation.objects.create(
        dataset=dataset, category=category, **side._asdict(), **fields
    )


def add_message(conversation: Conversation, *, text: str, **fields: Any) -> Message:
    """Store one tidied text with what the checks see in it, and its line of history.

    It is on hold then, if the dataset's policy holds what was seen.
    """
    parent: Message | None = fields.get("parent")
    message = Message(
        conversation=conversation,
        text=checked_text(text),
        guideline_id=conversation.guideline_id,
        **fields,
    )
    insert(message)
    found = findings_in(message, parent, conversation.dataset.policy.checks)
    insert(*found)
    Event.objects.record(
        "message.submitted",
        message,
        by=message.author,
        dataset=conversation.dataset,
        origin=message.origin,
    )
    note_sketches([message])
    hold_if_wanted(message, conversation, found)
    return message


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


def lookalikes_by_policy(
    dataset: Dataset, text: str, besides: Conversation | None = None
) -> list[Lookalike]:
    """The prompt that says most nearly the same, where the dataset looks for one."""
    if treatment("near_duplicate", dataset.policy.checks) is Treatment.OFF:
        return []
    return lookalikes(dataset, text, at_most=1, besides=besides)


def note_lookalikes(message: Message, alike: Iterable[Lookalike]) -> None:
    """A finding on a first prompt for each other one that says nearly the same."""
    for one in alike:
        found = list(as_findings(message, [duplicates.sighting(one.likeness)]))
        for finding in found:
            finding.other = one.message
            finding.save()
        hold_if_wanted(message, message.conversation, found)


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


def locked() -> QuerySet[Conversation]:
    """Conversations to lock, with all that a verb on one of them asks of its dataset."""
    # of=("self",): lock the conversation, not the dataset row that everybody shares.
    rows = Conversation.objects.select_for_update(of=("self",))
    newest = Guideline.objects.filter(dataset=OuterRef("dataset")).order_by("-number")
    fills = {"guideline_id": Subquery(newest.values("pk")[:1])}
    return rows.select_related("dataset__policy").annotate(**fills)


_lock = Prepared(lambda pk: locked().filter(pk=pk)).get
_lock_around = Prepared(lambda message: locked().filter(messages=message)).get


def advance(conversation: Conversation) -> None:
    """Bring the state of a locked conversation up to date with its messages."""
    advance_all([conversation])


def advance_all(conversations: Sequence[Conversation]) -> None:
    """The same for many locked ones, in a few queries."""
    turns = turns_of(conversations)
    still = set(turns)
    moved: dict[str, list[Conversation]] = defaultdict(list)
    for conversation in conversations:
        if _is_moved(conversation, turns[conversation.pk]):
            moved[conversation.state].append(conversation)
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


def _is_moved(conversation: Conversation, turns: list[demand.Turn]) -> bool:
    """Whether these turns put it into another state, in which it is then."""
    conversation.turns = turns
    conversation.changes += 1
    state = demand.state_of(turns, rules_of(conversation.dataset))
    if state == conversation.state:
        return False
    allowed = Conversation.MOVES[conversation.state]
    assert state in allowed, (conversation.state, state)
    conversation.state = state
    return True


def advance_unwritten(
    conversations: Iterable[Conversation], turns: Mapping[int, list[demand.Turn]]
) -> list[Conversation]:
    """The same for new ones that are not written yet, where these turns are all that there
    is. Return those in another state: their lines of history are the caller's.

    Nobody is told: nobody here wrote anything in them.
    """
    moved = [one for one in conversations if _is_moved(one, turns[one.pk])]
    for conversation in moved:
        if conversation.state == Conversation.State.COMPLETE:
            conversation.completed_at = now()
    return moved


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
    there = locked().filter(dataset=dataset)
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


def start(
    dataset: Dataset,
    by: Contributor,
    category: Category | None,
    text: str,
    context: str,
    language: str,
    *,
    source_key: str = "",
) -> Message:
    """The first prompt. Its conversation is where it would advance to: under review.

    Unless it is held: then the caller has it advance.
    """
    require(by, dataset, Role.WRITER)
    text, context = checked_text(text, "prompt"), checked_context(context, category)
    language = language or dataset.languages[0]
    alike = lookalikes_by_policy(dataset, text)
    conversation = begin(
        dataset, text=text, category=category, language=language, source_key=source_key
    )
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
