"""Put a version and a finished run into a running Winnow, named by WINNOW_VAR.

Or a run on the newest version of a dataset that is named: `… finished_run handbook`.
It prints their addresses. For tests that look at their pages: training a model would take
minutes. All in one transaction, so that no worker comes to see the run before it has ended.
"""

from __future__ import annotations

import os
import sys

import django
from django.apps import apps
from django.db import transaction
from django.urls import reverse


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with transaction.atomic():
        addresses = write(*sys.argv[1:])
    sys.stdout.write("\n".join(addresses))


def write(slug: str = "") -> tuple[str, str]:
    from curation.actions import versions
    from trainer.actions import results, runs
    from trainer.config import RunConfig
    from trainer.models import Sample

    people = apps.get_model("curation", "Contributor").objects
    curator = people.get(email="cleo@winnow.example")
    named = slug or "conversations"
    dataset = apps.get_model("curation", "Dataset").objects.get(slug=named)
    version = (
        dataset.versions.latest("number")
        if slug
        else versions.freeze(dataset_id=dataset.pk, by=curator)
    )
    place = f"{named}-{version.number}"
    base = apps.get_model("trainer", "BaseModel").objects.create(
        name=f"Unusable base {place}", slug=f"unusable-{place}", kind="local",
        location=f"/no/{place}", state="ready",
    )  # fmt: skip
    config = RunConfig(steps=10).as_json()
    run = runs.request(version_id=version.pk, base_id=base.pk, config=config, by=curator)
    claimed = runs.claim(run.pk, "nobody:1")
    points = [runs.Point("loss", step, 3 / step) for step in range(1, 11)]
    points += [runs.Point("held_out_loss", step, 4 / (step + 1)) for step in (0, 5, 10)]
    runs.report(claimed, points, step=10, seconds_per_step=1.0)
    runs.publish(claimed, path=f"{run.pk}/adapter", sha256="ab" * 32, size=1024)
    part = {"loss": 2.0, "tokens": 40, "examples": 4}
    before = part | {"by_category": {"advice": part}}
    after = part | {"loss": 0.5, "by_category": {"advice": part | {"loss": 0.5}}}
    results.keep_evaluation(claimed, {"before": before, "after": after, "examples": []})
    texts = {"prompt_text": "Say hello", "base_text": "uh", "tuned_text": "Hello there."}
    sample = Sample(run=claimed, position=0, prompt_uid="0" * 32, **texts)
    results.keep_samples(claimed, [sample])
    results.finish(claimed)
    # Nobody else may train on it, or wait for it.
    base.state, base.problem = "failed", "It was only ever a name."
    base.save(update_fields=["state", "problem"])
    frozen = reverse("curation:version", args=[named, version.number])
    return frozen, reverse("trainer:run", args=[run.pk])


if __name__ == "__main__":
    main()
