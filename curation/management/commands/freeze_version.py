from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import versions
from curation.errors import CurationError
from curation.models import Contributor, Dataset


class Command(BaseCommand):
    help = "Freeze what a dataset's people accepted into a version"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="whom to record as the freezer"
        )
        parser.add_argument(
            "--recipe",
            default="{}",
            metavar="JSON",
            help="""such as '{"best_replies": 1}'""",
        )

    def handle(self, *, dataset: str, by: str, recipe: str, **options: Any) -> str:
        try:
            version = versions.freeze(
                dataset_id=Dataset.objects.get(slug=dataset).pk,
                by=Contributor.objects.get_by_natural_key(by),
                recipe=_parsed(recipe),
            )
        except Dataset.DoesNotExist as error:
            raise CommandError(f"There is no dataset {dataset}.") from error
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except CurationError as error:
            raise CommandError(str(error)) from error
        return (
            f"{version}: {version.train_count:,} to train on, {version.held_out_count:,} "
            f"held out, digest {version.digest}"
        )


def _parsed(recipe: str) -> dict[str, Any]:
    try:
        found = json.loads(recipe)
    except json.JSONDecodeError as error:
        raise CurationError(f"The recipe is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise CurationError("The recipe is not a JSON object.")
    return found
