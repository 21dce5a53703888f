"""Adapters side by side, merged, and taken away as whole weights with a card."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from tests.trainer.recipe_fixtures import tiny
from trainer.recipes import adapters, export, merge, outputs
from trainer.recipes.card import card
from trainer.recipes.common import Trouble, make_config, read_manifest
from trainer.recipes.export import Config
from trainer.recipes.models import load_base, load_with_adapter
from trainer.recipes.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

IDS = torch.randint(10, 500, (3, 12), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="session")
def made(tiny, tmp_path_factory) -> Any:
    """`made("a", rank=4, base="…")`: an adapter's folder, with weights of its own."""
    place = tmp_path_factory.mktemp("adapters")

    def make(name: str, *, rank: int = 4, base: str = "", **settings: Any) -> str:
        out = place / "-".join([name, str(rank), Path(base).name, *settings])
        if not out.exists():
            _, model = load_base(str(tiny))
            torch.manual_seed(len(name) + sum(map(ord, name)))
            lora = LoraConfig(
                r=rank, lora_alpha=2 * rank, task_type="CAUSAL_LM",
                **{"target_modules": "all-linear", **settings},
            )  # fmt: skip
            tuned = get_peft_model(model, lora)
            for key, weight in tuned.named_parameters():
                if "lora_B" in key:
                    torch.nn.init.normal_(weight, std=0.05)
            config = Settings(base=base or str(tiny), data="", out=str(out))
            outputs._adapter(out, tuned, config)
        return str(out / "adapter")

    return make


def logits(tiny: Path, *folders: str) -> torch.Tensor:
    """Of the base with the sum of these adapters' changes."""
    _, model = load_base(str(tiny))
    for folder in folders:
        model = PeftModel.from_pretrained(model, folder).merge_and_unload()
    with torch.no_grad():
        return model(input_ids=IDS).logits


# ---- side by side ----------------------------------------------------------------------


def test_each_row_of_a_batch_goes_through_its_own_adapter(tiny, made):
    _, model = load_base(str(tiny))
    model, names = adapters.stacked(model, [made("a"), made("b", rank=8)])

    with torch.no_grad():
        mixed = model(input_ids=IDS, adapter_names=[adapters.BASE, *names]).logits

    for row, folders in enumerate([(), (made("a"),), (made("b", rank=8),)]):
        assert torch.allclose(mixed[row], logits(tiny, *folders)[row], atol=1e-4)
    assert not torch.allclose(mixed[1], logits(tiny)[1], atol=1e-2)


def test_a_prompt_is_answered_by_the_base_and_by_each_adapter(tiny, made, tmp_path):
    prompts = tmp_path / "prompts.jsonl"
    turns = [{"role": "user", "content": "Name two animals."}]
    prompts.write_text(json.dumps({"id": "p", "messages": turns}) + "\n")

    def answered(*folders: str) -> list[str]:
        config = adapters.Config(
            base=str(tiny), adapters=list(folders), prompts=str(prompts),
            out=str(tmp_path / str(len(folders))), max_new_tokens=8,
        )  # fmt: skip
        return adapters.main(config)[0]["answers"]

    both = answered(made("a"), made("b", rank=8))

    assert len(both) == 3
    assert both[:2] == answered(made("a"))
    assert len(set(both)) > 1


# ---- merged ----------------------------------------------------------------------------


def merged(tmp_path: Path, *folders: str, **settings: Any) -> str:
    out = tmp_path / "-".join(["merged", *map(str, settings.values())])
    merge.main(merge.Config(adapters=list(folders), out=str(out), **settings))
    return str(out / "adapter")


def test_cat_is_the_sum_of_all_changes_of_any_rank(tiny, made, tmp_path):
    one, other = made("a"), made("b", rank=8)

    found = logits(tiny, merged(tmp_path, one, other))

    assert torch.allclose(found, logits(tiny, one, other), atol=1e-4)
    assert not torch.allclose(found, logits(tiny, one), atol=1e-2)


def test_weights_say_how_much_of_each(tiny, made, tmp_path):
    one, other = made("a"), made("b")

    found = logits(tiny, merged(tmp_path, one, other, weights=[1.0, 0.0]))

    assert torch.allclose(found, logits(tiny, one), atol=1e-4)


@pytest.mark.parametrize("method", ["cat", "ties"])
def test_merging_is_what_peft_makes_of_it(tiny, made, tmp_path, method):
    places = [made("a"), made("b")]
    _, model = load_base(str(tiny))
    model, names = adapters.stacked(model, places)
    density = {"density": 0.5} if method == "ties" else {}
    model.add_weighted_adapter(
        names, [1.0, 0.5], "both", combination_type=method, **density
    )
    model.set_adapter("both")
    with torch.no_grad():
        theirs = model(input_ids=IDS).logits

    ours = logits(tiny, merged(tmp_path, *places, method=method, weights=[1.0, 0.5]))

    assert torch.allclose(ours, theirs, atol=1e-4)


def test_the_same_merge_is_the_same_bytes(made, tmp_path):
    def files(where: str) -> list[bytes]:
        folder = Path(merged(tmp_path / where, made("a"), made("b"), method="ties"))
        assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}
        return [path.read_bytes() for path in sorted(folder.iterdir())]

    assert files("one") == files("two")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"base": "owner/other"}, "stand on different bases: .* and owner/other"),
        ({"target_modules": ["q_proj"]}, "change different layers"),
        ({"use_rslora": True}, "has 'use_rslora' set"),
    ],
)
def test_what_does_not_belong_together_is_not_merged(made, tmp_path, changes, problem):
    with pytest.raises(Trouble, match=problem):
        merged(tmp_path, made("a"), made("odd", **changes))


def test_ties_needs_equal_ranks_and_cat_does_not(made, tmp_path):
    with pytest.raises(Trouble, match="ranks 4 and 8; 'ties' needs the same"):
        merged(tmp_path, made("a"), made("b", rank=8), method="ties")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"method": "linear"}, "parts of one adapter by parts of another"),
        ({"method": "svd"}, "must be one of cat, ties"),
        ({"adapters": ["a"]}, "two adapters at least"),
        ({"adapters": ["a", "a"]}, "only once"),
        ({"adapters": "a"}, "must be a list"),
        ({"adapters": ["a", 7]}, "'adapters' must be str"),
        ({"weights": [1.0]}, "one weight for each"),
        ({"weights": [1.0, float("inf")]}, "must be a number"),
    ],
)
def test_settings_of_a_merge_are_refused_in_words(settings, problem):
    with pytest.raises(Trouble, match=problem):
        make_config(merge.Config, {"adapters": ["a", "b"], "out": "o", **settings})


# ---- taken away ------------------------------------------------------------------------

FACTS = {
    "name": "handbook run 7",
    "method": "sft",
    "base": {"name": "Starter", "location": "owner/starter", "revision": "ab" * 20,
             "licence": "Apache-2.0"},
    "version": {"title": "handbook 3", "digest": "cd" * 32},
    "licence": "CC-BY-4.0",
    "languages": ["en", "de"],
    "counts": {"thanks": 12, "odd|name\n# x": 3},
    "contributors": 5,
    "consents": ["Terms 2"],
    "guidelines": ["Guideline 4"],
    "withdrawn": 1,
    "evaluation": {
        "before": {"loss": 5.5, "examples": 6, "tokens": 60,
                   "by_category": {"thanks": {"loss": 5.5, "examples": 6, "tokens": 60}}},
        "after": {"loss": 0.25, "examples": 6, "tokens": 60,
                  "by_category": {"thanks": {"loss": 0.25, "examples": 6, "tokens": 60}}},
    },
    "retention": {"before": {"loss": 0.39, "examples": 200}, "after": None},
}  # fmt: skip


def exported(tiny: Path, adapter: str, out: Path, **settings: Any) -> Path:
    facts = out.with_suffix(".json")
    facts.write_text(json.dumps(FACTS))
    export.main(
        Config(base=str(tiny), adapter=adapter, out=str(out), facts=str(facts), **settings)
    )
    assert read_manifest(out) is not None
    return out


def test_whole_weights_answer_as_base_and_adapter_do(tiny, made, tmp_path):
    folder = exported(tiny, made("a"), tmp_path / "out") / "model"

    _, model = load_base(str(folder))

    with torch.no_grad():
        found = model(input_ids=IDS).logits
    _, base = load_base(str(tiny))
    with torch.no_grad():
        beside = load_with_adapter(base, made("a"))(input_ids=IDS).logits
    assert torch.allclose(found, beside, atol=1e-4)
    assert not {path.suffix for path in folder.iterdir()} & {".bin", ".pt", ".pkl"}
    text = (folder / "README.md").read_text()
    assert 'library_name: "transformers"' in text


def test_exported_twice_it_is_the_same_bytes(tiny, made, tmp_path):
    one, two = (exported(tiny, made("a"), tmp_path / name) / "model" for name in "ab")

    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in two.iterdir())
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_an_adapter_alone_is_its_two_files_and_a_card(tiny, made, tmp_path):
    folder = exported(tiny, made("a"), tmp_path / "out", form="adapter") / "adapter"

    names = {"README.md", "adapter_config.json", "adapter_model.safetensors"}
    assert {path.name for path in folder.iterdir()} == names
    for name in names - {"README.md"}:
        assert (folder / name).read_bytes() == (Path(made("a")) / name).read_bytes()


def test_the_card_has_the_hubs_metadata_and_the_lineage():
    text = card({**FACTS, "weights_sha256": "ef" * 32}, is_adapter=True)

    _, front, body = text.split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    told = {name: json.loads(value) for name, value in fields.items()}
    assert told["base_model"] == "owner/starter"
    assert told["base_model_relation"] == "adapter"
    assert (told["license"], told["library_name"]) == ("cc-by-4.0", "peft")
    assert told["language"] == ["de", "en"]
    metric = told["model-index"][0]["results"][0]["metrics"][0]
    assert metric == {"type": "loss", "value": 0.25}
    for part in (
        "revision `" + "ab" * 20, "cd" * 32, "ef" * 32, "Contributors: 5", "Terms 2",
        "Guideline 4", "taken back since it was frozen: 1",
        "| thanks | 6 | 5.500 | 0.250 |",
        "| odd\\|name \\# x | 3 |", "| All | 200 | 0.390 |  |",
    ):  # fmt: skip
        assert part in body


def test_a_card_of_little_is_short_and_names_no_folder():
    text = card({"base": {"name": "Mine", "location": "/srv/models/x"}}, is_adapter=False)

    assert "/srv" not in text
    assert "base_model" not in text
    assert "license" not in text
    assert "Evaluation" not in text
