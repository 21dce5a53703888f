"""Evaluation and samples: base and tuned side by side, and models that are refused."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.trainer.recipe_fixtures import tiny, version, write_config
from trainer.recipes import evaluate, models, sample, sft
from trainer.recipes.common import Trouble
from trainer.recipes.data import parted, read_examples
from trainer.recipes.decoding import Drawing, one_each

# peft asks transformers for a name that it has just renamed.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture
def adapter(tiny, version, tmp_path) -> str:
    out = tmp_path / "run"
    sft.main(
        sft.Config(
            base=str(tiny),
            data=str(version),
            out=str(out),
            steps=25,
            learning_rate=1e-2,
            checkpoint_every=0,
            eval_every=0,
        )  # fmt: skip
    )
    return str(out / "adapter")


def test_the_evaluation_shows_each_category_and_example_before_and_after(
    tiny,
    version,
    adapter,
    tmp_path,
):
    out = tmp_path / "eval"
    evaluate.main(
        evaluate.Config(base=str(tiny), data=str(version), out=str(out), adapter=adapter)
    )

    report = json.loads((out / "eval.json").read_text())
    before, after = report["before"], report["after"]
    assert after["loss"] < before["loss"]
    assert before["examples"] == 6 and before["tokens"] == after["tokens"]
    assert set(before["by_category"]) == {"courtesy", "polite"}
    parts = before["by_category"].values()
    assert sum(part["loss"] * part["tokens"] for part in parts) == pytest.approx(
        before["loss"] * before["tokens"], rel=1e-5
    )
    first = report["examples"][0]
    assert first["id"] == "m24"
    assert first["loss_after"] < first["loss_before"]


def test_beside_the_gain_stands_what_the_base_still_knows(tiny, version, adapter, tmp_path):
    replay = str(tiny / "replay.jsonl")
    config = evaluate.Config(
        base=str(tiny), data=str(version), out=str(tmp_path / "eval"), adapter=adapter,
        replay=replay, retention_limit=30,
    )  # fmt: skip

    report = evaluate.main(config)
    again = evaluate.main(config)

    kept = report["retention"]
    assert again["retention"] == kept
    assert kept["before"]["examples"] == len(kept["examples"]) == 30
    assert len(kept["before"]["by_category"]) > 3
    assert kept["after"]["loss"] > kept["before"]["loss"]  # nothing was replayed
    assert kept["before"]["loss"] != report["before"]["loss"]


def test_what_shows_retention_is_never_replayed(tiny, version):
    config = sft.Config(
        base=str(tiny), data=str(version), out="", replay=str(tiny / "replay.jsonl")
    )
    tokenizer, _ = models.load_base(str(tiny))
    _, replayed, _ = sft.read_rows(config, tokenizer)
    whole = read_examples(tiny / "replay.jsonl")
    again, shown = parted(whole)

    assert {row.id for row in replayed.kept} == {example.id for example in again}
    assert not {example.id for example in again} & {example.id for example in shown}
    assert len(again) + len(shown) == len(whole)
    assert 0.07 < len(shown) / len(whole) < 0.13


def test_an_evaluation_without_an_adapter_scores_the_base(tiny, version, tmp_path):
    report = evaluate.main(
        evaluate.Config(base=str(tiny), data=str(version), out=str(tmp_path / "eval"))
    )

    assert report["after"] is None
    assert report["retention"] is None
    assert report["examples"][0]["loss_after"] is None


def test_samples_come_from_both_models_and_do_not_vary(tiny, adapter, tmp_path):
    prompts = tmp_path / "prompts.jsonl"
    asked = ["Rewrite politely: Bring Mia the book.", "What is 1 plus 2?", "Hi"]
    prompts.write_text("".join(prompt(number, text) for number, text in enumerate(asked)))
    settings = {"base": str(tiny), "prompts": str(prompts), "adapter": adapter}

    one = sample.main(
        sample.Config(**settings, out=str(tmp_path / "one"), max_new_tokens=12)
    )
    two = sample.main(
        sample.Config(**settings, out=str(tmp_path / "two"), max_new_tokens=12)
    )

    assert one == two
    assert [row["id"] for row in one] == ["p0", "p1", "p2"]
    assert any(row["base"] != row["tuned"] for row in one)
    assert not any("<|" in row["base"] + row["tuned"] for row in one)
    lines = (tmp_path / "one" / "samples.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == one
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert list(manifest["files"]) == ["samples.jsonl"]


def prompt(number: int, text: str) -> str:
    messages = [{"role": "user", "content": text}]
    return json.dumps({"id": f"p{number}", "messages": messages}) + "\n"


def test_an_answer_alone_or_among_others_is_the_same(tiny):
    tokenizer, model = models.load_base(str(tiny))
    asked = [
        tokenizer(text)["input_ids"] for text in ("Hi", "Name two animals and a place.")
    ]

    together = one_each(model, tokenizer, asked, Drawing(max_new_tokens=8))
    alone = [
        one_each(model, tokenizer, [ids], Drawing(max_new_tokens=8))[0] for ids in asked
    ]

    assert together == alone


def test_samples_do_not_write_over_a_training_run(tiny, adapter, tmp_path):
    config = sample.Config(base=str(tiny), prompts="", out=str(Path(adapter).parent))

    with pytest.raises(Trouble, match="choose a folder of its own"):
        sample.main(config)


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def test_a_model_that_brings_code_is_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "evil.Model"}
    (copy / "config.json").write_text(json.dumps(config))

    with pytest.raises(Trouble, match="wants to run code of its own"):
        models.load_base(str(copy))


def test_a_pickled_model_is_refused(copy):
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")

    with pytest.raises(Trouble, match=r"no \.safetensors weights"):
        models.load_base(str(copy))


def test_a_hub_model_that_is_not_here_is_not_fetched_unasked():
    with pytest.raises(Trouble, match="downloads are off"):
        models.load_base("owner/model", "0" * 40)


def test_a_folder_without_an_adapter_is_named(tiny):
    _, model = models.load_base(str(tiny))

    with pytest.raises(Trouble, match=r"No adapter_config\.json"):
        models.load_with_adapter(model, str(tiny))
