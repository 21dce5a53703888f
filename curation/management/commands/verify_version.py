from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import verifying
from curation.models import DatasetVersion


class Command(BaseCommand):
    help = "Check that a frozen version still is what was frozen"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("number", type=int, help="the version's number")

    def handle(self, *, dataset: str, number: int, **options: Any) -> str:
        try:
            version = DatasetVersion.objects.get(dataset__slug=dataset, number=number)
        except DatasetVersion.DoesNotExist as error:
            raise CommandError(f"{dataset} has no version {number}.") from error
        problems = verifying.compare(version)
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{version} is not what was frozen.")
        return f"OK: {version}, {version.item_count:,} items, digest {version.digest}"
