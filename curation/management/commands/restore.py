from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.errors import CurationError
from curation.management import backups


class Command(BaseCommand):
    help = "Fill an empty installation from a backup, and prove its versions"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", help="what backup wrote")
        parser.add_argument(
            "--check", action="store_true", help="only compare its files with their hashes"
        )

    def handle(self, *, folder: str, check: bool, **options: Any) -> str:
        try:
            if check:
                found = backups.check(Path(folder))
                return f"OK: {len(found['files'])} files, made {found['made_at']}."
            lines = backups.restore(folder=Path(folder))
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
        return "\n".join(["Restored: all tables have the rows of the backup.", *lines])
