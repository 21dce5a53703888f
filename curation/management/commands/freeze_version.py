from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from curation.actions import versions
from curation.errors import CurationError
from curation.management.on_dataset import OnDataset
from curation.models import Contributor, Dataset


class Command(OnDataset):
    help = "Freeze what a dataset's people accepted into a version"
    recorded_as = "freezer"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--recipe",
            default="{}",
            metavar="JSON",
            help="""such as '{"best_replies": 1}'""",
        )

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        version = versions.freeze(
            dataset_id=dataset.pk, by=by, recipe=_parsed(options["recipe"])
        )
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
