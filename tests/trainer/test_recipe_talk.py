"""Models that stay loaded and answer what they are asked: the true recipe."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json

import pytest
from peft import LoraConfig, get_peft_model

from tests.trainer.recipe_fixtures import tiny
from trainer.recipes import models, talk
from trainer.recipes.common import Trouble, make_config

# peft asks transformers for a name that it has just renamed.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")
HELLO = [{"role": "user", "content": "Rewrite politely: Bring me the red chair."}]


@pytest.fixture
def adapter(tiny, tmp_path):
    """One that changes every answer."""
    _, model = models.load_base(str(tiny))
    config = LoraConfig(
        r=2, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"
    )
    get_peft_model(model, config).save_pretrained(tmp_path / "adapter")
    return str(tmp_path / "adapter")


def config(folder, tiny, adapters):
    count = len(adapters)
    return talk.Config(str(folder), [str(tiny)] * count, [""] * count, adapters)


def said(cfg, folder, capsys, *, temperature=0.0, seed=1, length=12):
    device = models.torch.device("cpu")
    loaded = [talk.load(cfg, voices, device) for voices in talk.by_base(cfg)]
    question = talk.Question(7, [HELLO] * len(cfg.bases), seed, temperature, length)
    talk.answer(loaded, question, folder)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = json.loads((folder / talk.SAID).read_text())
    assert (found["turn"], found["done"]) == (7, True)
    return found["said"], [event for event in events if event.get("event") == "said"]


def test_two_voices_of_one_base_share_it_and_speak_as_alone(
    tiny, adapter, tmp_path, capsys
):
    both = config(tmp_path, tiny, ["", adapter])
    assert talk.by_base(both) == [[0, 1]]

    together, events = said(both, tmp_path, capsys)
    alone = [
        said(config(tmp_path, tiny, [one]), tmp_path, capsys)[0][0] for one in ("", adapter)
    ]

    assert [one["text"] for one in together] == [one["text"] for one in alone]
    assert together[0]["text"] != together[1]["text"]
    assert [event["done"] for event in events][0] is False
    assert events[-1] == {"event": "said", "turn": 7, "done": True}


def test_no_word_is_printed(tiny, tmp_path, capsys):
    _, events = said(config(tmp_path, tiny, [""]), tmp_path, capsys)

    assert {name for event in events for name in event} == {"event", "turn", "done"}


def test_the_same_seed_says_the_same(tiny, tmp_path, capsys):
    cfg = config(tmp_path, tiny, [""])
    shape = {"temperature": 1.5, "length": 24}

    first, again, other = (
        said(cfg, tmp_path, capsys, seed=seed, **shape)[0] for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_an_answer_stops_at_the_length_and_says_so(tiny, tmp_path, capsys):
    [one], _ = said(config(tmp_path, tiny, [""]), tmp_path, capsys, length=2)

    assert (one["tokens"], one["is_cut"]) == (2, True)


def test_what_does_not_fit_is_cut_at_its_beginning(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(talk, "READS_AT_MOST", 24)

    [one], _ = said(config(tmp_path, tiny, [""]), tmp_path, capsys, length=2048)

    assert one["is_short_of_past"]
    assert one["tokens"] <= 12


def test_a_question_is_read_once_and_half_a_file_is_none(tmp_path):
    path = tmp_path / talk.ASKED
    assert talk.next_question(tmp_path) is None
    path.write_text('{"turn": 7, ')
    assert talk.next_question(tmp_path) is None
    asked = {
        "turn": 7,
        "prompts": [HELLO],
        "seed": 1,
        "temperature": 0,
        "max_new_tokens": 2,
    }
    path.write_text(json.dumps(asked))

    assert talk.next_question(tmp_path) == talk.Question(**asked)
    assert not path.exists()


def test_a_config_that_does_not_add_up_is_refused(tmp_path):
    raw = {
        "folder": str(tmp_path),
        "bases": ["a", "b"],
        "revisions": [""],
        "adapters": [""],
    }

    with pytest.raises(Trouble, match="Each voice"):
        make_config(talk.Config, raw)
