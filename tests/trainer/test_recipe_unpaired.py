"""Single judgements teach too, and are judged by the same held-out pairs as DPO."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import KTOConfig, KTOTrainer

from tests.trainer.preference_fixtures import write_preferences
from tests.trainer.recipe_fixtures import tiny
from trainer.recipes import tuning, unpaired
from trainer.recipes.chat import IGNORE
from trainer.recipes.common import Trouble
from trainer.recipes.preferences import Judged
from trainer.recipes.reference import reference_of
from trainer.recipes.singles import render_singles

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture
def config(tiny, tmp_path) -> unpaired.Config:
    return unpaired.Config(
        base=str(tiny), data=str(write_preferences(tmp_path)), out=str(tmp_path / "run"),
        run="run-1", steps=16, batch_size=8, learning_rate=2e-3, eval_every=8,
        checkpoint_every=0,
    )  # fmt: skip


def test_good_replies_win_over_bad_ones_that_it_has_not_seen(config, capsys):
    manifest = unpaired.main(config)

    events = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    opened = next(event for event in events if event["event"] == "started")
    assert (opened["good"], opened["bad"]) == (12, 12)
    before, *_, after = [event for event in events if event["event"] == "held_out"]
    assert before["loss"] == pytest.approx(0.5, abs=1e-4)
    assert after["loss"] < before["loss"] - 0.01
    assert before["accuracy"] == 0.5 and after["accuracy"] > 0.8
    assert after["margin"] > 0.2
    assert manifest["preferences"]["pairs"] == 14
    assert manifest["likelihood"]["after"]["accuracy"] is not None


def test_its_loss_is_trls(config, tmp_path):
    tokenizer, model, _ = tuning.open_model(config, torch.device("cpu"))
    singles = unpaired.read_singles(config, tokenizer)[0].kept[:8]
    torch.manual_seed(3)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            weights.data.normal_(std=0.05)
    model.eval()
    pad = int(tokenizer.pad_token_id)
    with model.disable_adapter():
        reference = reference_of(model, singles, tmp_path / "reference.jsonl", pad)
    collate = unpaired.SingleCollator(pad, reference, {True: 1.0, False: 1.5})
    trainer = unpaired.KTOTrainer(
        config, model=model, train_dataset=singles, data_collator=collate, order=[0]
    )
    loss = trainer.compute_loss(model, collate(singles))
    loss.backward()
    ours = gradients(model)

    row = {"prompt": "a", "completion": "b", "label": True}
    theirs = KTOTrainer(
        model=model,
        args=KTOConfig(str(tmp_path / "trl"), use_cpu=True, bf16=False, beta=config.beta,
                       undesirable_weight=1.5, activation_checkpointing=False,
                       max_length=None, report_to="none"),
        train_dataset=Dataset.from_list([row, row]),
        processing_class=tokenizer,
    )  # fmt: skip
    model.eval()
    # Without the copy that TRL makes of an adapter: the base is the reference here.
    model.delete_adapter("ref")
    their_loss = theirs.compute_loss(
        model, theirs.data_collator([columns(s) for s in singles])
    )
    their_loss.backward()

    assert loss.item() == pytest.approx(their_loss.item(), abs=4e-6)
    assert torch.allclose(ours, gradients(model), atol=4e-6)


def gradients(model: Any) -> torch.Tensor:
    """Which are then forgotten."""
    trained = [p for p in model.parameters() if p.grad is not None]
    found = torch.cat([p.grad.flatten().clone() for p in trained])
    model.zero_grad()
    return found


def columns(single: Any) -> dict[str, Any]:
    own, swapped = single.rows
    start = own.labels.count(IGNORE)
    return {
        "prompt_ids": own.ids[:start],
        "completion_ids": own.ids[start:],
        "KL_completion_ids": swapped.ids[start:],
        "label": single.is_good,
    }


def test_the_rarer_kind_weighs_as_much_as_the_other(config):
    tokenizer, _, _ = tuning.open_model(config, torch.device("cpu"))
    singles = unpaired.read_singles(config, tokenizer)[0].kept
    few = [s for s in singles if s.is_good] + [s for s in singles if not s.is_good][:3]

    assert unpaired.balanced(config, few) == {True: 1.0, False: 4.0}
    assert unpaired.balanced(replace(config, bad_weight=2.0), few)[False] == 2.0


def test_each_prompt_is_also_followed_by_another_reply(config):
    tokenizer, _, _ = tuning.open_model(config, torch.device("cpu"))
    asked = [{"role": "user", "content": "Hello?"}]
    found = [Judged(f"m{n}", "g", "c", asked, f"Hello {n}.", n > 1) for n in range(4)]

    singles = render_singles(tokenizer, found, 64, random.Random(1)).kept

    said = {tuple(single.rows[0].ids) for single in singles}
    assert said == {tuple(single.rows[1].ids) for single in singles} and len(said) == 4
    assert all(single.rows[0].ids != single.rows[1].ids for single in singles)


def test_good_ones_alone_are_not_enough(config):
    path = Path(config.data, "unpaired_train.jsonl")
    good = [line for line in path.read_text().splitlines() if '"label": true' in line]
    path.write_text("\n".join(good) + "\n")

    with pytest.raises(Trouble, match="There must be good replies to learn from, and bad"):
        unpaired.main(config)
