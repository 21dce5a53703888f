from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.actions import packing
from curation.management.on_dataset import OnDataset
from curation.models import Contributor, Dataset


class Command(OnDataset):
    help = "Write a whole dataset into one file, to be kept or restored elsewhere"
    recorded_as = "archivist"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="a .zip file that is not there yet")
        parser.add_argument(
            "--pseudonyms", action="store_true", help="people are numbers without names"
        )

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        file = Path(options["file"])
        with file.open("xb") as out:
            try:
                rows = packing.pack(
                    dataset=dataset, out=out, by=by, has_names=not options["pseudonyms"],
                    tell=lambda done, of: self.tell(done),
                )  # fmt: skip
            except BaseException:
                file.unlink()
                raise
        with file.open("rb") as made:
            digest = hashlib.file_digest(made, "sha256").hexdigest()
        return (
            f"{sum(rows.values()):,} rows in {file}, SHA-256 {digest}. It has the salts in "
            "it: keep it as you keep a backup."
        )
