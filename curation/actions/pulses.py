"""Something that must happen again and again did, or did not."""

from __future__ import annotations

from django.utils.timezone import now

from curation.models import Pulse

# Of what has no task of its own. A version's is this with its number behind.
MAIL, BACKUP, VERSION = "mail", "backup", "version:"


def feel(*, name: str, problem: str = "", seconds: float = 0.0) -> None:
    """It was tried just now. Without a problem, it went well. One statement."""
    at = now()
    row = Pulse(
        name=name[:120],
        tried_at=at,
        done_at=None if problem else at,
        seconds=seconds,
        problem=problem[:300],
    )
    told = ["tried_at", "seconds", "problem"] + ([] if problem else ["done_at"])
    Pulse.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=told
    )


def forget(*, name: str) -> None:
    Pulse.objects.filter(name=name).delete()
