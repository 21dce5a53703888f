"""Trainer workers, as they speak of themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.timezone import now

ALIVE = timedelta(seconds=40)  # one speaks each ten seconds
SHOWN = timedelta(days=1)


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> WorkerQuerySet:
        return self.filter(heard_at__gt=Now() - ALIVE)

    def for_listing(self) -> WorkerQuerySet:
        return self.filter(heard_at__gt=Now() - SHOWN).order_by("-heard_at")


class Worker(models.Model):
    """Only `actions/workers.py` writes it. What it is busy with, the runs and jobs say."""

    name = models.CharField(max_length=120, unique=True, help_text="host:pid.")
    devices = models.JSONField(
        default=list, help_text="GPUs: name, bytes total and free. None: it uses the CPU."
    )
    memory_total = models.PositiveBigIntegerField(help_text="Bytes.")
    memory_free = models.PositiveBigIntegerField(help_text="Bytes.")
    cpus = models.PositiveSmallIntegerField()
    version = models.CharField(max_length=40, blank=True, help_text="Of Winnow.")
    started_at = models.DateTimeField(default=now)
    heard_at = models.DateTimeField(default=now)

    objects = WorkerQuerySet.as_manager()

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "name", "devices", "memory_total", "memory_free", "cpus", "version",
            "started_at", "heard_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def is_alive(self) -> bool:
        return now() - self.heard_at < ALIVE

    @property
    def room(self) -> int:
        """Bytes that a model finds free: on its largest GPU, else in memory."""
        return max((device["free"] for device in self.devices), default=self.memory_free)

    @property
    def size(self) -> int:
        """Bytes that it would find where nothing else ran."""
        return max((device["total"] for device in self.devices), default=self.memory_total)
