from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.actions import moving
from curation.formats.rows import lines_of
from curation.management.on_dataset import OnDataset
from curation.models import Contributor, Dataset


class Command(OnDataset):
    help = "Take a record that export_record wrote into a dataset of the same slug"
    recorded_as = "importer"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="the .jsonl file")

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        with Path(options["file"]).open("rb") as lines:
            taken = moving.import_record(dataset=dataset, lines=lines_of(lines), by=by)
        return f"{taken:,} conversations taken."
