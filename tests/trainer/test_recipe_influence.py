"""Which examples shaped an answer: planted ones are found, and a lost process goes on."""

from __future__ import annotations

import json
import re

import numpy
import pytest

from tests.trainer.recipe_fixtures import finish, line, polite_requests, start, write_config
from tests.trainer.recipe_fixtures import tiny as tiny
from trainer.recipes.influence import SKETCHES, influences

pytestmark = pytest.mark.slow

PLANTED = {"m100", "m101", "m102", "m103"}
ORDINARY = {f"m{number}" for number in range(16)}
ODD = "The lighthouse sleeps under the green piano."


@pytest.fixture(scope="module")
def tuned(tiny, tmp_path_factory):
    """An adapter that learned polite requests, and four times one odd answer."""
    folder = tmp_path_factory.mktemp("influence")
    lines = list(polite_requests(20))
    odd = [line(100 + n, f"Tell secret number {n}.", ODD, "odd") for n in range(4)]
    data = folder / "data"
    data.mkdir()
    (data / "train.jsonl").write_text("".join(lines[:16] + odd), encoding="utf-8")
    (data / "held_out.jsonl").write_text("".join(lines[16:]), encoding="utf-8")
    asked = [line(200, "Tell secret number 9.", ODD, "odd"), lines[18]]
    (folder / "queries.jsonl").write_text("".join(asked), encoding="utf-8")
    config = write_config(
        folder, base=str(tiny), data=str(data), out=str(folder / "run"), steps=30,
        batch_size=8, learning_rate=5e-3, eval_every=0, checkpoint_every=0,
    )  # fmt: skip
    assert finish(start("sft", config))[-1]["event"] == "done"
    return folder


def look(folder, tiny, name, **more):
    out = folder / name
    out.mkdir(exist_ok=True)
    config = write_config(
        out, base=str(tiny), adapter=str(folder / "run" / "adapter"), size=512, top=20,
        data=str(folder / "data"), queries=str(folder / "queries.jsonl"), out=str(out),
        **more,
    )  # fmt: skip
    events = finish(start("influence", config))
    assert events[-1]["event"] == "done", events
    return json.loads((out / "influence.json").read_text())


def mean(answer, ids):
    """Of these examples' scores for an answer."""
    scores = {one["id"]: one["score"] for one in answer["helped"] + answer["hindered"]}
    return sum(scores.get(one, 0.0) for one in ids) / len(ids)


def test_the_examples_that_were_planted_stand_first(tuned, tiny):
    odd, polite = look(tuned, tiny, "found")["answers"]

    # Single ones may be known by heart and have hardly a gradient left: so all together.
    assert mean(odd, PLANTED) > 0 > mean(polite, PLANTED) - mean(polite, ORDINARY)
    assert mean(odd, PLANTED) > mean(odd, ORDINARY)
    assert all(one["score"] < 0 for one in odd["hindered"])


def test_after_a_lost_process_the_rest_is_done_and_the_result_is_the_same(tuned, tiny):
    whole = look(tuned, tiny, "whole")
    sketches = (tuned / "whole" / SKETCHES).read_bytes()
    (tuned / "half").mkdir()
    (tuned / "half" / SKETCHES).write_bytes(sketches[: len(sketches) // 2 + 7])

    again = look(tuned, tiny, "half")

    assert again["answers"] == whole["answers"]
    assert (tuned / "half" / SKETCHES).read_bytes() == sketches


def test_few_examples_and_many_come_to_the_same_formula():
    dice = numpy.random.default_rng(1)
    learned, wanted = dice.normal(size=(6, 6)), dice.normal(size=(2, 6))
    spare = numpy.hstack([learned, numpy.zeros((6, 3))])  # more numbers than examples

    direct = influences(learned, wanted, damping=0.3)
    by_woodbury = influences(
        spare, numpy.hstack([wanted, numpy.zeros((2, 3))]), damping=0.3
    )

    assert numpy.allclose(direct, by_woodbury)


def test_no_adapter_says_what_to_give(tuned, tiny, tmp_path):
    config = write_config(
        tmp_path, base=str(tiny), adapter=str(tmp_path), data=str(tuned / "data"),
        queries=str(tuned / "queries.jsonl"), out=str(tmp_path),
    )  # fmt: skip
    assert re.search(
        "finished run's adapter", finish(start("influence", config))[-1]["problem"]
    )
