"""From a frozen version to offered answers with a true model, a small and stupid one."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from curation.models import Message
from trainer.models import BaseModel, Run
from trainer.recipes.common import read_manifest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.slow
def test_a_starter_is_built_tuned_evaluated_sampled_and_offered(frozen, curator, folders):
    built = call_command("build_base", steps=25)
    base = BaseModel.objects.get()
    assert built == f"{base.slug} is ready at {base.location}"

    said = call_command(
        "train", f"{frozen.dataset.slug}/1", by=curator.email, steps=25, wait=True
    )

    run = Run.objects.for_page().get()
    assert f"Run {run.pk} is finished" in said
    assert run.evaluation.loss_after < run.evaluation.loss_before
    manifest = read_manifest(folders / str(run.pk))
    assert manifest["adapter_sha256"] == run.adapter_sha256
    assert run.metrics.filter(name="loss").count() == 25
    assert run.scores.count() == 4
    assert run.offered + run.offer_refused == len(run.samples.all()) == 4
    assert Message.objects.filter(origin="model").count() == run.offered


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "tuning"), [("reward", "full"), ("dpo", "lora"), ("unpaired", "lora")]
)
def test_it_learns_what_people_prefer(preferred, curator, folders, warmed, method, tuning):
    call_command("build_base", steps=25)
    given = {"by": curator.email, "steps": 4, "wait": True}
    where = f"{preferred.dataset.slug}/{preferred.number}"
    call_command("train", where, **given)
    parent = Run.objects.get()

    said = call_command(
        "train", where, method=method, parent=parent.pk, given=[f"tuning={tuning}"], **given
    )

    run = Run.objects.for_page().latest("pk")
    assert f"Run {run.pk} is finished" in said
    assert run.evaluation.pairs > 0
    assert run.evaluation.accuracy_low <= run.evaluation.accuracy_high
    assert run.evaluation.has_loss is (method != "reward")
    manifest = read_manifest(folders / str(run.pk))
    assert (manifest["recipe"], manifest["result"]) == (
        method,
        "adapter" if tuning == "lora" else "model",
    )
    assert "parent" in manifest["made"]
    names = set(run.metrics.values_list("name", flat=True))
    assert {"accuracy", "margin", "held_out_accuracy", "held_out_margin"} <= names
    assert (run.offered is None) is (method == "reward")


def test_the_command_says_what_is_wrong_in_a_line(frozen, curator, base):
    for arguments, words in [
        (("nowhere/1",), "0 versions are known"),
        ((frozen.digest[:8], "--base", "none"), "no such base model"),
        ((frozen.digest[:8], "--steps", "0"), "must be from 1"),
    ]:
        with pytest.raises(CommandError, match=words):
            call_command("train", *arguments, "--by", curator.email)
    with pytest.raises(CommandError):
        call_command("train", frozen.digest[:8], "--by", "nobody@example.org")
    assert not Run.objects.exists()
