from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.actions import departures
from curation.management.on_dataset import OnDataset
from curation.models import Contributor, Dataset


class Command(OnDataset):
    help = "Write what a dataset's versions are made of, to be moved to another Winnow"
    recorded_as = "exporter"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="a .jsonl file that is not there yet")

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        file = options["file"]
        lines = departures.export_lines(dataset=dataset, by=by)
        with Path(file).open("xb") as out:
            out.writelines(lines)
        return f"Written to {file}. It has the salts in it: keep it as you keep a backup."
