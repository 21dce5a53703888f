"""Ask for a run, and with --wait do it here and now, without Celery."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.handoff import FrozenVersion, Person
from trainer import methods, tasks
from trainer.actions import runs
from trainer.config import RunConfig
from trainer.models import BaseModel, Evaluation, Run


class Command(BaseCommand):
    help = "Fine-tune a base model on a frozen version"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="a digest or its beginning, or dataset/number")
        parser.add_argument("--by", required=True, help="e-mail of who asks for it")
        parser.add_argument("--base", help="slug of the base model; by default the newest")
        parser.add_argument(
            "--method", default=Run.Method.SFT, help=", ".join(methods.METHODS)
        )
        parser.add_argument(
            "--parent", type=int, help="number of the fine-tuned run to go on from"
        )
        parser.add_argument(
            "--set",
            dest="given",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a setting, such as beta=0.3 or tuning=full; more than once for more",
        )
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
        method: str,
        parent: int | None,
        given: list[str],
        steps: int | None,
        no_offer: bool,
        recalled: int,
        wait: bool,
        **options: Any,
    ) -> str:
        try:
            person = get_user_model().objects.get(email__iexact=by)
            frozen, chosen = _version(version, person), _base(base)
            wanted = _fitting(method, frozen, chosen).as_json() | _settings(given)
            if no_offer and "offer" in wanted:
                wanted["offer"] = False
            if steps is not None:
                wanted["steps"] = steps
            run = runs.request(
                version_id=frozen.id,
                base_id=chosen.pk,
                config=wanted,
                by=person,
                recalled=recalled,
                method=method,
                parent_id=parent,
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


def _fitting(method: str, version: FrozenVersion, base: BaseModel) -> RunConfig:
    how = methods.named(method)
    return methods.defaults(
        method,
        train_count=methods.rows(how, version).units,
        is_starter=base.is_starter,
        is_long=not version.is_pairs,
    )


def _settings(given: list[str]) -> dict[str, Any]:
    """As JSON where that is what a value is: 3, 0.5, true; else as it stands."""
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise CommandError(f"Write {one} as NAME=VALUE.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


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
    return f"Run {run.pk} is finished: {_found(run.evaluation)}{_made(run)}."


def _found(said: Evaluation) -> str:
    found = []
    if said.loss_before is not None and said.loss_after is not None:
        found.append(
            f"held-out loss {said.loss_before:.3f} before, {said.loss_after:.3f} after. "
        )
    if said.accuracy is not None:
        found.append(
            f"{said.accuracy:.0%} of {said.pairs} held-out pairs in people's order, "
            f"between {said.accuracy_low:.0%} and {said.accuracy_high:.0%}. "
        )
    return "".join(found)


def _made(run: Run) -> str:
    return f"{'Model' if run.is_whole else 'Adapter'} {run.adapter_sha256[:12]}"
