from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.errors import CurationError
from curation.management import backups


class Command(BaseCommand):
    help = "Write the database and files of versions into a folder, while people work"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", help="one that is not there yet")
        parser.add_argument(
            "--also",
            nargs="+",
            choices=sorted(backups.ON_WISH),
            default=[],
            help="adapters and checkpoints of runs; base models",
        )

    def handle(self, *, folder: str, also: list[str], **options: Any) -> str:
        try:
            made = backups.back_up(folder=Path(folder), also=also)
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
        rows = sum(count for count, _sum in made["tables"].values())
        size = sum(facts["size"] for facts in made["files"].values())
        return (
            f"{len(made['tables'])} tables with {rows:,} rows, and {len(made['files'])} "
            f"files with {size:,} bytes, in {folder}."
        )
