"""Model folders that want to do something. None does: each would leave a canary."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import os
import pickle
import shutil
import time
import zipfile
from pathlib import Path

import pytest
import torch

from tests.trainer.recipe_fixtures import finish, start, tiny, version, write_config
from tests.trainer.safetensors_bytes import safetensors
from tests.trainer.spoiled_models import EVIL, Bomb, canary, change, copy, refuses
from trainer.recipes import models, vetting
from trainer.recipes.common import Trouble
from trainer.recipes.vetting import Refused, vet, vet_adapter

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def test_the_canary_would_sing(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path / "sung")))
    assert (tmp_path / "sung").exists()


def test_a_whole_model_passes(copy):
    vet(copy)
    models.load_base(str(copy))


# ---- pickles ---------------------------------------------------------------------------


def test_a_pickle_beside_the_weights_is_not_opened(copy, canary):
    for name in ("pytorch_model.bin", "training_args.bin", "model.pt", "optimizer.pkl"):
        (copy / name).write_bytes(pickle.dumps(Bomb(canary)))

    models.load_base(str(copy))


def test_a_pickle_in_the_place_of_the_weights_is_refused(copy, canary):
    (copy / "model.safetensors").unlink()
    torch.save({"a": Bomb(canary)}, copy / "pytorch_model.bin")

    refuses(copy, r"no \.safetensors weights")


@pytest.mark.parametrize("how", ["plain", "torch", "zip"])
def test_a_pickle_by_the_name_of_safetensors_is_refused(copy, canary, how):
    path = copy / "model.safetensors"
    if how == "plain":
        path.write_bytes(pickle.dumps(Bomb(canary)))
    elif how == "torch":
        torch.save({"a": Bomb(canary)}, path)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("archive/data.pkl", pickle.dumps(Bomb(canary)))
            packed.writestr("archive/zeros", bytes(20 * 2**20))

    refuses(copy, r"no whole \.safetensors file")


# ---- code ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "tokenizer_config.json",
        "generation_config.json",
        "processor_config.json",
        "preprocessor_config.json",
        "special_tokens_map.json",
    ],
)
def test_auto_map_is_refused_wherever_it_stands(copy, canary, name):
    (copy / f"{EVIL}.py").write_text(f"open({str(canary)!r}, 'w').close()\n")
    auto = {"AutoConfig": f"{EVIL}.Config", "AutoModelForCausalLM": f"{EVIL}.Model"}
    change(copy / name, auto_map=auto)

    refuses(copy, "code of its own")


def test_auto_map_is_found_inside_other_settings(copy, canary):
    change(copy / "config.json", text_config={"deep": [{"auto_map": {"A": "evil.B"}}]})

    refuses(copy, "auto_map")


@pytest.mark.parametrize(
    "settings",
    [
        {"trust_remote_code": True},
        {"_attn_implementation": "stranger/kernel"},
        {"attn_implementation": {"text_config": "stranger/kernel:run"}},
        {"transformers_weights": "../../elsewhere.bin"},
        {"transformers_weights": "pytorch_model.bin"},
        {"custom_pipelines": {"x": {"impl": "evil.Pipeline"}}},
    ],
    ids=str,
)
def test_other_ways_to_name_code_are_refused(copy, canary, settings):
    change(copy / "config.json", **settings)

    refuses(copy, "code of its own")


def test_a_tokenizer_class_of_its_own_runs_nothing(copy, canary):
    for name in (EVIL, "tokenizer", "tokenization_evil"):
        (copy / f"{name}.py").write_text(f"open({str(canary)!r}, 'w').close()\n")
    change(copy / "tokenizer_config.json", tokenizer_class=f"{EVIL}.Tokenizer")
    change(copy / "config.json", tokenizer_class="EvilTokenizer")

    try:
        models.load_base(str(copy))
    except Trouble as trouble:
        assert "Cannot load the base model" in str(trouble)


def test_a_kind_of_model_that_nobody_knows_is_refused(copy, canary):
    (copy / "modeling_evil.py").write_text(f"open({str(canary)!r}, 'w').close()\n")
    change(copy / "config.json", model_type="evil", architectures=["EvilForCausalLM"])

    with pytest.raises(Trouble, match="Cannot load the base model"):
        models.load_base(str(copy))


# ---- files that lie --------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x08",
        safetensors(length=2**62),
        safetensors(length=90 * 2**20),
        safetensors(b"{" * 100_000),
        safetensors(b"[" * 200_000 + b"]" * 200_000),
        safetensors([]),
        safetensors({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}),
        safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}),
        safetensors({"a": {"data_offsets": "0"}}),
        safetensors(data=bytes(400)),
        safetensors(
            {
                "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            }
        ),
    ],
    ids=[
        "empty", "cut", "endless", "long", "broken", "deep", "list", "claims", "negative",
        "text", "more", "twice",
    ],
)  # fmt: skip
def test_a_header_that_lies_is_refused(copy, content):
    (copy / "model.safetensors").write_bytes(content)

    refuses(copy, r"no whole \.safetensors file")


def test_weights_that_are_mostly_holes_are_refused(copy):
    size = 2**36
    header = {"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}
    path = copy / "model.safetensors"
    path.write_bytes(safetensors(header, data=b""))
    os.truncate(path, path.stat().st_size + size)

    refuses(copy, r"no whole \.safetensors file")


@pytest.mark.parametrize(
    "claims",
    [
        {"hidden_size": 10_000_000},
        {"vocab_size": 2**40},
        {"num_hidden_layers": 1_000_000},
        {"intermediate_size": 2**50},
    ],
    ids=str,
)
def test_settings_that_claim_a_giant_are_refused(copy, claims):
    change(copy / "config.json", **claims)

    refuses(copy, "far larger model")


def test_an_index_that_points_elsewhere_is_refused(copy, canary):
    shards = {"weight_map": {"a": "../../../etc/passwd", "b": "model.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(shards))

    refuses(copy, "not beside it")


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "notes.txt"])
def test_a_link_that_leads_outside_is_refused(copy, tmp_path, name):
    outside = tmp_path / "secret"
    outside.write_bytes(safetensors())
    (copy / name).unlink(missing_ok=True)
    (copy / name).symlink_to(outside)

    refuses(copy, "a link to a place outside")


def test_links_inside_the_hubs_cache_are_as_they_should_be(copy, tmp_path):
    cache = tmp_path / "hub" / "models--owner--name"
    snapshot = cache / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    for number, path in enumerate(sorted(copy.iterdir())):
        shutil.copy(path, cache / "blobs" / str(number))
        (snapshot / path.name).symlink_to(f"../../blobs/{number}")

    vet(snapshot)


def test_a_pipe_keeps_nobody_waiting(copy):
    os.mkfifo(copy / "merges.txt")

    refuses(copy, "no plain file")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("tokenizer.json", 200 * 2**20),
        ("merges.txt", 100 * 2**20),
        ("config.json", 20 * 2**20),
        ("chat_template.jinja", 2**20),
    ],
)
def test_a_bomb_is_refused_by_its_size_alone(copy, name, size):
    with (copy / name).open("ab") as file:
        file.truncate(size)

    began = time.monotonic()
    refuses(copy, "larger than any model's")
    assert time.monotonic() - began < 5


def test_settings_nested_without_end_are_refused(copy):
    (copy / "generation_config.json").write_text('{"a":' * 50_000 + "1" + "}" * 50_000)
    refuses(copy, "cannot be read as JSON")
    (copy / "generation_config.json").write_text('{"a":' * 200 + "1" + "}" * 200)
    refuses(copy, "lie deeper")


def test_a_tokenizer_whose_merges_grow_and_grow_stays_small(copy):
    """Each merge doubles; the words must stand in the file, so its size is the limit."""
    path = copy / "tokenizer.json"
    content = json.loads(path.read_text())
    words = {"a" * 2**power: 10**6 + power for power in range(28)}
    content["model"]["vocab"] |= words
    path.write_text(json.dumps(content))

    refuses(copy, "larger than any model's")


# ---- adapters --------------------------------------------------------------------------


@pytest.fixture
def adapter(tmp_path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(safetensors())
    change(folder / "adapter_config.json", peft_type="LORA", task_type="CAUSAL_LM",
           target_modules=["q_proj"], base_model_name_or_path="/somewhere")  # fmt: skip
    return folder


@pytest.mark.parametrize(
    "settings",
    [
        {"auto_mapping": {"base_model_class": "Evil", "parent_library": EVIL}},
        {"megatron_config": {"a": 1}, "megatron_core": EVIL},
        {"megatron_core": EVIL},
        {"base_model_name_or_path": "https://evil.example/model"},
        {"arrow_config": {"experts": ["stranger/expert"]}},
        {"layer_replication": [[0, 10_000_000]]},
        {"auto_map": {"A": f"{EVIL}.B"}},
    ],
    ids=str,
)
def test_an_adapter_that_names_code_or_places_is_refused(adapter, canary, settings):
    change(adapter / "adapter_config.json", **settings)

    with pytest.raises(Trouble, match="code of its own"):
        models.check_adapter(str(adapter))


def test_an_adapter_of_another_kind_is_refused(adapter):
    change(adapter / "adapter_config.json", peft_type="EVIL")

    with pytest.raises(Trouble, match="no LoRA adapter"):
        models.load_with_adapter(None, str(adapter))


def test_pickled_weights_of_an_adapter_are_never_opened(adapter, canary):
    vet_adapter(adapter)
    torch.save({"a": Bomb(canary)}, adapter / "adapter_model.bin")
    (adapter / "adapter_model.safetensors").unlink()

    with pytest.raises(Trouble, match=r"No adapter_model\.safetensors"):
        models.load_with_adapter(None, str(adapter))


# ---- a whole recipe --------------------------------------------------------------------


@pytest.mark.slow
def test_a_recipe_on_such_a_model_ends_with_one_sentence(copy, version, canary, tmp_path):
    change(copy / "config.json", auto_map={"AutoConfig": f"{EVIL}.Config"})
    config = write_config(
        tmp_path, base=str(copy), data=str(version), out=str(tmp_path / "run"), run="run-1"
    )

    *_, last = finish(start("sft", config, PYTHONPATH=f"{tmp_path}:{Path.cwd()}"))

    assert last["event"] == "failed"
    assert last["problem"].endswith("(auto_map), which Winnow refuses.")


def test_every_sentence_says_what_is_wrong(tmp_path):
    with pytest.raises(Refused) as refused:
        vet(tmp_path)
    assert str(refused.value) == f"There is no readable config.json in {tmp_path}."
    assert vetting.gettext_noop("as it is") == "as it is"
