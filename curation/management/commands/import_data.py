from __future__ import annotations

import gzip
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import BaseCommand, CommandError

from curation.actions import datasets, imports
from curation.errors import CurationError
from curation.formats import rows
from curation.formats.registry import FORMATS
from curation.models import Contributor, Dataset


class Command(BaseCommand):
    help = "Take a file of conversations, pairs or model answers into a dataset"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument(
            "file",
            help="a .jsonl, .json, .csv or .parquet file, packed as .gz or not, "
            "or - for lines of JSON from stdin",
        )
        parser.add_argument("--format", required=True, choices=list(FORMATS))
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="whom to record as the importer"
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="a field of the format that the file calls otherwise; may come back",
        )
        parser.add_argument(
            "--as",
            dest="as_state",
            default="accepted",
            choices=["accepted", "submitted"],
            help="submitted: everything waits for review first",
        )
        parser.add_argument(
            "--create",
            choices=Dataset.Shape.values,
            help="make the dataset if it is missing",
        )
        parser.add_argument("--title", help="of a dataset that is made")

    def handle(self, *, dataset: str, file: str, by: str, **options: Any) -> str:
        try:
            person = Contributor.objects.get_by_natural_key(by)
            with _opened(file) as opened:
                report = imports.import_rows(
                    dataset=_dataset(dataset, person, options["create"], options["title"]),
                    rows=partial(rows.of_file, opened, rows.kind_of(file)),
                    format=options["format"],
                    by=person,
                    as_state=options["as_state"],
                    file_name="" if file == "-" else Path(file).name,
                    mapping=_mapping(options["column"]),
                )
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except (CurationError, OSError, EOFError) as error:
            raise CommandError(str(error)) from error
        for problem in report.problems:
            self.stderr.write(f"line {problem.line}: {problem.said}")
        if not report.messages + report.unchanged:
            raise CommandError(f"Nothing was taken: {report}.")
        return f"{dataset}: {report}."


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    if odd := next((one for one in columns if "=" not in one), None):
        raise CommandError(f"“{odd}” is not FIELD=COLUMN.")
    return dict(one.split("=", 1) for one in columns)


def _dataset(slug: str, by: Contributor, shape: str | None, title: str | None) -> Dataset:
    found = Dataset.objects.select_related("policy").filter(slug=slug).first()
    if found is not None:
        return found
    if shape is None:
        raise CurationError(f"There is no dataset {slug}. --create makes one.")
    return datasets.create(slug=slug, title=title or slug, shape=shape, by=by)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked where its name says so."""
    if file == "-":
        yield sys.stdin.buffer
        return
    packed = file.endswith(".gz")
    with gzip.open(file) if packed else Path(file).open("rb") as opened:
        yield cast(BinaryIO, opened)
