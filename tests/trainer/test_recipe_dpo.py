"""DPO makes the preferred reply likelier than the other, against what was before."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from tests.trainer.preference_fixtures import write_preferences
from tests.trainer.recipe_fixtures import tiny, version
from trainer.recipes import dpo, models, sft, tuning
from trainer.recipes.chat import IGNORE
from trainer.recipes.common import Trouble
from trainer.recipes.items import flat
from trainer.recipes.likelihood import log_probs
from trainer.recipes.reference import reference_of

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture
def config(tiny, tmp_path) -> dpo.Config:
    return dpo.Config(
        base=str(tiny), data=str(write_preferences(tmp_path)), out=str(tmp_path / "run"),
        run="run-1", steps=12, batch_size=4, learning_rate=2e-3, eval_every=6,
        checkpoint_every=0,
    )  # fmt: skip


@pytest.fixture
def parent(config, version, tmp_path, capsys) -> Path:
    """A fine-tune to go on from."""
    sft.main(
        sft.Config(base=config.base, data=str(version), out=str(tmp_path / "sft"), steps=6,
                   learning_rate=5e-3, lora_r=4)
    )  # fmt: skip
    capsys.readouterr()
    return tmp_path / "sft" / "adapter"


def test_margins_grow_on_pairs_that_it_has_not_seen(config, capsys):
    manifest = dpo.main(config)

    events = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    assert {"loss", "accuracy", "margin", "chosen_shift"} <= steps[0].keys()
    before, *_, after = [event for event in events if event["event"] == "held_out"]
    assert before["loss"] == pytest.approx(0.6931, abs=1e-4)
    assert before["accuracy"] == 0.5 and abs(before["margin"]) < 1e-4
    assert after["margin"] > 0.2 and after["loss"] < before["loss"]
    assert after["accuracy"] > 0.8
    found = manifest["preferences"]
    assert found["accuracy_low"] <= found["accuracy"] <= found["accuracy_high"]
    likelier = manifest["likelihood"]
    assert likelier["after"]["accuracy"] >= likelier["before"]["accuracy"]


def test_after_a_fine_tune_the_reference_is_the_fine_tune(config, parent, capsys):
    dpo.main(replace(config, parent=str(parent), steps=1))

    tokenizer, base = models.load_base(config.base)
    tuned = models.load_with_adapter(base, str(parent))
    items = dpo.read_items(config, tokenizer)[0].kept
    lines = Path(config.out, "reference.jsonl").read_text().splitlines()
    said = [logp for line in lines for logp in json.loads(line)["logps"]]
    theirs = log_probs(tuned, flat(items), tokenizer.pad_token_id)
    with tuned.disable_adapter():
        before = log_probs(tuned, flat(items), tokenizer.pad_token_id)
    assert said[: len(theirs)] == pytest.approx(theirs, abs=1e-3)
    assert said[: len(theirs)] != pytest.approx(before, abs=1e-1)


def test_its_adapter_takes_the_parents_place_on_the_base(config, parent, capsys):
    manifest = dpo.main(replace(config, parent=str(parent)))

    tokenizer, base = models.load_base(config.base)
    alone = models.load_with_adapter(base, f"{config.out}/adapter")
    items = dpo.read_items(config, tokenizer)[1].kept
    lines = Path(config.out, "reference.jsonl").read_text().splitlines()
    reference = {json.loads(line)["id"]: json.loads(line)["logps"] for line in lines}
    found = dpo.held_out_facts(config, alone, items, reference, tokenizer.pad_token_id)
    assert found["margin"] == pytest.approx(manifest["held_out"][-1]["margin"], abs=1e-3)
    assert manifest["made"] == "the parent's adapter, trained on"


def test_the_reference_is_computed_once(config, tmp_path, monkeypatch, capsys):
    tokenizer, model, _ = tuning.open_model(config, torch.device("cpu"))
    items = dpo.read_items(config, tokenizer)[1].kept
    path = tmp_path / "reference.jsonl"
    first = reference_of(model, items, path, pad=0)

    assert reference_of(None, items, path, pad=0) == first


def test_its_loss_is_trls(config, tmp_path):
    tokenizer, model, _ = tuning.open_model(config, torch.device("cpu"))
    items = dpo.read_items(config, tokenizer)[0].kept[:6]
    nudge(model)
    model.eval()
    pad = int(tokenizer.pad_token_id)
    with model.disable_adapter():
        reference = reference_of(model, items, tmp_path / "reference.jsonl", pad)
    collate = dpo.PairCollator(pad, reference)
    trainer = dpo.DPOTrainer(
        config, model=model, train_dataset=items, data_collator=collate, order=[0]
    )
    loss = trainer.compute_loss(model, collate(items))
    loss.backward()
    gradients = taken(model)

    theirs = DPOTrainer(
        model=model,
        args=DPOConfig(str(tmp_path / "trl"), use_cpu=True, bf16=False, beta=config.beta,
                       activation_checkpointing=False, max_length=None, report_to="none"),
        train_dataset=Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}]),
        processing_class=tokenizer,
    )  # fmt: skip
    batch = theirs.data_collator([columns(item) for item in items])
    model.eval()
    # Without the copy that TRL makes of an adapter: the base is the reference here.
    model.delete_adapter("ref")
    their_loss = theirs.compute_loss(model, batch)
    their_loss.backward()

    assert loss.item() == pytest.approx(their_loss.item(), abs=4e-6)
    assert torch.allclose(gradients, taken(model), atol=4e-6)


def nudge(model: Any) -> None:
    """An adapter as after some steps: a new one changes nothing."""
    torch.manual_seed(3)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            weights.data.normal_(std=0.05)


def taken(model: Any) -> torch.Tensor:
    """The gradients, which are then forgotten."""
    trained = [p for p in model.parameters() if p.grad is not None]
    found = torch.cat([p.grad.flatten().clone() for p in trained])
    model.zero_grad()
    return found


def columns(item: Any) -> dict[str, Any]:
    better, worse = item.rows
    start = sum(label == IGNORE for label in better.labels)
    return {
        "prompt_ids": better.ids[:start],
        "chosen_ids": better.ids[start:],
        "rejected_ids": worse.ids[start:],
    }


def test_both_replies_follow_the_same_part_of_a_long_prompt(config):
    tokenizer, _ = models.load_base(config.base)
    items = dpo.read_items(replace(config, max_length=24), tokenizer)[0].kept

    for item in items:
        starts = [row.ids[: row.labels.count(IGNORE)] for row in item.rows]
        assert starts[0] == starts[1] and starts[0]
        assert max(len(row.ids) for row in item.rows) <= 24
    assert any(row.is_cut for row in flat(items))


def test_without_pairs_it_says_what_to_do(config):
    for path in Path(config.data).glob("pairs[._]*"):
        path.unlink()

    with pytest.raises(Trouble, match="There is no pair to learn from"):
        dpo.main(config)
