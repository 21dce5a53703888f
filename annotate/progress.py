"""What a person has done, and what became of it. Counted from the record itself."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils.timezone import localtime, now

from curation.models import Ballot, Contributor, Message, Review

State = Message.State


def of(person: Contributor) -> dict[str, dict[str, int]]:
    """`today`, `ever` and the fate of own `texts`. Three queries."""
    midnight = localtime(now()).replace(hour=0, minute=0, second=0, microsecond=0)
    counts = {"ever": Count("pk"), "today": Count("pk", filter=Q(created_at__gte=midnight))}
    fates = {
        "accepted": Count("pk", filter=Q(state=State.ACCEPTED)),
        "waiting": Count("pk", filter=Q(state=State.SUBMITTED)),
        "rejected": Count("pk", filter=Q(state=State.REJECTED)),
        "held": Count("pk", filter=Q(state=State.HELD)),
    }
    texts = Message.objects.filter(author=person).aggregate(**counts, **fates)
    reviews = Review.objects.filter(reviewer=person).aggregate(**counts)
    ballots = Ballot.objects.filter(ranker=person).aggregate(**counts)
    done = {"written": texts, "reviewed": reviews, "ranked": ballots}
    return {
        "today": {name: row["today"] for name, row in done.items()},
        "ever": {name: row["ever"] for name, row in done.items()},
        "texts": {name: texts[name] for name in fates},
    }
