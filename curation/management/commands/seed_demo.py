from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.errors import CurationError
from curation.seeding import demo


class Command(BaseCommand):
    help = "Make the demo's datasets and accounts, once"

    def handle(self, **options: Any) -> str:
        try:
            return demo.seed()
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
