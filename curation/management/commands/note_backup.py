from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from curation.actions import pulses


class Command(BaseCommand):
    help = "Note that a backup was made by other means, for the page “Is it well?”"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--failed", default="", help="why there is none this time")

    def handle(self, *, failed: str, **options: Any) -> str:
        pulses.feel(name=pulses.BACKUP, problem=failed)
        return "Noted."
