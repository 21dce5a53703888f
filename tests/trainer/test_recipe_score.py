"""Every example is scored once, whatever stops the recipe, and as one by one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.trainer.recipe_fixtures import (
    finish,
    line,
    start,
    tiny,  # noqa: F401 (fixtures)
    tiny_tokenizer,  # noqa: F401
    version,  # noqa: F401
    write_config,
    write_version,
)
from trainer.recipes import models, score
from trainer.recipes.chat import IGNORE, Row, alone, render, render_all
from trainer.recipes.common import Trouble, read_manifest
from trainer.recipes.data import read_examples
from trainer.recipes.ledger import Ledger, lines
from trainer.recipes.marks import load_reward_model, marks
from trainer.recipes.scoring import reply_losses

# peft asks transformers in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing")


@pytest.fixture(scope="session")
def adapter(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: F811
    """Of a run of a few steps on requests to be polite."""
    folder = tmp_path_factory.mktemp("tuned")
    data, out = write_version(folder), folder / "run"
    settings = {"base": str(tiny), "data": str(data), "out": str(out), "steps": 4}
    config = write_config(folder, max_length=64, learning_rate=5e-3, **settings)
    assert finish(start("sft", config))[-1]["event"] == "done"
    return str(out / "adapter")


@pytest.fixture
def config(tiny, version, adapter, tmp_path):  # noqa: F811
    def make(**settings):
        given = {"base": str(tiny), "data": str(version), "out": str(tmp_path / "out"),
                 "adapter": adapter, "max_length": 64, "batch_tokens": 256,
                 "part": 8}  # fmt: skip
        return score.Config(**given | settings)

    return make


def found(cfg):
    return {line["id"]: line for line in lines(Path(cfg.out) / score.LOSSES)}


def test_every_example_has_the_losses_that_it_has_alone(config, tiny, version, adapter):  # noqa: F811
    cfg = config()
    score.main(cfg)

    told = found(cfg)
    assert len(told) == 30  # 24 to learn from, 6 held out
    tokenizer, model = models.load_base(str(tiny))
    model = models.load_with_adapter(model, adapter)
    examples = read_examples(version / "train.jsonl")
    rows = render_all(tokenizer, examples, 64).kept
    for row, example in zip(rows, examples, strict=True):
        (tuned,) = reply_losses(model, [row], pad=0)
        with model.disable_adapter():
            (base,) = reply_losses(model, [row], pad=0)
        (unasked,) = reply_losses(model, [alone(tokenizer, row, example.prompt)], pad=0)
        kept = told[row.id]
        assert kept["tokens"] == row.learned
        assert kept["base_sum"] == pytest.approx(base, abs=1e-3)
        assert kept["tuned_sum"] == pytest.approx(tuned, abs=1e-3)
        assert kept["base"] == pytest.approx(base / row.learned, abs=1e-4)
        assert kept["alone"] == pytest.approx(unasked / row.learned, abs=1e-4)
        assert kept["tuned"] < kept["base"]


def test_stopped_anywhere_it_ends_with_the_same_bytes(config, tmp_path):
    whole = config(out=str(tmp_path / "whole"))
    score.main(whole)
    expected = (tmp_path / "whole" / score.LOSSES).read_bytes()
    # Stopped after the first part, and in the middle of a line of the second.
    for cut in (expected.find(b"\n") + 1, len(expected) // 2, len(expected) - 3):
        out = tmp_path / f"cut-{cut}"
        out.mkdir()
        (out / score.LOSSES).write_bytes(expected[:cut])
        score.main(config(out=str(out)))
        assert (out / score.LOSSES).read_bytes() == expected
        assert read_manifest(out)


def test_what_is_done_is_not_done_again(config, monkeypatch):
    cfg = config()
    score.main(cfg)
    monkeypatch.setattr(score, "both_losses", lambda *_: pytest.fail("it was done"))
    score.main(cfg)


def test_scores_of_another_model_are_thrown_away(config, tmp_path):
    score.main(config())
    tuned = found(config())
    score.main(config(adapter=None))
    assert all(line["tuned"] is None for line in found(config()).values())
    assert found(config()).keys() == tuned.keys()


def test_what_is_known_is_left_out(config, tmp_path):
    (tmp_path / "known").write_text("m0\nm29\n")
    cfg = config(known=str(tmp_path / "known"))
    score.main(cfg)
    assert len(found(cfg)) == 28
    assert not {"m0", "m29"} & found(cfg).keys()


def test_a_reward_model_marks_each_reply(config, tiny, version):  # noqa: F811
    cfg = config(reward_base=str(tiny))
    score.main(cfg)

    given = {line["id"]: line["reward"] for line in lines(Path(cfg.out) / score.REWARDS)}
    assert given.keys() == found(cfg).keys()
    assert read_manifest(Path(cfg.out))["has_rewards"]


def test_marks_in_batches_are_marks_one_by_one(tiny, version):  # noqa: F811
    tokenizer, model = load_reward_model(str(tiny))
    rows = render_all(tokenizer, read_examples(version / "train.jsonl"), 64).kept
    pad = int(model.config.pad_token_id)
    together = marks(model, rows, pad=pad, budget=512)
    one_by_one = [marks(model, [row], pad=pad)[0] for row in rows]
    assert together == pytest.approx(one_by_one, abs=1e-4)
    assert len(set(one_by_one)) > 1


def test_alone_stands_what_opens_an_answer_and_the_same_reply(tiny_tokenizer, version):  # noqa: F811
    (example, *_) = read_examples(version / "train.jsonl")
    row = render(tiny_tokenizer, example, 64)
    bare = alone(tiny_tokenizer, row, example.prompt)

    text = tiny_tokenizer.decode(bare.ids)
    assert example.prompt[0]["content"] not in text
    assert text.startswith(tiny_tokenizer.bos_token + "<|assistant|>")
    assert [label for label in bare.labels if label != IGNORE] == [
        label for label in row.labels if label != IGNORE
    ]
    assert isinstance(bare, Row)


def test_an_example_that_cannot_be_scored_is_told(config, version):  # noqa: F811
    with (version / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write(line(99, "Say nothing.", " "))
    facts = score.main(config())
    assert [dropped["id"] for dropped in facts["dropped"]] == ["m99"]
    assert "m99" not in found(config())


def test_a_version_without_examples_is_refused(config, version):  # noqa: F811
    for name in ("train.jsonl", "held_out.jsonl"):
        (version / name).write_text("")
    with pytest.raises(Trouble, match="no example"):
        score.main(config())


def test_started_as_the_worker_does_it_tells_how_far_it_is(config, tmp_path):
    events = finish(start("score", write_config(tmp_path, **asdict(config()))))
    told = [event for event in events if event["event"] == "scored"]
    assert (told[-1]["done"], told[-1]["of"]) == (30, 30)
    assert events[-1]["event"] == "done"


def test_a_ledger_keeps_whole_lines_only(tmp_path):
    path = tmp_path / "scores.jsonl"
    Ledger(path, "one").add([{"id": "a", "x": 1}, {"id": "b", "x": 2}])
    with path.open("a") as file:
        file.write('{"id": "c", "x"')

    again = Ledger(path, "one")
    assert again.done == {"a", "b"}
    again.add([{"id": "b", "x": 9}, {"id": "c", "x": 3}])
    assert [line["x"] for line in lines(path)] == [1, 2, 3]
    assert json.loads(path.read_text().splitlines()[0]) == {"belongs_to": "one"}
    assert Ledger(path, "two").done == set()


def test_a_whole_model_is_asked_beside_its_base(config, tiny, adapter, tmp_path):  # noqa: F811
    """With the adapter added in, it says what the base with the adapter says."""
    score.main(config())
    expected = found(config())
    tokenizer, base = models.load_base(str(tiny))
    whole = models.load_with_adapter(base, adapter).merge_and_unload()
    whole.save_pretrained(tmp_path / "whole")
    tokenizer.save_pretrained(tmp_path / "whole")

    cfg = config(adapter=None, model=str(tmp_path / "whole"), out=str(tmp_path / "other"))
    score.main(cfg)

    told = found(cfg)
    assert told.keys() == expected.keys()
    for uid, one in told.items():
        assert one["base"] == expected[uid]["base"]
        assert one["tuned"] == pytest.approx(expected[uid]["tuned"], abs=1e-4)
        assert one["alone"] == pytest.approx(expected[uid]["alone"], abs=1e-4)


def test_an_adapter_and_a_whole_model_are_not_both_asked(config):
    with pytest.raises(Trouble, match="not both"):
        config(model="somewhere")
