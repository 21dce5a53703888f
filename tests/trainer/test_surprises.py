"""Which scores are surprising: odd ones among their like, and none where all are alike."""

from __future__ import annotations

import random

from trainer.surprises import Scored, spread_of, surprises


def scores(count=60, category="polite", **fields):
    dice = random.Random(5)
    usual = {"base": 4.0, "tuned": 0.5, "alone": 1.5, "reward": 1.0}
    return [
        Scored(
            uid=f"{category}-{number:03}",
            prompt=f"p{number}",
            category=category,
            tokens=10 + number % 7,
            **{
                name: value + dice.gauss(0, 0.03)
                for name, value in (usual | fields).items()
            },
        )
        for number in range(count)
    ]


def kinds(found, uid):
    return {one.kind for one in found if one.uid == uid}


def with_one(**changes):
    every = scores()
    every[7] = every[7]._replace(**changes)
    return surprises(every)


def test_where_all_are_alike_nothing_surprises():
    assert surprises(scores(reward=0.0)) == []
    assert surprises([]) == []


def test_what_the_judge_dislikes_stands_first():
    found = with_one(reward=-2.0)
    assert found[0].uid == "polite-007"
    assert kinds(found, "polite-007") == {"disliked"}
    assert found[0].facts["reward"] == -2.0


def test_without_a_judge_nothing_is_disliked():
    every = [one._replace(reward=None) for one in scores()]
    assert surprises(every) == []


def test_beside_better_answers_to_its_prompt_it_is_disliked_sooner():
    wide = [one._replace(reward=float(number % 20)) for number, one in enumerate(scores())]
    worst = wide[0]._replace(prompt="shared", reward=0.0)
    others = [one._replace(prompt="shared", reward=40.0) for one in wide[1:4]]
    (first, *_) = surprises([worst, *others, *wide[4:]])
    assert (first.uid, first.kind) == (worst.uid, "disliked")
    assert first.facts["beside"] == 3


def test_what_no_model_learns_stays_high_and_fell_less():
    found = with_one(tuned=3.5, alone=4.5)
    assert kinds(found, "polite-007") == {"unlearned"}
    fell_as_others = with_one(base=28.0, tuned=3.4, alone=4.5)
    assert kinds(fell_as_others, "polite-007") == set()


def test_long_answers_are_compared_with_long_ones():
    short = [one._replace(tokens=5) for one in scores(40)]
    long = [
        one._replace(
            uid=f"long-{one.uid}", tokens=200, tuned=one.tuned + 2, alone=one.alone + 2
        )
        for one in scores(40)
    ]
    assert surprises(short + long) == []


def test_where_the_prompt_does_not_help_it_may_answer_another():
    found = with_one(tuned=0.55, alone=0.5)
    assert kinds(found, "polite-007") == {"promptless"}


def test_what_the_base_knew_is_told():
    found = with_one(base=0.02, tuned=0.01, alone=0.05)
    assert "known" in kinds(found, "polite-007")


def test_few_of_a_category_are_compared_with_all():
    lone = scores(1, category="rare", tuned=4.0, alone=5.0)
    found = surprises(scores() + lone)
    assert kinds(found, lone[0].uid) == {"unlearned"}


def test_some_odd_ones_do_not_hide_each_other():
    every = scores()
    for number in range(0, 60, 5):
        every[number] = every[number]._replace(reward=-3.0)
    assert len({one.uid for one in surprises(every)}) == 12


def test_at_most_so_many_of_a_kind():
    every = [one._replace(base=0.01) for one in scores()]
    assert len(surprises(every, at_most=7)) == 7


def test_the_widths_are_never_zero():
    assert spread_of([1.0] * 9).far(1.01) < 1
