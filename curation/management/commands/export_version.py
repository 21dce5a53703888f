from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation import handoff
from curation.errors import CurationError
from curation.models import DatasetVersion


class Command(BaseCommand):
    help = "Write a frozen version's files, and print the folder they are in"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("number", type=int, help="the version's number")

    def handle(self, *, dataset: str, number: int, **options: Any) -> str:
        try:
            version = DatasetVersion.objects.get(dataset__slug=dataset, number=number)
            return str(handoff.files(version.pk))
        except DatasetVersion.DoesNotExist as error:
            raise CommandError(f"{dataset} has no version {number}.") from error
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error
