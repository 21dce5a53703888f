"""Commands that do one thing to one dataset, in somebody's name."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from curation.errors import CurationError
from curation.models import Contributor, Dataset


class OnDataset(BaseCommand):
    """What a rule refuses, and what is not there, is said in one sentence."""

    recorded_as: ClassVar[str]  # what the history calls who asked

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument(
            "--by",
            required=True,
            metavar="EMAIL",
            help=f"whom to record as the {self.recorded_as}",
        )

    def handle(self, *, dataset: str, by: str, **options: Any) -> str:
        try:
            return self.work(
                Dataset.objects.select_related("policy").get(slug=dataset),
                Contributor.objects.get_by_natural_key(by),
                **options,
            )
        except Dataset.DoesNotExist as error:
            raise CommandError(f"There is no dataset {dataset}.") from error
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except (CurationError, OSError) as error:
            raise CommandError(str(error)) from error

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        raise NotImplementedError

    def tell(self, done: int) -> None:
        """On one line, for whoever watches."""
        self.stderr.write(f"{done:,} rows", ending="\r")
