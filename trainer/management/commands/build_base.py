"""Get a base model ready here and now, without Celery."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trainer import build, tasks
from trainer.errors import TrainingFailed
from trainer.models import BaseModel


class Command(BaseCommand):
    help = "Build the starter model, or get a registered base model ready"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("base", nargs="?", help="its slug; by default the starter")
        parser.add_argument(
            "--steps", type=int, help="of the starter: fewer make a quick, poor model"
        )

    def handle(self, *, base: str | None, steps: int | None, **options: Any) -> str:
        try:
            wanted = self._wanted(base, steps)
            tasks.build_base(base_id=wanted.pk)
        except (BaseModel.DoesNotExist, TrainingFailed) as error:
            raise CommandError(str(error)) from error
        wanted.refresh_from_db()
        if not wanted.is_ready:
            raise CommandError(
                wanted.problem or f"{wanted} is being built by another worker."
            )
        return f"{wanted.slug} is ready at {wanted.location}"

    def _wanted(self, slug: str | None, steps: int | None) -> BaseModel:
        if slug:
            return BaseModel.objects.get(slug=slug)
        return build.want_starter({"steps": steps, "seed": 1} if steps else None)
