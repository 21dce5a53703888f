from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation import neighbours
from curation.actions import meanings, vectors
from curation.actions.vectors import Run


class Command(BaseCommand):
    help = "Have the embedder make all vectors that are missing; stop and go on at will"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, help="stop after so many")
        parser.add_argument(
            "--afresh",
            action="store_true",
            help="make those that are there again: another model has the old one's name",
        )

    def handle(self, *, seconds: float | None, afresh: bool, **options: Any) -> str:
        if afresh:
            vectors.start_afresh()
        total = vectors.waiting(neighbours.model_of_now()).count()

        def tell(run: Run) -> None:
            self.stderr.write(f"{run.embedded:,} of {total:,} texts", ending="\r")

        run = vectors.catch_up(
            seconds=seconds, is_thorough=True, note=meanings.note_same, told=tell
        )
        self.stderr.write("")
        left = vectors.waiting(neighbours.model_of_now()).count()
        said = f"{run.embedded:,} vectors made, {run.hinted:,} hints, {left:,} texts left."
        if run.problem:
            raise CommandError(f"{said} It stopped, as {run.problem}.")
        return said
