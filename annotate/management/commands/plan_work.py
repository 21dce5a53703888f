from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from annotate import planner


class Command(BaseCommand):
    help = "Make the slots that datasets want now, without waiting for the clock"

    def handle(self, **options: Any) -> str:
        planned = 0
        while step := planner.plan_changed():
            planned += step
        return f"Planned {planned} conversations"
