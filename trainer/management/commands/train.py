"""Ask for a run, and with --wait do it here and now, without Celery."""

from __future__ import annotations

import dataclasses
import re
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.handoff import FrozenVersion, Person
from trainer import config, tasks
from trainer.actions import runs
from trainer.models import BaseModel, Run


class Command(BaseCommand):
    help = "Fine-tune a base model on a frozen version"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="a digest or its beginning, or dataset/number")
        parser.add_argument("--by", required=True, help="e-mail of who asks for it")
        parser.add_argument("--base", help="slug of the base model; by default the newest")
        parser.add_argument("--steps", type=int)
        parser.add_argument("--no-offer", action="store_true", help="keep the answers here")
        parser.add_argument(
            "--recalled",
            type=int,
            default=0,
            help="train although so many of its texts were taken back since",
        )
        parser.add_argument("--wait", action="store_true", help="do it in this process")

    def handle(
        self,
        *,
        version: str,
        by: str,
        base: str | None,
        steps: int | None,
        no_offer: bool,
        recalled: int,
        wait: bool,
        **options: Any,
    ) -> str:
        try:
            person = get_user_model().objects.get(email__iexact=by)
            frozen, chosen = _version(version, person), _base(base)
            wanted = config.defaults(
                train_count=frozen.train_count,
                is_starter=chosen.is_starter,
                is_long=not frozen.is_pairs,
            )
            wanted = dataclasses.replace(wanted, offer=not no_offer)
            if steps is not None:
                wanted = dataclasses.replace(wanted, steps=steps)
            run = runs.request(
                version_id=frozen.id,
                base_id=chosen.pk,
                config=wanted.as_json(),
                by=person,
                recalled=recalled,
            )
        except (get_user_model().DoesNotExist, CurationError) as error:
            raise CommandError(str(error)) from error
        if not wait:
            ring(tasks.execute_run, run_id=run.pk)
            return f"Run {run.pk} is queued."
        tasks.execute_run(run_id=run.pk)
        return _outcome(run)


def _version(text: str, person: Person) -> FrozenVersion:
    seen = handoff.versions_for(person)
    if named := re.fullmatch(r"([\w-]+)/(\d+)", text):
        found = [v for v in seen if (v.dataset, v.number) == (named[1], int(named[2]))]
    else:
        found = [v for v in seen if len(text) >= 6 and v.digest.startswith(text)]
    if len(found) != 1:
        raise CommandError(f"{len(found)} versions are known as {text}; there must be one.")
    return found[0]


def _base(slug: str | None) -> BaseModel:
    ready = BaseModel.objects.ready().for_listing()
    base = ready.filter(slug=slug).first() if slug else ready.first()
    if base is None:
        raise CommandError(
            "There is no such base model that is ready. Run build_base first."
        )
    return base


def _outcome(run: Run) -> str:
    run = Run.objects.for_page().get(pk=run.pk)
    if run.state != Run.State.FINISHED:
        raise CommandError(f"Run {run.pk} is {run.state}. {run.problem}")
    return (
        f"Run {run.pk} is finished: held-out loss {run.evaluation.loss_before:.3f} before, "
        f"{run.evaluation.loss_after:.3f} after. Adapter {run.adapter_sha256[:12]}."
    )
