from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import unpacking
from curation.errors import CurationError
from curation.models import Contributor


class Command(BaseCommand):
    help = "Take in a dataset that archive_dataset wrote, and prove its versions"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the archive")
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="a site admin, for the history"
        )

    def handle(self, *, file: str, by: str, **options: Any) -> str:
        try:
            person = Contributor.objects.get_by_natural_key(by)
            with Path(file).open("rb") as found:
                dataset, rows = unpacking.unpack(file=found, by=person)
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
        lines = [f"{dataset.slug}: {sum(rows.values()):,} rows restored."]
        lines += [
            f"OK: {one}, {one.item_count:,} items, digest {one.digest}"
            for one in dataset.versions.order_by("number")
        ]
        return "\n".join(lines)
