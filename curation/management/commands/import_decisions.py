from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.actions import decisions
from curation.management.on_dataset import OnDataset
from curation.models import Contributor, Dataset


class Command(OnDataset):
    help = "Take decisions.parquet of work on a whole dataset as proposals"
    recorded_as = "importer"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="the Parquet file")

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        report = decisions.take(
            dataset=dataset, path=Path(options["file"]), by=by, tell=self.tell
        )
        for problem in report.problems:
            self.stderr.write(f"row {problem.line}: {problem.said}")
        return (
            f"{report.taken:,} proposals taken, {report.unchanged:,} were there already, "
            f"{report.refused:,} could not be taken"
        )
