"""Makes slots ahead of time, from what conversations and datasets still want.

One row per wanted judgement or text. Whoever claims only picks a row; nobody counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from math import ceil

from django.db import transaction
from django.db.models import Count, F, Max, Q

from annotate.barred import barred_from, rankable
from annotate.models import RANKINGS, Assignment, Plan
from curation.actions import conversations
from curation.actions.settlements import ballots_on
from curation.aggregate.demand import Turn, Want
from curation.aggregate.uncertainty import narrowing
from curation.models import Category, Conversation, Dataset, Message
from curation.prepared import Among, Prepared, PreparedUpdate, insert

Kind = Assignment.Kind
State = Assignment.State

WRITERS_AT_ONCE = 10  # open writing slots per category; more are made as these are taken
# Priority counts in tens what a conversation still waits for; the last digit orders
# ballots by how much each would narrow. Added to the priority of what nobody waits for:
# follow-ups come before new prompts, verdicts on models' proposals after them.
STEP = 10
NOT_URGENT = {
    Kind.RANK: 500,
    Kind.COMPARE: 500,
    Kind.CONTINUE: 1_000,
    Kind.IMPROVE: 1_000,
    Kind.REVIEW: 10_000,
}
Target = tuple[str, int, int]  # kind, message, ranking round


def plan_changed(*, at_most: int = 500) -> int:
    """Plan conversations that changed since they were last planned; return how many."""
    behind = Conversation.objects.filter(
        Q(plan=None) | Q(plan__seen__lt=F("changes")), dataset__archived_at=None
    )
    chosen = list(behind.order_by("pk").values_list("pk", flat=True)[:at_most])
    for conversation_id in chosen:
        plan(conversation_id)
    for dataset in Dataset.objects.filter(archived_at=None).select_related("policy"):
        plan_writing(dataset)
    return len(chosen)


@transaction.atomic
def plan(conversation_id: int) -> None:
    """Make the open slots of one conversation match what it wants now.

    Locks the conversation before its slots, as submitting does.
    """
    plan_locked(conversations.lock(conversation_id))


def plan_locked(conversation: Conversation) -> None:
    """The same for a conversation that is locked already, and fresh."""
    match_slots(conversation)
    seen = {"seen": conversation.changes}
    Plan.objects.update_or_create(conversation=conversation, defaults=seen)


def match_slots(conversation: Conversation) -> None:
    """The same without a note that it was done."""
    wants = conversations.wants_of(conversation)
    urgency = sum(want.needed for want in wants if want.blocks)
    slots = _slots_by_target(conversation)
    turns = {turn.id: turn for turn in conversations.turns_in(conversation)}
    wanted: set[Target] = set()
    for want in wants:
        turn = turns[want.message]
        target = (want.kind, turn.id, turn.ranking_round)
        wanted.add(target)
        priority = STEP * urgency + _certainty(want.kind, turn, turns)
        priority += 0 if want.blocks else NOT_URGENT[Kind(want.kind)]
        barred = barred_from(want.kind, turn, turns)
        _match(conversation, want, turn, slots[target], priority, barred)
    stale = [
        slot.pk
        for target, there in slots.items()
        if target not in wanted
        for slot in there
        if slot.state == State.OPEN and not _is_asked_by_hand(slot)
    ]
    _drop(stale)


@transaction.atomic
def plan_writing(dataset: Dataset) -> None:
    """Keep slots for new texts open while the dataset wants more of them."""
    locked = Dataset.objects.select_for_update(no_key=True, skip_locked=True)
    if not locked.filter(pk=dataset.pk).exists():
        return  # another planner is at it
    for category, wanted in _wanted_texts(dataset):
        kind = Kind.WRITE_PAIR if dataset.is_pairs else Kind.WRITE_PROMPT
        there = Assignment.objects.filter(kind=kind, dataset=dataset, category=category)
        # Those that a curator gave to somebody come on top.
        free = Q(state=State.OPEN, reserved_for=None)
        counts = there.aggregate(
            open=Count("pk", filter=free), newest=Max("number", default=0)
        )
        lacking = wanted - counts["open"]
        Assignment.objects.bulk_create(
            (
                Assignment(
                    kind=kind,
                    dataset=dataset,
                    category=category,
                    number=counts["newest"] + step,
                )
                for step in range(1, lacking + 1)
            ),
            ignore_conflicts=True,
        )
        if lacking < 0:
            surplus = there.filter(free).order_by("-pk")[:-lacking]
            Assignment.objects.filter(
                pk__in=[slot.pk for slot in surplus], state=State.OPEN
            ).update(state=State.DROPPED)


def _wanted_texts(dataset: Dataset) -> Iterator[tuple[Category | None, int]]:
    """How many new texts each category has slots for, at most WRITERS_AT_ONCE.

    Conversations are not begun faster than they can be grown: the policy bounds how many
    are unfinished. Pairs are finished by one review and need no such bound.
    """
    writing = Assignment.objects.filter(
        dataset=dataset, kind__in=[Kind.WRITE_PAIR, Kind.WRITE_PROMPT], state=State.LEASED
    )
    taken = Counter(writing.values_list("category", flat=True))
    room = 10_000
    if not dataset.is_pairs:
        unfinished = dataset.conversations.unfinished().count() + taken.total()
        room = max(0, dataset.policy.open_conversations - unfinished)
    alive = dataset.conversations.exclude(state__in=["held", "rejected"]).order_by()
    counts = dict(alive.values_list("category").annotate(Count("pk")))
    categories = list(dataset.categories.order_by("pk"))
    if not categories:
        yield None, min(room, WRITERS_AT_ONCE)
    for left, category in zip(range(len(categories), 0, -1), categories, strict=True):
        missing = category.target - counts.get(category.pk, 0) - taken[category.pk]
        share = ceil(room / left)  # what is left is for those after it, too
        given = max(0, min(share, missing, WRITERS_AT_ONCE))
        room -= given
        yield category, given


def ask_for(kind: str, message: Message) -> None:
    """One more slot on a message, whatever its conversation wants of itself."""
    conversation = message.conversation
    turns = {turn.id: turn for turn in conversations.turns_in(conversation)}
    there = Assignment.objects.filter(kind=kind, message=message)
    newest = there.aggregate(newest=Max("number", default=0))["newest"]
    Assignment.objects.bulk_create(
        [
            Assignment(
                kind=kind,
                dataset_id=conversation.dataset_id,
                category_id=conversation.category_id,
                conversation=conversation,
                message=message,
                ranking_round=message.ranking_round,
                number=newest + 1,
                language=message.language,
                barred=barred_from(kind, turns[message.pk], turns),
            )
        ],
        ignore_conflicts=True,
    )


def _is_asked_by_hand(slot: Assignment) -> bool:
    """A curator chose this very answer to be written anew."""
    return slot.kind == Kind.IMPROVE and slot.allotment_id is not None


def _certainty(kind: str, prompt: Turn, turns: Mapping[int, Turn]) -> int:
    """A digit: 0 where a ballot would narrow most, 9 where people are agreed."""
    if kind not in RANKINGS:
        return 0
    answers = [turn.id for turn in rankable(prompt, turns)]
    return 9 - round(9 * narrowing(ballots_on(prompt.id), answers))


def _slots_by_target(conversation: Conversation) -> dict[Target, list[Assignment]]:
    found: dict[Target, list[Assignment]] = defaultdict(list)
    for slot in _slots(conversation=conversation.pk):
        assert slot.message_id is not None
        found[slot.kind, slot.message_id, slot.ranking_round].append(slot)
    return found


_slots = Prepared(
    lambda conversation: Assignment.objects.filter(
        conversation=conversation, message__isnull=False
    ).order_by("pk")
)


def _match(
    conversation: Conversation,
    want: Want,
    turn: Turn,
    there: list[Assignment],
    priority: int,
    barred: list[int],
) -> None:
    """Add the slots that are lacking, drop the open ones too many, order the rest."""
    live = [s for s in there if s.state in (State.OPEN, State.LEASED)]
    free = [s for s in live if s.state == State.OPEN]
    free.sort(key=lambda s: s.reserved_for_id is not None)  # what was promised goes last
    newest = max((s.number for s in there), default=0)
    lacking = range(newest + 1, newest + 1 + want.needed - len(live))
    _add(conversation, want, turn, lacking, priority, barred)
    _drop([s.pk for s in free[: max(0, len(live) - want.needed)]])
    moved = [s.pk for s in free if (s.priority, s.barred) != (priority, barred)]
    if moved:
        _reorder(pks=moved, priority=priority, barred=barred)


_reorder = PreparedUpdate(
    lambda pks, priority, barred: (
        Assignment.objects.filter(Among("pk", pks), state=State.OPEN),
        {"priority": priority, "barred": barred},
    )
)


def _drop(slots: list[int]) -> None:
    """Nobody is asked for them any more, unless somebody took one at this moment."""
    if slots:
        _drop_open(pks=slots)


_drop_open = PreparedUpdate(
    lambda pks: (
        Assignment.objects.filter(Among("pk", pks), state=State.OPEN),
        {"state": State.DROPPED},
    )
)


def _add(
    conversation: Conversation,
    want: Want,
    turn: Turn,
    numbers: range,
    priority: int,
    barred: list[int],
) -> None:
    insert(
        *(
            Assignment(
                kind=want.kind,
                dataset_id=conversation.dataset_id,
                category_id=conversation.category_id,
                conversation=conversation,
                message_id=turn.id,
                ranking_round=turn.ranking_round,
                number=number,
                priority=priority,
                language=conversation.language,
                barred=barred,
            )
            for number in numbers
        ),
        ignore_conflicts=True,
    )
