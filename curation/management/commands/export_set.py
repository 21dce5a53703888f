from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.actions import sets
from curation.management.on_dataset import OnDataset
from curation.models import Contributor, Dataset


class Command(OnDataset):
    help = "Write a dataset's texts and sketches as Parquet, for work on all of them"
    recorded_as = "exporter"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", help="a folder that is not there yet")

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        manifest = sets.write(
            dataset=dataset, folder=Path(options["folder"]), by=by, tell=self.tell
        )
        return "\n".join(
            f"{one['path']}: {one['rows']:,} rows" for one in manifest["files"]
        )
