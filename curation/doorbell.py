"""Who sends to webhooks is woken by what happens; the clock finds what nobody rang for."""

from __future__ import annotations

import time
from collections.abc import Iterable

from django.apps import apps
from django.db import transaction

from curation.background import ring_by_name
from curation.happenings import HAPPENINGS

SENDS = "curation.tasks.send_deliveries"
PAUSE = 3.0  # of a process: an import of thousands rings once, the clock comes for the rest
AWAY = 60.0  # where nobody took the bell: not each request waits for a broker that is down
KNOWN_FOR = 10.0  # what hooks want; a new one waits for the clock so long


class Doorbell:
    """Each process has one."""

    def __init__(self) -> None:
        self.wanted: frozenset[str] = frozenset()
        self.known_until = self.silent_until = 0.0

    def ring(self, kinds: Iterable[str]) -> None:
        """Once it is committed, wake a worker if some hook wants what happened.

        What fails there is logged: it is no reason to refuse what was done.
        """
        told = HAPPENINGS.keys() & set(kinds)
        if told:
            transaction.on_commit(lambda: self._ring(told), robust=True)

    def _ring(self, kinds: set[str]) -> None:
        moment = time.monotonic()
        if moment < self.silent_until or not kinds & self._wanted(moment):
            return
        self.silent_until = moment + PAUSE  # also while this one is on its way
        if not ring_by_name(SENDS, expires=PAUSE):
            self.silent_until = moment + AWAY

    def _wanted(self, moment: float) -> frozenset[str]:
        """At most one query in so many seconds."""
        if moment >= self.known_until:
            hooks = apps.get_model("curation", "Hook").objects.filter(is_on=True)
            wants = hooks.values_list("wants", flat=True)
            self.wanted = frozenset(kind for each in wants for kind in each)
            self.known_until = moment + KNOWN_FOR
        return self.wanted


doorbell = Doorbell()
