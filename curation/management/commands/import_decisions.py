from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import decisions
from curation.errors import CurationError
from curation.models import Contributor, Dataset


class Command(BaseCommand):
    help = "Take decisions.parquet of work on a whole dataset as proposals"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("file", help="the Parquet file")
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="whom to record as the importer"
        )

    def handle(self, *, dataset: str, file: str, by: str, **options: Any) -> str:
        try:
            report = decisions.take(
                dataset=Dataset.objects.get(slug=dataset),
                path=Path(file),
                by=Contributor.objects.get_by_natural_key(by),
            )
        except Dataset.DoesNotExist as error:
            raise CommandError(f"There is no dataset {dataset}.") from error
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except CurationError as error:
            raise CommandError(str(error)) from error
        for problem in report.problems:
            self.stderr.write(f"row {problem.line}: {problem.reason}")
        return (
            f"{report.taken:,} proposals taken, {report.unchanged:,} were there already, "
            f"{report.refused:,} could not be taken"
        )
