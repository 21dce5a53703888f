"""Work that a curator gives to one person: so many tasks of a kind, until a day.

Tasks are reserved ahead: nobody else is offered them, and they come first to whom they
were given. When the day has passed, what is still open goes to everybody again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _

from annotate import planner, queue
from annotate.models import Allotment, Assignment, Kind
from curation.actions.notices import tell
from curation.actions.rights import holds, require
from curation.errors import CurationError
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Message,
    Notification,
)

State = Assignment.State
WRITING = (Kind.WRITE_PAIR, Kind.WRITE_PROMPT)
AT_MOST = 2_000  # tasks in one allotment


@transaction.atomic
def allot(
    *,
    dataset: Dataset,
    person: Contributor,
    kind: str,
    wanted: int,
    by: Contributor,
    category: Category | None = None,
    conversations: Collection[int] = (),
    due_on: date | None = None,
    note: str = "",
) -> Allotment:
    """Give somebody work. Of `conversations`, where they are named, all that is open."""
    require(by, dataset)
    _check(dataset, person, kind, wanted, due_on)
    given = Allotment.objects.create(
        dataset=dataset,
        person=person,
        kind=kind,
        category=category,
        wanted=wanted,
        due_on=due_on,
        note=note,
        made_by=by,
    )
    reserved = _reserve(given, wanted, conversations)
    if conversations:
        _want_no_more_than(given, reserved)
    _say_so(given, by)
    return given


@transaction.atomic
def take_back(*, allotment_id: int, by: Contributor) -> None:
    """What is not done yet goes to everybody again."""
    given = Allotment.objects.select_for_update(of=("self",)).get(pk=allotment_id)
    require(by, given.dataset)
    if given.closed_at is None:
        _close(given)
        Event.objects.record("work.taken_back", given, by=by, dataset=given.dataset)


def keep_up() -> None:
    """Close what is done or overdue, reserve more where tasks fell away."""
    running = Allotment.objects.filter(closed_at=None).values_list("pk", flat=True)
    for pk in list(running):
        with transaction.atomic():
            locked = Allotment.objects.select_for_update(skip_locked=True, of=("self",))
            if locked.filter(pk=pk, closed_at=None).exists():  # else somebody is at it
                _keep_up(Allotment.objects.select_related("dataset", "person").get(pk=pk))


def _keep_up(given: Allotment) -> None:
    _free_unfit(given)
    row = vars(with_progress(Allotment.objects.filter(pk=given.pk)).get())
    done, reserved = row["done"], row["reserved"]
    is_overdue = given.due_on is not None and given.due_on < localdate()
    if done >= given.wanted:
        _close(given)
        Event.objects.record(
            "work.finished", given, by=None, dataset=given.dataset, task=given.kind,
            wanted=given.wanted, done=done,
        )  # fmt: skip
    elif is_overdue or not _may_do_it(given):
        _close(given)
    elif given.kind != Kind.IMPROVE:  # those are chosen one by one
        _reserve(given, given.wanted - done - reserved, ())


def with_progress(allotments: QuerySet[Allotment]) -> QuerySet[Allotment]:
    """With how many tasks are `done`, how many are `missing`, of which so
    many are `reserved` already."""
    waiting = Q(slots__state__in=[State.OPEN, State.LEASED])
    mine = Q(slots__state=State.DONE, slots__person=F("person"))
    return allotments.annotate(
        done=Count("slots", filter=mine),
        reserved=Count("slots", filter=waiting),
        missing=F("wanted") - F("done"),
    )


def running_for(person: Contributor) -> QuerySet[Allotment]:
    """What the person was given and has not finished, soonest due first. One query."""
    running = Allotment.objects.filter(person=person, closed_at=None)
    shown = with_progress(running).select_related("dataset", "category")
    return shown.order_by(F("due_on").asc(nulls_last=True), "pk")


def _check(
    dataset: Dataset, person: Contributor, kind: str, wanted: int, due_on: date | None
) -> None:
    if not 1 <= wanted <= AT_MOST:
        raise CurationError(_("Give between 1 and %(most)d tasks.") % {"most": AT_MOST})
    if due_on is not None and due_on < localdate():
        raise CurationError(_("That day has passed: choose today or later."))
    roles = _roles_for(kind)
    if not roles:
        raise CurationError(_("There is no such kind of work."))
    if not holds(person, dataset, *roles):
        raise CurationError(
            _("%(person)s has no role for this in %(dataset)s. Add it under People.")
            % {"person": person, "dataset": dataset}
        )
    if kind not in kinds_in(dataset):
        raise CurationError(_("This dataset does not ask for that kind of text."))


def _roles_for(kind: str) -> list[str]:
    return [role for role, kinds in queue.KINDS_OF_ROLE.items() if kind in kinds]


def _may_do_it(given: Allotment) -> bool:
    """Whether the person still is there, and has a role for it."""
    roles = _roles_for(given.kind)
    return given.person.is_active and holds(given.person, given.dataset, *roles)


def _want_no_more_than(given: Allotment, reserved: int) -> None:
    """Of chosen conversations as many as there are, and not none."""
    if not reserved:
        raise CurationError(
            _("None of these conversations has such a task that %(person)s may do.")
            % {"person": given.person}
        )
    given.wanted = reserved
    given.save(update_fields=["wanted"])


def _say_so(given: Allotment, by: Contributor) -> None:
    Event.objects.record(
        "work.given", given, by=by, dataset=given.dataset, person=given.person_id,
        task=given.kind, wanted=given.wanted,
    )  # fmt: skip
    tell(
        given.person,
        Notification.Kind.ALLOTTED,
        by=by,
        dataset=given.dataset.title,
        task=given.kind,
        wanted=given.wanted,
        due_on=given.due_on.isoformat() if given.due_on else "",
    )


def _reserve(given: Allotment, lacking: int, conversations: Collection[int]) -> int:
    """Mark so many tasks as theirs, and return how many there were."""
    if lacking <= 0:
        return 0
    if given.kind in WRITING:
        return _make_writing(given, lacking)
    if given.kind == Kind.IMPROVE and conversations:
        _ask_for_rewrites(given, conversations)
    free = queue.fit_for(given.person).filter(
        kind=given.kind, dataset=given.dataset, reserved_for=None
    )
    if given.category is not None:
        free = free.filter(category=given.category)
    if conversations:
        free = free.filter(conversation__in=conversations)
    found = queue.best_first(free).select_for_update(skip_locked=True, of=("self",))
    # One person does an item once, however many judgements it wants.
    items: dict[int | None, int] = {}
    for slot in found[: AT_MOST * 2]:
        items.setdefault(slot.message_id, slot.pk)
    chosen = list(items.values())[:lacking] if not conversations else list(items.values())
    return Assignment.objects.filter(pk__in=chosen, state=State.OPEN).update(
        reserved_for=given.person, allotment=given
    )


def _make_writing(given: Allotment, lacking: int) -> int:
    """New texts need no item, so their slots are made for the person."""
    Dataset.objects.select_for_update(no_key=True).get(pk=given.dataset_id)
    there = Assignment.objects.filter(
        kind=given.kind, dataset=given.dataset, category=given.category
    )
    newest = there.aggregate(newest=Max("number", default=0))["newest"]
    made = Assignment.objects.bulk_create(
        Assignment(
            kind=given.kind,
            dataset=given.dataset,
            category=given.category,
            number=newest + step,
            reserved_for=given.person,
            allotment=given,
        )
        for step in range(1, lacking + 1)
    )
    return len(made)


def _ask_for_rewrites(given: Allotment, conversations: Collection[int]) -> None:
    """Slots for answers that nobody would be asked to improve otherwise."""
    accepted = Message.objects.filter(
        conversation__in=conversations,
        conversation__dataset=given.dataset,
        role=Message.Role.ASSISTANT,
        state=Message.State.ACCEPTED,
    )
    for message in accepted.select_related("conversation", "revises"):
        planner.ask_for(Kind.IMPROVE, message)


def _close(given: Allotment) -> None:
    given.closed_at = now()
    given.save(update_fields=["closed_at"])
    theirs = Assignment.objects.filter(allotment=given)
    theirs.filter(state=State.OPEN, kind__in=WRITING).update(
        state=State.DROPPED, reserved_for=None, allotment=None
    )
    # Also what they have in hand: handed back, it is to be everybody's.
    theirs.filter(state__in=[State.OPEN, State.LEASED]).update(
        reserved_for=None, allotment=None
    )


def _free_unfit(given: Allotment) -> None:
    """What the person would not be offered any more goes to everybody again."""
    theirs = Assignment.objects.filter(allotment=given, state=State.OPEN)
    unfit = theirs.exclude(pk__in=queue.fit_for(given.person).values("pk"))
    unfit.update(reserved_for=None, allotment=None)


def kinds_in(dataset: Dataset) -> list[Kind]:
    """The kinds of work that a dataset of this shape can ask for."""
    unfit = {Kind.WRITE_PROMPT, Kind.CONTINUE} if dataset.is_pairs else {Kind.WRITE_PAIR}
    return [kind for kind in Kind if kind not in unfit]


def numbers_in(dataset: Dataset, numbers: Collection[int]) -> set[int]:
    """Those of the numbers that are conversations of the dataset."""
    there = Conversation.objects.filter(dataset=dataset, pk__in=numbers)
    return set(there.values_list("pk", flat=True))
