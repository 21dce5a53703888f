from __future__ import annotations

import gzip
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import BaseCommand, CommandError

from curation.actions import datasets, imports
from curation.errors import CurationError
from curation.models import Contributor, Dataset


class Command(BaseCommand):
    help = "Take a file of conversations, pairs or model answers into a dataset"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("file", help="a .jsonl or .jsonl.gz file, or - for stdin")
        parser.add_argument("--format", required=True, choices=list(imports.FORMATS))
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="whom to record as the importer"
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
                report = imports.import_lines(
                    dataset=_dataset(dataset, person, options["create"], options["title"]),
                    lines=imports.lines_of(opened),
                    format=options["format"],
                    by=person,
                    as_state=options["as_state"],
                    file_name="" if file == "-" else Path(file).name,
                )
        except Contributor.DoesNotExist as error:
            raise CommandError(f"There is no account {by}.") from error
        except (CurationError, OSError, EOFError) as error:
            raise CommandError(str(error)) from error
        for problem in report.problems:
            self.stderr.write(f"line {problem.line}: {problem.reason}")
        if not report.messages + report.unchanged:
            raise CommandError(f"Nothing was taken: {report}.")
        return f"{dataset}: {report}."


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
