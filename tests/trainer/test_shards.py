"""Several adapters, each of a part of the examples: a text taken back costs one of them."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import uuid

import pytest

from curation.actions import versions, withdrawals
from curation.models import Message
from tests.factories import (
    CategoryFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.trainer.recipe_fixtures import tiny
from trainer import methods, tasks
from trainer.actions import removals, replacements
from trainer.errors import TrainerError
from trainer.folders import folder_of
from trainer.models import BaseModel, Run
from trainer.recipes import shards
from trainer.recipes.common import read_manifest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parted(dataset, curator):
    """A version of sixteen conversations to learn from, with ids that never change."""
    category = CategoryFactory(dataset=dataset, slug="parts")
    for number in range(20):
        conversation = ConversationFactory(
            dataset=dataset, category=category, uid=uuid.UUID(int=number + 1),
            split="held_out" if number < 4 else "train",
        )  # fmt: skip
        ReplyFactory(
            parent=MessageFactory(conversation=conversation, accepted=True), accepted=True
        )
    return versions.freeze(dataset_id=dataset.pk, by=curator)


def weights(run, shard=None):
    folder = folder_of(run) if shard is None else folder_of(run) / "shards" / str(shard)
    return (folder / "adapter" / "adapter_model.safetensors").read_bytes()


def trained(run):
    tasks.execute_run(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == "finished", run.problem
    return run


# ---- which part ------------------------------------------------------------------------


def test_a_conversation_lies_in_one_part_for_ever():
    """These places are promised: another hash would train every adapter again."""
    names = [str(uuid.UUID(int=number)) for number in range(1, 9)]
    assert [shards.shard_of(name, 4) for name in names] == PLACES
    assert [shards.shard_of(name, 2) for name in names] == [p % 2 for p in PLACES]


PLACES = [2, 3, 1, 3, 2, 2, 0, 3]


def test_parts_are_of_like_size():
    names = [str(uuid.UUID(int=number)) for number in range(4000)]
    counts = [
        sum(shards.shard_of(name, 4) == place for name in names) for place in range(4)
    ]
    assert min(counts) > 900


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shards": 3}, "one of the names offered|whole number"),
        ({"shards": 2, "tuning": "full"}, "Only adapters are divided"),
        ({"shards": 4, "steps": 3}, "a step at least"),
    ],
)
def test_what_cannot_be_divided_is_refused(settings, said):
    with pytest.raises(TrainerError, match=said):
        methods.SftConfig.parse(settings)


def test_the_form_offers_it_and_says_the_cost(client, curator, parted, base):
    client.force_login(curator)
    page = client.get("/models/launch/").text
    assert "The mean of two" in page and "knows clearly less" in page

    sent = {"version": parted.pk, "base": base.pk, "shards": "2"}
    assert client.post("/models/launch/", sent).status_code == 302
    assert Run.objects.get().config["shards"] == 2
    assert client.post("/models/launch/", {**sent, "shards": "5"}).status_code == 422


# ---- with recipes that learn nothing ---------------------------------------------------


def test_steps_of_all_parts_count_as_one_run(request_run, parted, fake):
    run = trained(request_run(version=parted, shards=4, steps=10))

    assert (run.step, run.of) == (12, 12)  # three of each
    assert run.metrics.filter(name="loss").count() == 12
    assert sorted(p.name for p in (folder_of(run) / "shards").iterdir()) == list("0123")


def test_killed_in_one_part_it_goes_on_there(request_run, parted, fake):
    fake(at_step=2, killed="once")
    run = request_run(version=parted, shards=2, steps=10)

    for _ in range(4):
        Run.objects.filter(pk=run.pk, state="running").update(state="queued")
        tasks.execute_run(run_id=run.pk)

    run.refresh_from_db()
    assert (run.state, run.step) == ("finished", 10)
    assert run.attempt == 3  # each part was killed once
    assert run.metrics.filter(name="loss").count() == 10


# ---- with recipes that learn -----------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_was_not_touched_is_taken_over_to_the_byte(
    request_run, parted, base, tiny, folders, curator, warmed
):
    BaseModel.objects.filter(pk=base.pk).update(location=str(tiny))
    small = {"shards": 2, "steps": 6, "samples": 0, "offer": False, "learning_rate": 5e-3,
             "lora_r": 2, "batch_size": 4}  # fmt: skip
    old = trained(request_run(version=parted, **small))
    gone = Message.objects.filter(frozen_in__version=parted).order_by("pk").last()
    touched = shards.shard_of(str(gone.conversation.uid), 2)
    kept = 1 - touched
    withdrawals.take_back(message_id=gone.pk, by=gone.author)

    removals.ask(run_id=old.pk, by=curator)
    new = trained(replacements.carry_out(replacements.due()[0]))

    assert weights(new, kept) == weights(old, kept)
    taken = read_manifest(folder_of(new) / "shards" / str(kept))
    assert taken["identity"]["run"] == f"run-{old.pk}-shard-{kept}"  # not trained again
    again = read_manifest(folder_of(new) / "shards" / str(touched))
    assert again["identity"]["run"] == f"run-{new.pk}-shard-{touched}"
    assert weights(new, touched) != weights(old, touched)

    # All of it trained from nothing on the same version comes to the same bytes.
    whole = trained(request_run(version=new.version, **small))
    assert (
        read_manifest(folder_of(whole) / "shards" / str(kept))["identity"]
        != (taken["identity"])
    )
    assert weights(whole) == weights(new) and whole.adapter_sha256 == new.adapter_sha256
    config = json.loads((folder_of(new) / "adapter" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (4, 4)


@pytest.mark.slow
def test_weights_that_were_changed_are_not_taken_over(
    request_run, parted, base, fake, curator
):
    old = trained(request_run(version=parted, shards=2))
    for manifest in folder_of(old).glob("shards/*/manifest.json"):
        facts = json.loads(manifest.read_text())
        facts["learned"] = "0" * 64
        manifest.write_text(json.dumps(facts))
    gone = Message.objects.filter(frozen_in__version=parted).order_by("pk").last()
    withdrawals.take_back(message_id=gone.pk, by=gone.author)

    removals.ask(run_id=old.pk, by=curator)
    new = trained(replacements.carry_out(replacements.due()[0]))

    assert new.metrics.filter(name="loss").count() == new.of  # every part has steps
