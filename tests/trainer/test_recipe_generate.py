"""Several answers to each prompt, by the true model."""

from __future__ import annotations

import json

import pytest

from tests.trainer.recipe_fixtures import (  # noqa: F401
    finish,
    start,
    tiny,
    write_config,
)
from trainer.recipes.common import Trouble, make_config, read_manifest
from trainer.recipes.generate import Config

pytestmark = pytest.mark.slow


def generated(folder, tiny, **more):  # noqa: F811
    folder.mkdir(exist_ok=True)
    asked = folder / "prompts.jsonl"
    lines = [
        {"id": f"p{n}", "messages": [{"role": "user", "content": f"Say {n} please." * n}]}
        for n in (1, 2, 3)
    ]
    asked.write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = {"answers": 3, "max_new_tokens": 8, "max_length": 64} | more
    config = write_config(
        folder, base=str(tiny), prompts=str(asked), out=str(folder), **settings
    )
    events = finish(start("generate", config))
    assert events[-1]["event"] == "done", events
    text = (folder / "answers.jsonl").read_text()
    return {line["id"]: line["answers"] for line in map(json.loads, text.splitlines())}


def test_each_prompt_has_as_many_answers_as_asked_for_and_the_seed_decides(tmp_path, tiny):  # noqa: F811
    first = generated(tmp_path / "a", tiny, temperature=1.5)
    again = generated(tmp_path / "b", tiny, temperature=1.5)
    other = generated(tmp_path / "c", tiny, temperature=1.5, seed=2)

    assert {name: len(texts) for name, texts in first.items()} == {
        "p1": 3,
        "p2": 3,
        "p3": 3,
    }
    assert first == again != other
    assert any(len(set(texts)) > 1 for texts in first.values())
    assert read_manifest(tmp_path / "a")["recipe"] == "generate"


def test_several_likeliest_answers_are_refused():
    with pytest.raises(Trouble, match="all answers are the same"):
        make_config(Config, {"base": "b", "prompts": "p", "out": "o", "temperature": 0})
