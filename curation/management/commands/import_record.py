from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import imports, moving
from curation.errors import CurationError
from curation.models import Contributor, Dataset


class Command(BaseCommand):
    help = "Take a record that export_record wrote into a dataset of the same slug"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("file", help="the .jsonl file")
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="whom to record as the importer"
        )

    def handle(self, *, dataset: str, file: str, by: str, **options: Any) -> str:
        try:
            with Path(file).open("rb") as lines:
                taken = moving.import_record(
                    dataset=Dataset.objects.select_related("policy").get(slug=dataset),
                    lines=imports.lines_of(lines),
                    by=Contributor.objects.get_by_natural_key(by),
                )
        except Dataset.DoesNotExist as error:
            raise CommandError(f"There is no dataset {dataset}.") from error
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
        return f"{taken:,} conversations taken."
