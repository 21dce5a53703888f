"""A reward model learns an order from rankings, and says honestly what it learned."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from trl import RewardConfig, RewardTrainer

from tests.trainer.preference_fixtures import ranking, write, write_preferences
from tests.trainer.recipe_fixtures import tiny, version
from trainer.recipes import marks, reward, sft, tuning
from trainer.recipes.chat import Row
from trainer.recipes.common import Trouble
from trainer.recipes.items import Collator, Item
from trainer.recipes.preferences import Before

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture
def config(tiny, tmp_path) -> reward.Config:
    return reward.Config(
        base=str(tiny), data=str(write_preferences(tmp_path)), out=str(tmp_path / "run"),
        run="run-1", steps=20, batch_size=4, learning_rate=5e-3, eval_every=10,
        checkpoint_every=0,
    )  # fmt: skip


def test_it_learns_which_reply_is_better_and_tells_how_surely(config, capsys):
    manifest = reward.main(config)

    events = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    assert {"loss", "accuracy", "margin", "tokens"} <= steps[0].keys()
    before, *_, after = [event for event in events if event["event"] == "held_out"]
    assert after["loss"] < before["loss"] and after["margin"] > before["margin"]
    assert after["accuracy"] > 0.9
    assert (after["pairs"], after["groups"]) == (14, 4)
    assert manifest["examples"] == 14  # twelve rankings and two edits
    found = manifest["preferences"]
    assert found["accuracy_low"] <= found["accuracy"] <= found["accuracy_high"]
    assert set(found["by_category"]) == {"polite", "courtesy"}
    assert found["length"]["longer_is_better"] == 1.0  # politeness has more words


def test_each_held_out_pair_has_its_line(config, capsys):
    manifest = reward.main(config)

    lines = Path(config.out, "verdicts.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == manifest["preferences"]["pairs"]
    first = found[0]
    assert (first["better"], first["worse"]) == ("p12-0", "p12-1")
    better, worse = first["values"]
    assert better - worse == pytest.approx(first["margin"], abs=2e-6)


def test_the_adapter_alone_gives_the_same_marks_on_the_base(config, capsys):
    reward.main(config)
    lines = Path(config.out, "verdicts.jsonl").read_text().splitlines()
    rows = reward.read_items(config, marked(config)[0])[1].kept[0].rows

    tokenizer, model = marked(config)
    given = marks.marks(model, rows, pad=tuning.padding(tokenizer))

    assert given[:2] == pytest.approx(json.loads(lines[0])["values"], abs=1e-5)


def marked(config: reward.Config) -> tuple[Any, Any]:
    return marks.load_reward_model(config.base, f"{config.out}/adapter")


def test_marks_do_not_depend_on_what_shares_a_batch(config, capsys):
    reward.main(replace(config, steps=1))
    tokenizer, model = marked(config)
    pad = tuning.padding(tokenizer)
    rows = [
        row for item in reward.read_items(config, tokenizer)[1].kept for row in item.rows
    ]

    together = marks.marks(model, rows, pad=pad)
    alone = [marks.marks(model, [row], pad=pad)[0] for row in rows]

    assert together == pytest.approx(alone, abs=1e-5)


def test_it_goes_on_from_a_fine_tune_and_its_adapter_stands_on_the_base(
    config, version, tmp_path, capsys
):
    tuned = sft.Config(
        base=config.base, data=str(version), out=str(tmp_path / "sft"), steps=4,
        learning_rate=5e-3, lora_r=4,
    )  # fmt: skip
    sft.main(tuned)
    parent = tmp_path / "sft" / "adapter"

    torch.manual_seed(0)
    _, model, made = tuning.open_model(
        replace(config, parent=str(parent)), torch.device("cpu"), tuning.REWARD
    )
    theirs = load_file(parent / "adapter_model.safetensors")
    ours = dict(model.named_parameters())
    for name, weights in theirs.items():
        assert torch.equal(ours[name.replace(".weight", ".default.weight")], weights)
    manifest = reward.main(replace(config, parent=str(parent), steps=2))

    assert made == manifest["made"] == "the parent's adapter, trained on"
    saved = json.loads(Path(config.out, "adapter/adapter_config.json").read_text())
    assert (saved["r"], saved["task_type"]) == (4, "SEQ_CLS")
    marked(config)  # on the base, without the parent


def test_one_that_marks_cannot_be_the_parent_of_one_that_writes(config, capsys):
    reward.main(replace(config, steps=1))
    parent = f"{config.out}/adapter"

    with pytest.raises(Trouble, match="gives marks and writes nothing"):
        tuning.open_model(replace(config, parent=parent), torch.device("cpu"))


def test_the_loss_is_the_mean_over_rankings_of_the_mean_over_pairs(config):
    rows = [Row(str(i), "c", [1, 2, 3 + i], [-100, -100, 3 + i]) for i in range(5)]
    three = Item(
        "a", "a", "c", rows[:3], [Before(0, 1, 1), Before(0, 2, 1), Before(1, 2, 1)]
    )
    two = Item("b", "b", "c", rows[3:], [Before(1, 0, 0.75)])
    trainer = trainer_of(config, [three, two])
    batch = Collator(0)([three, two])

    loss = trainer.compute_loss(trainer.model, batch)

    s = [marks.marks(trainer.model, [row], pad=0)[0] for row in rows]
    surprise = lambda d: -torch.nn.functional.logsigmoid(torch.tensor(d)).item()  # noqa: E731
    ranking = (surprise(s[0] - s[1]) + surprise(s[0] - s[2]) + surprise(s[1] - s[2])) / 3
    edit = 0.75 * surprise(s[4] - s[3]) + 0.25 * surprise(s[3] - s[4])
    assert loss.item() == pytest.approx((ranking + edit) / 2, abs=1e-5)


def trainer_of(config: reward.Config, items: list[Item]) -> reward.RewardTrainer:
    _, model, _ = tuning.open_model(config, torch.device("cpu"), tuning.REWARD)
    model.eval()
    return reward.RewardTrainer(
        config, model=model, train_dataset=items, data_collator=Collator(0), order=[0]
    )


def test_on_pairs_the_loss_is_trls(config, tmp_path):
    tokenizer, model, _ = tuning.open_model(config, torch.device("cpu"), tuning.REWARD)
    model.eval()
    found = reward.read_items(config, tokenizer)[0].kept[-2:]
    ours = reward.RewardTrainer(
        config, model=model, train_dataset=found, data_collator=Collator(0), order=[0]
    )
    pad = tuning.padding(tokenizer)
    loss = ours.compute_loss(model, Collator(pad)(found))
    better, worse = zip(*([row.ids for row in item.rows] for item in found), strict=True)

    theirs = RewardTrainer(
        model=model,
        args=RewardConfig(str(tmp_path), use_cpu=True, bf16=False, report_to="none",
                          activation_checkpointing=False, max_length=None),
        train_dataset=dataset(better, worse),
        processing_class=tokenizer,
    )  # fmt: skip
    batch = theirs.data_collator([
        {"chosen_ids": b, "rejected_ids": w} for b, w in zip(better, worse, strict=True)
    ])  # fmt: skip

    assert theirs.compute_loss(model, batch).item() == pytest.approx(loss.item(), abs=1e-6)


def dataset(better: Any, worse: Any) -> Any:
    from datasets import Dataset

    return Dataset.from_dict({"chosen_ids": better, "rejected_ids": worse})


def test_without_rankings_it_says_what_to_do(config):
    for path in Path(config.data).iterdir():
        path.unlink()

    with pytest.raises(Trouble, match="There is no ranking to learn from"):
        reward.main(config)


def test_replies_that_cannot_be_read_leave_the_others_to_compare(config, capsys):
    odd, empty = ranking(50), ranking(51)
    odd["answers"][1]["content"] = "<|end|>"
    empty["answers"] = empty["answers"][:2]
    empty["answers"][0]["content"] = " "
    write(Path(config.data, "rankings_train.jsonl"), [odd, empty])
    write(Path(config.data, "pairs_train.jsonl"), [])

    manifest = reward.main(replace(config, steps=1))

    assert (manifest["examples"], manifest["replies"], manifest["pairs"]) == (1, 2, 1)
    lines = Path(config.out, "dropped.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["p50-1", "p51-0", "p51"]
