from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import departures
from curation.errors import CurationError
from curation.models import Contributor, Dataset


class Command(BaseCommand):
    help = "Write what a dataset's versions are made of, to be moved to another Winnow"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("file", help="a .jsonl file that is not there yet")
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="whom to record as the exporter"
        )

    def handle(self, *, dataset: str, file: str, by: str, **options: Any) -> str:
        try:
            lines = departures.export_lines(
                dataset=Dataset.objects.get(slug=dataset),
                by=Contributor.objects.get_by_natural_key(by),
            )
            with Path(file).open("xb") as out:
                out.writelines(lines)
        except Dataset.DoesNotExist as error:
            raise CommandError(f"There is no dataset {dataset}.") from error
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
        return f"Written to {file}. It has the salts in it: keep it as you keep a backup."
