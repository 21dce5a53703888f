from __future__ import annotations

import gzip
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO, cast, get_args

from django.core.management.base import CommandError

from curation import forest
from curation.actions import exports
from curation.formats import written
from curation.formats.preferences import Policy
from curation.formats.pseudonyms import Pseudonyms
from curation.formats.registry import WRITTEN
from curation.formats.rows import kind_of
from curation.formats.trees import Terms
from curation.management.on_dataset import OnDataset
from curation.models import Contributor, Dataset


class Command(OnDataset):
    help = "Write what a dataset holds in a format that others read"
    recorded_as = "exporter"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "file",
            help="a .jsonl, .json, .csv or .parquet file that is not there yet, packed "
            "where .gz follows",
        )
        parser.add_argument("--format", required=True, choices=list(WRITTEN))
        parser.add_argument(
            "--undecided", action="store_true", help="also what waits or was rejected"
        )
        parser.add_argument(
            "--as-is", action="store_true",
            help="with the ids, names and dates of the file that it came from; without "
            "it they are drawn anew, and dates cut to their month",
        )  # fmt: skip
        parser.add_argument(
            "--pairs", default="all", choices=get_args(Policy),
            help="of preferences: which answers to a question are held against each other",
        )  # fmt: skip

    def work(self, dataset: Dataset, by: Contributor, **options: Any) -> str:
        format, file = WRITTEN[options["format"]], Path(options["file"])
        kind = kind_of(file.name)
        if kind not in format.files:
            raise CommandError(f"{format.label} go into .{', .'.join(format.files)} files.")
        for loss in format.losses:
            self.stderr.write(f"not in it: {loss}")
        names = None if options["as_is"] else Pseudonyms(secrets.token_bytes(32))
        found = exports.export_rows(
            dataset=dataset,
            format=format.key,
            by=by,
            terms=Terms(pairs=options["pairs"], names=names),
            states=forest.JUDGED if options["undecided"] else forest.ACCEPTED,
        )
        is_packed = file.suffix == ".gz"
        with gzip.open(file, "xb") if is_packed else file.open("xb") as out:
            try:
                written.write(cast(BinaryIO, out), found, format, kind)
            except BaseException:
                file.unlink()  # half of it would look like all of it
                raise
        return f"Written to {file}."
