from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import rechecks
from curation.actions.rechecks import Run
from curation.models import Dataset


class Command(BaseCommand):
    help = "Look at all texts that no check of now has looked at; stop and go on at will"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", nargs="?", help="a dataset's slug; none: all")
        parser.add_argument("--at-most", type=int, help="so many texts this time")

    def handle(self, *, dataset: str | None, at_most: int | None, **options: Any) -> str:
        only = Dataset.objects.filter(slug=dataset).first() if dataset else None
        if dataset and only is None:
            raise CommandError(f"There is no dataset {dataset}.")
        rechecks.note_new(is_thorough=True)
        total = rechecks.waiting(only=only)

        def tell(run: Run) -> None:
            self.stderr.write(f"{run.looked_at:,} of {total:,} texts", ending="\r")

        run = rechecks.catch_up(at_most=at_most, only=only, told=tell)
        self.stderr.write("")
        left = rechecks.waiting(only=only)
        said = (
            f"{run.looked_at:,} texts looked at: findings of {run.changed:,} changed, "
            f"{run.held:,} set aside, {left:,} left."
        )
        if run.tired:
            said += f" These checks could not look: {', '.join(sorted(run.tired))}."
        return said
