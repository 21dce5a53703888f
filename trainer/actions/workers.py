"""Workers say that they are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.timezone import now

from trainer.models import Worker

FORGOTTEN = timedelta(days=7)


def heard(name: str, **facts: Any) -> None:
    """The first word of a worker makes its row; old rows go by the way."""
    told = {**facts, "heard_at": now()}
    _, is_new = Worker.objects.update_or_create(
        name=name[:120], defaults=told, create_defaults={**told, "started_at": now()}
    )
    if is_new:
        Worker.objects.filter(heard_at__lt=now() - FORGOTTEN).delete()


def gone(name: str) -> None:
    """It said goodbye: it need not be looked for."""
    Worker.objects.filter(name=name[:120]).delete()
