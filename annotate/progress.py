"""What a person has done, and what became of it."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils.timezone import localtime, now

from annotate.models import Assignment
from curation.models import Contributor, Message

Kind = Assignment.Kind
State = Message.State

WRITING = [Kind.WRITE_PAIR, Kind.WRITE_PROMPT, Kind.ANSWER, Kind.CONTINUE]


def of(person: Contributor) -> dict[str, dict[str, int]]:
    """`today`, `ever` and the fate of own `texts`. Two queries."""
    midnight = localtime(now()).replace(hour=0, minute=0, second=0, microsecond=0)
    kinds = {"written": WRITING, "reviewed": [Kind.REVIEW], "ranked": [Kind.RANK]}
    ever = {name: Count("pk", filter=Q(kind__in=group)) for name, group in kinds.items()}
    today = {
        f"{name}_today": Count("pk", filter=Q(kind__in=group, done_at__gte=midnight))
        for name, group in kinds.items()
    }
    done = Assignment.objects.filter(person=person, state=Assignment.State.DONE).aggregate(
        **ever, **today
    )
    fates = {
        "accepted": State.ACCEPTED,
        "waiting": State.SUBMITTED,
        "rejected": State.REJECTED,
        "held": State.HELD,
    }
    texts = Message.objects.filter(author=person).aggregate(
        **{name: Count("pk", filter=Q(state=state)) for name, state in fates.items()}
    )
    return {
        "today": {name: done[f"{name}_today"] for name in kinds},
        "ever": {name: done[name] for name in kinds},
        "texts": texts,
    }
