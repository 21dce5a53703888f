"""A frozen version's files are read exactly, or refused with file, line and reason."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.trainer.recipe_fixtures import line, write_config
from trainer.recipes import common, data
from trainer.recipes.common import Trouble
from trainer.recipes.order import length_batches, training_order

GOOD = json.loads(line(1, "Hello?", "Yes."))


def test_a_line_becomes_an_example(tmp_path):
    (tmp_path / "train.jsonl").write_text(line(1, "Hello?", "Yes.\u2028Sure.") + "\n")

    [example] = data.read_examples(tmp_path / "train.jsonl")

    assert (example.id, example.conversation, example.category) == ("m1", "c1", "polite")
    assert example.prompt == [{"role": "user", "content": "Hello?"}]
    assert example.completion == {"role": "assistant", "content": "Yes.\u2028Sure."}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "train.jsonl, line 2: not JSON"),
        ("[]", "train.jsonl, line 2: expected a JSON object"),
        (json.dumps({**GOOD, "id": 7}), "train.jsonl, line 2: 'id' must be a string"),
        (json.dumps({**GOOD, "prompt": []}), "line 2, prompt: expected a list of messages"),
        (
            json.dumps({**GOOD, "prompt": [{"role": "boss", "content": ""}]}),
            "line 2, prompt: a message needs a role",
        ),
        (
            json.dumps({**GOOD, "completion": GOOD["prompt"]}),
            "line 2: the completion must be one message of the assistant",
        ),
    ],
)
def test_a_bad_line_is_named(tmp_path, bad, reason):
    (tmp_path / "train.jsonl").write_text(line(1, "Hello?", "Yes.") + bad + "\n")

    with pytest.raises(Trouble) as caught:
        data.read_examples(tmp_path / "train.jsonl")

    assert reason in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(Trouble, match=r"train\.jsonl: No such file"):
        data.read_examples(tmp_path / "train.jsonl")


@dataclass(frozen=True)
class Config:
    base: str
    rate: float = 0.5
    revision: str | None = None


def test_a_config_is_read_with_its_defaults(tmp_path):
    path = write_config(tmp_path, base="b", rate=1)

    assert common.read_config(Config, path) == Config(base="b", rate=1.0)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"base": "b", "rat": 1},
            "Unknown setting 'rat'; this recipe knows base, rate, revision.",
        ),
        ({"rate": 1}, "The setting 'base' is missing from the config."),
        ({"base": "b", "rate": "1"}, "The setting 'rate' must be float, not '1'."),
        ({"base": "b", "rate": True}, "The setting 'rate' must be float, not True."),
        (
            {"base": "b", "revision": 1},
            "The setting 'revision' must be str or null, not 1.",
        ),
    ],
)
def test_a_bad_config_is_refused_with_a_sentence(tmp_path, settings, sentence):
    with pytest.raises(Trouble) as caught:
        common.read_config(Config, write_config(tmp_path, **settings))

    assert str(caught.value) == sentence


def test_a_checkpoint_counts_only_with_a_whole_state(tmp_path):
    for step, state in (
        (5, '{"global_step": 5}'),
        (10, '{"global_step": 10}'),
        (20, '{"global_st'),
        (30, None),
    ):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-40").symlink_to(tmp_path / "checkpoint-10")

    assert common.complete_checkpoints(tmp_path) == [
        tmp_path / "checkpoint-10", tmp_path / "checkpoint-5",
    ]  # fmt: skip


def test_a_manifest_holds_only_while_its_files_are_as_written(tmp_path):
    (tmp_path / "weights").write_text("1")
    common.write_manifest(tmp_path, {"recipe": "test"}, ["weights"])
    assert common.read_manifest(tmp_path) is not None

    (tmp_path / "weights").write_text("2")

    assert common.read_manifest(tmp_path) is None


def test_each_pass_shows_every_own_row_once_and_its_share_of_replay():
    lengths = [10] * 24 + [20] * 100
    order = training_order(lengths, own=24, replay_share=0.25, size=8, count=40, seed=1)

    assert len(order) == 320
    own = [row for row in order if row < 24]
    assert len(own) == 240
    assert {own.count(row) for row in range(24)} == {10}
    assert len({row for row in order if row >= 24}) == 80  # the next part of it each time


def test_four_examples_and_no_replay_still_fill_the_steps():
    order = training_order([5, 6, 7, 8], own=4, replay_share=0.25, size=16, count=3, seed=1)

    assert len(order) == 48
    assert {order.count(row) for row in range(4)} == {12}


def test_length_batches_stay_within_their_budget():
    lengths = [3, 50, 4, 90, 5, 40]
    batches = length_batches(lengths, 100)

    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert all(max(lengths[i] for i in batch) * len(batch) <= 100 for batch in batches)
