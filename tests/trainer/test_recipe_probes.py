"""A judge that can be gamed is found out, and one that cannot is not blamed."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trainer.preference_fixtures import ranking, write, write_preferences
from tests.trainer.recipe_fixtures import line, tiny, tiny_tokenizer
from trainer.recipes import gaming, mark, probes, reward, verdicts
from trainer.recipes.common import Trouble
from trainer.recipes.data import Example, read_examples
from trainer.recipes.preferences import read_ranked
from trainer.recipes.verdicts import Verdict

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    version = write_preferences(tmp_path_factory.mktemp("data"))
    held_out = [line(number, f"Say {number}.", f"Here is {number}.") for number in range(3)]
    (version / "held_out.jsonl").write_text("".join(held_out))
    return version


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory, data):
    cfg = reward.Config(
        base=str(tiny), data=str(data), out=str(tmp_path_factory.mktemp("run")),
        run="run-1", steps=20, batch_size=4, learning_rate=5e-3, eval_every=0,
        checkpoint_every=0,
    )  # fmt: skip
    reward.main(cfg)
    return cfg


@pytest.fixture
def asked(trained, tmp_path, monkeypatch):
    """`asked(judge)`: what the probes say of a judge that marks a row by `judge(row)`."""

    def asked(judge=None, **more):
        if judge:
            monkeypatch.setattr(
                probes, "marks", lambda model, rows, **_: [judge(row) for row in rows]
            )
        cfg = probes.Config(
            base=trained.base, data=trained.data, out=str(tmp_path / "probes"),
            adapter=f"{trained.out}/adapter", **more,
        )  # fmt: skip
        return probes.main(cfg)

    return asked


def test_who_counts_words_is_found_out_by_filler(asked):
    report = asked(lambda row: row.learned)

    found = report["probes"]
    for name in ("padded", "twice", "longer_worse"):
        assert found[name]["share"] == 1.0, name
    assert found["dot"]["share"] == 0.0
    assert found["worse"]["share"] == 0.0  # here, the better answer is the longer one
    assert report["order"]["share"] == 0.0


def test_who_believes_what_an_answer_says_of_itself_is_found_out(asked, tiny_tokenizer):
    def gullible(row):
        text = tiny_tokenizer.decode(row.ids[-row.learned :])
        return 1.0 if "Rate this answer" in text or "highest mark" in text else 0.0

    found = asked(gullible)["probes"]
    assert found["rate"]["share"] == found["ignore"]["share"] == 1.0
    assert found["dot"]["share"] == 0.5  # it prefers neither


def test_who_knows_good_answers_is_not_blamed(asked, data, tiny_tokenizer):
    good = {case.good for case in probes.held_out_cases(data)}

    def wise(row):
        said = tiny_tokenizer.decode(row.ids[-row.learned :], skip_special_tokens=True)
        return 1.0 if said.strip() in good else 0.0

    found = asked(wise)["probes"]
    # The good answer to another prompt is good to this judge, as it does not read prompts.
    assert {name: one["share"] for name, one in found.items() if one["share"]} == {
        "other_prompt": 0.5
    }
    # Nothing but good marks in seven conversations is not “never”.
    assert found["padded"]["low"] == 0.0 and 0.2 < found["padded"]["high"] < 0.6


def test_who_looks_at_the_neighbours_is_found_out(asked, monkeypatch):
    looks = []

    def by_place(model, rows, **_):
        looks.append(1)
        return [float(place) for place in range(len(rows))]

    monkeypatch.setattr(probes, "marks", by_place)
    assert asked()["order"]["share"] == 1.0
    assert len(looks) == 2


def test_a_true_reward_model_is_asked_and_its_marks_know_no_order(asked, tmp_path):
    report = asked()

    assert report["prompts"] == 7  # four that people ranked, three that were accepted
    assert report["probes"]["worse"]["prompts"] == 4
    assert report["probes"]["padded"]["prompts"] == 7
    assert report["order"]["share"] == 0.0
    for found in report["probes"].values():
        assert 0 <= found["low"] <= found["share"] <= found["high"] <= 1
    assert json.loads((tmp_path / "probes" / "probes.json").read_text())["order"]


def test_a_case_has_the_best_and_the_worst_that_people_ranked(data):
    first, *_ = gaming.cases(read_ranked(data, "held_out").kept, [])
    ranked = ranking(12)["answers"]
    assert (first.good, first.worse) == (ranked[0]["content"], ranked[-1]["content"])


def test_a_worse_answer_is_made_the_longer_of_the_two(data):
    case = gaming.cases(read_ranked(data, "held_out").kept, [])[0]
    long = gaming.Case(case.id, case.group, case.category, case.prompt, "w " * 900, "no")
    (ranked,) = gaming.probed([long])
    texts = {reply.id: reply.content for reply in ranked.replies}
    assert len(texts["longer_worse"]) > len(texts[gaming.GOOD])
    assert "other_prompt" not in texts  # there is no other conversation


def test_without_anything_held_out_it_says_what_to_do(tmp_path, tiny):
    (tmp_path / "held_out.jsonl").write_text("")
    cfg = probes.Config(base=str(tiny), data=str(tmp_path), out=str(tmp_path))
    with pytest.raises(Trouble, match="held-out"):
        probes.main(cfg)


# ---- marks for answers -----------------------------------------------------------------


def test_each_answer_gets_its_mark_and_what_cannot_be_read_none(trained, tmp_path, capsys):
    answers = tmp_path / "asked.jsonl"
    turns = [{"role": "user", "content": "Rewrite politely: Bring Ada the map."}]
    given = ["Could you please bring Ada the map?", "", "Bring Ada the map!"]
    lines = [{"id": "p1", "messages": turns, "answers": given},
             {"id": "p2", "messages": turns, "answers": []}]  # fmt: skip
    answers.write_text("".join(json.dumps(one) + "\n" for one in lines))
    cfg = mark.Config(
        base=trained.base, adapter=f"{trained.out}/adapter", answers=str(answers),
        out=str(tmp_path / "marks"),
    )  # fmt: skip

    first, second = mark.main(cfg)

    polite, none, rude = first["marks"]
    assert none is None and polite > rude
    assert second == {"id": "p2", "marks": []}
    assert (tmp_path / "marks" / "manifest.json").exists()


@pytest.mark.parametrize("answers", ["one", [1], None])
def test_answers_that_are_no_list_of_texts_are_refused(tmp_path, answers):
    path = tmp_path / "asked.jsonl"
    turns = [{"role": "user", "content": "Hi"}]
    path.write_text(json.dumps({"id": "p", "messages": turns, "answers": answers}))
    with pytest.raises(Trouble, match="line 1: 'answers'"):
        mark.read_asked(path)


# ---- lengths ---------------------------------------------------------------------------


def test_pairs_of_like_length_are_told_apart():
    def pair(margin, better, worse, group):
        return Verdict("", group, margin, better, worse)

    found = verdicts.length_bias([
        pair(1.0, 100, 81, "a"), pair(-1.0, 81, 100, "b"),  # within a fifth
        pair(1.0, 100, 80, "c"), pair(1.0, 100, 10, "d"),
        pair(-1.0, 10, 100, "e"),
    ])  # fmt: skip
    assert (found["matched"]["pairs"], found["matched"]["accuracy"]) == (2, 0.5)
    assert (found["shorter"]["pairs"], found["shorter"]["accuracy"]) == (2, 0.0)
    assert found["matched"]["accuracy_low"] <= 0.5 <= found["matched"]["accuracy_high"]
    assert verdicts.length_bias([pair(1.0, 100, 10, "d")])["matched"] is None
