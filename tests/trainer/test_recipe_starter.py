"""The starter is the same bytes wherever it is built; the demo's tasks are not in it."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.trainer.recipe_fixtures import (
    ROOT,
    finish,
    start,
    tiny,
    tiny_tokenizer,
    write_config,
)
from trainer.recipes import chat, models, starter, starter_key
from trainer.recipes.data import read_examples
from trainer.recipes.starter_corpus import records


def test_two_builds_are_equal_to_the_byte(tiny, tmp_path):
    config = write_config(tmp_path, out=str(tmp_path / "again"), steps=20)
    events = finish(start("starter", config, cold=True, PYTHONHASHSEED="77"))

    kinds = [event["event"] for event in events]
    assert kinds == ["started", "step", "step", "held_out", "done"]
    names = sorted(path.name for path in tiny.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    for name in names:
        assert (tiny / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_a_finished_starter_is_not_built_again(tiny):
    before = (tiny / "model.safetensors").stat().st_mtime_ns

    assert starter.ensure(tiny.parent, {"steps": 20, "seed": 1}) == tiny
    assert (tiny / "model.safetensors").stat().st_mtime_ns == before


def test_two_builders_at_once_leave_one_whole_model(tmp_path, monkeypatch):
    monkeypatch.setattr(starter, "build", write_nothing_much)
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: starter.ensure(tmp_path, {"steps": 1}), range(8)))

    assert len(set(folders)) == 1
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [folders[0]]
    assert starter_key.find(tmp_path, {"steps": 1}) == folders[0]


def test_a_damaged_starter_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(starter, "build", write_nothing_much)
    folder = starter.ensure(tmp_path, {"steps": 1})
    (folder / "model.safetensors").write_text("rotten")
    assert starter_key.find(tmp_path, {"steps": 1}) is None

    starter.ensure(tmp_path, {"steps": 1})

    assert starter_key.find(tmp_path, {"steps": 1}) == folder


def write_nothing_much(folder, config):
    (folder / "model.safetensors").write_text("weights")
    facts = {"content_key": starter_key.content_key(config)}
    starter.write_manifest(folder, facts, ["model.safetensors"])


def test_the_key_changes_with_what_decides_the_bytes_and_needs_no_torch():
    key = starter_key.content_key({})
    assert key == starter_key.content_key({"steps": starter_key.STEPS, "models_dir": "x"})
    assert key != starter_key.content_key({"seed": 2})

    code = "import sys; from trainer.recipes import starter_key as k; k.content_key({}); "
    code += "sys.exit(bool({'torch', 'transformers', 'django'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    )


def test_the_corpus_leaves_the_contributed_tasks_to_people():
    prompts = [record["prompt"][-1]["content"] for record in records(1)]

    for phrase in ("Rewrite politely", "thank-you", "Where is the", "Dear "):
        told = [
            prompt
            for prompt in prompts
            if phrase in prompt and not prompt.startswith("Say:")
        ]
        assert told == [], phrase
    replies = [record["completion"][0]["content"] for record in records(1)]
    assert not any("You will find the" in reply for reply in replies)


def test_the_replies_use_the_words_that_people_will_teach(tiny_tokenizer):
    replies = [record["completion"][0]["content"] for record in records(1)]
    said = {token for ids in tiny_tokenizer(replies)["input_ids"] for token in ids}

    taught = (
        "Dear Anna, thank you so much for the book. It was very kind of you. Could please"
    )
    assert set(tiny_tokenizer(taught)["input_ids"]) <= said
    # What is left are bytes that hardly a text has, and pieces that only appear joined.
    assert len(said) > 0.7 * len(tiny_tokenizer)


def test_the_model_opens_with_its_template_and_distinct_tokens(tiny):
    tokenizer, model = models.load_base(str(tiny))

    special = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id}
    assert len(special) == 3
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    ids = chat.prompt_ids(tokenizer, [{"role": "user", "content": "What is 1 plus 2?"}])
    text = "<|begin|><|user|> What is 1 plus 2?<|end|><|assistant|>"
    assert tokenizer.decode(ids) == text


def test_the_folder_brings_replay_licence_and_counts(tiny):
    assert len(read_examples(tiny / "replay.jsonl")) == 2000
    manifest = json.loads((tiny / "manifest.json").read_text())
    assert manifest["licence"].startswith("Apache-2.0")
    assert sum(manifest["corpus"].values()) == len(list(records(1)))
    assert "model.safetensors" in manifest["files"]
