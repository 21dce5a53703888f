"""Why nothing waits for a person, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotate import queue
from annotate.models import Assignment, AssignmentQuerySet, Kind, Skip
from curation.models import Contributor, Dataset, Membership, Profile

State = Assignment.State
WRITING = (Kind.WRITE_PAIR, Kind.WRITE_PROMPT)


def reasons(person: Contributor) -> list[str]:
    """One sentence for each thing that keeps work from the person. Some queries."""
    datasets = Dataset.objects.taken_part_in_by(person).filter(archived_at=None)
    # No known items: they are made for one person each, who is not to notice.
    here = Assignment.objects.filter(dataset__in=datasets, is_gold=False)
    covered = queue.covered_by(person)
    return [
        *_of_open_slots(person, here.filter(covered, state=State.OPEN)),
        *_in_other_hands(person, here.filter(covered, state=State.LEASED)),
        *_for_other_roles(here.filter(state=State.OPEN).exclude(covered)),
        *_closed_for_writing(person),
    ]


def _of_open_slots(person: Contributor, slots: AssignmentQuerySet) -> Iterator[str]:
    counts = _in_the_way(person, slots)
    if n := counts["own"]:
        yield ngettext(
            "%(n)d task is about your own words or something that you judged before: a "
            "colleague has to do it.",
            "%(n)d tasks are about your own words or something that you judged before: "
            "colleagues have to do them.",
            n,
        ) % {"n": n}
    if n := counts["foreign"]:
        yield ngettext(
            "%(n)d task is in a language that is not among yours. Your profile says which "
            "you work in.",
            "%(n)d tasks are in languages that are not among yours. Your profile says "
            "which you work in.",
            n,
        ) % {"n": n}
    if n := counts["skipped"]:
        yield ngettext(
            "You skipped %(n)d task, so it waits for somebody else.",
            "You skipped %(n)d tasks, so they wait for somebody else.",
            n,
        ) % {"n": n}
    if n := counts["others"]:
        yield ngettext(
            "A curator gave %(n)d task to somebody else.",
            "A curator gave %(n)d tasks to other people.",
            n,
        ) % {"n": n}


def _in_the_way(person: Contributor, slots: AssignmentQuerySet) -> dict[str, int]:
    """Each slot is counted once, under the first thing that keeps it from the person."""
    languages = Profile.of(person).languages
    skipped = Skip.objects.filter(
        person=person, kind=OuterRef("kind"), message=OuterRef("message")
    )
    own = Q(barred__contains=[person.pk])
    others = Q(reserved_for__isnull=False) & ~Q(reserved_for=person)
    foreign = ~Q(language__in=["", *languages]) if languages else Q(language=None)
    slots = slots.annotate(was_skipped=Exists(skipped))
    return slots.aggregate(
        own=Count("pk", filter=own),
        others=Count("pk", filter=~own & others),
        foreign=Count("pk", filter=~own & ~others & foreign),
        skipped=Count("pk", filter=~own & ~others & ~foreign & Q(was_skipped=True)),
    )


def _in_other_hands(person: Contributor, slots: AssignmentQuerySet) -> Iterator[str]:
    if n := slots.exclude(person=person).count():
        yield ngettext(
            "A colleague is working on %(n)d task at this moment. If they do not finish, "
            "it comes back.",
            "Colleagues are working on %(n)d tasks at this moment. What they do not "
            "finish comes back.",
            n,
        ) % {"n": n}


def _for_other_roles(slots: AssignmentQuerySet) -> Iterator[str]:
    """Work that waits for a role that the person has not."""
    kinds = dict(slots.order_by().values_list("kind").annotate(Count("pk")))
    for role, theirs in queue.KINDS_OF_ROLE.items():
        if n := sum(kinds.get(kind, 0) for kind in theirs):
            yield ngettext(
                "%(n)d task waits for the role “%(role)s”, which you do not have there. "
                "Ask a curator for it.",
                "%(n)d tasks wait for the role “%(role)s”, which you do not have there. "
                "Ask a curator for it.",
                n,
            ) % {"n": n, "role": Membership.Role(role).label}


def _closed_for_writing(person: Contributor) -> Iterator[str]:
    """Datasets that want no new texts now, though the person may write in them."""
    theirs = Dataset.objects.worked_on_by(person, [Membership.Role.WRITER])
    opened = Assignment.objects.filter(kind__in=WRITING, state=State.OPEN)
    full = theirs.exclude(pk__in=opened.values("dataset")).select_related("policy")
    for dataset in full.order_by("title")[:5]:
        bound = dataset.policy.open_conversations
        if not dataset.is_pairs and dataset.conversations.unfinished().count() >= bound:
            yield _(
                "%(dataset)s has %(bound)d conversations under way, as many as its rules "
                "allow: new ones are begun when some of these are complete."
            ) % {"dataset": dataset, "bound": bound}
        else:
            yield _(
                "%(dataset)s has as many texts as its categories ask for. A curator can "
                "raise a target."
            ) % {"dataset": dataset}
