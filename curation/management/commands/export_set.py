from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import sets
from curation.errors import CurationError
from curation.models import Contributor, Dataset


class Command(BaseCommand):
    help = "Write a dataset's texts and sketches as Parquet, for work on all of them"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("folder", help="a folder that is not there yet")
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="whom to record as the exporter"
        )

    def handle(self, *, dataset: str, folder: str, by: str, **options: Any) -> str:
        try:
            manifest = sets.write(
                dataset=Dataset.objects.get(slug=dataset),
                folder=Path(folder),
                by=Contributor.objects.get_by_natural_key(by),
            )
        except Dataset.DoesNotExist as error:
            raise CommandError(f"There is no dataset {dataset}.") from error
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
        return "\n".join(
            f"{one['path']}: {one['rows']:,} rows" for one in manifest["files"]
        )
