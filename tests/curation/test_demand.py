"""What a conversation still needs: no database, turns in and wants out."""

from __future__ import annotations

import pytest

from curation.aggregate.demand import Rules, Turn, Want, state_of, wants

TREES = Rules(
    is_pairs=False, replies_wanted=2, max_depth=2, reviews_wanted=1, rankings_wanted=2
)
DEEP = TREES._replace(max_depth=4)
PAIRS = TREES._replace(is_pairs=True)


def prompt(state="accepted", **fields):
    found = {"id": 1, "parent": None, "role": "prompter", "origin": "person", **fields}
    return Turn(state=state, **found)


def reply(number, state="accepted", **fields):
    found = {"id": number, "parent": 1, "role": "assistant", "origin": "person", **fields}
    return Turn(state=state, **found)


def proposal(number, state="submitted", **fields):
    return reply(number, state, origin="model", **fields)


def test_a_new_prompt_waits_for_review():
    assert wants([prompt("submitted")], TREES) == [Want("review", 1, 1)]
    assert state_of([prompt("submitted")], TREES) == "review"


def test_an_accepted_prompt_wants_all_its_answers():
    assert wants([prompt()], TREES) == [Want("answer", 1, 2)]
    assert state_of([prompt()], TREES) == "growing"


def test_answers_under_review_hold_their_place():
    turns = [prompt(), reply(2, "submitted"), reply(3)]

    assert wants(turns, TREES) == [Want("review", 2, 1)]
    assert state_of(turns, TREES) == "growing"


@pytest.mark.parametrize("gone", ["rejected", "withdrawn", "held"])
def test_a_prompt_whose_only_answers_were_lost_is_wanted_again(gone):
    # Open Assistant never offered such a prompt to anybody again.
    turns = [prompt(), reply(2, gone), reply(3, gone)]

    assert wants(turns, TREES) == [Want("answer", 1, 2)]
    assert state_of(turns, TREES) == "growing"


def test_with_its_answers_accepted_it_wants_ballots():
    turns = [prompt(ballots=1), reply(2), reply(3)]

    assert wants(turns, TREES) == [Want("compare", 1, 1)]
    assert state_of(turns, TREES) == "ranking"


def test_with_nothing_to_rank_it_is_complete():
    # Open Assistant left such a tree in the ranking state until a restart.
    one_answer = TREES._replace(replies_wanted=1)

    assert wants([prompt(), reply(2)], one_answer) == []
    assert state_of([prompt(), reply(2)], one_answer) == "complete"


def test_ranked_enough_it_is_complete():
    assert state_of([prompt(ballots=2), reply(2), reply(3)], TREES) == "complete"


def test_more_answers_than_fit_on_a_ballot_need_more_ballots():
    turns = [prompt(ballots=1), *[reply(number) for number in range(2, 12)]]

    assert wants(turns, TREES) == [Want("rank", 1, 3)]  # two for each nine of ten


def test_one_follow_up_is_wanted_under_the_best_answer():
    turns = [prompt(ballots=2), reply(2), reply(3, is_best=True)]

    assert wants(turns, DEEP) == [Want("continue", 3, 1, blocks=False)]


def test_nobody_waits_for_a_follow_up():
    turns = [prompt(ballots=2), reply(2), reply(3)]

    assert state_of(turns, DEEP) == "complete"
    follow_up = prompt("submitted", id=4, parent=3)
    assert state_of([*turns, follow_up], DEEP) == "growing"


def test_a_follow_up_grows_as_the_first_prompt_did():
    follow_up = prompt(id=4, parent=3)
    turns = [prompt(ballots=2), reply(2), reply(3), follow_up]

    assert wants(turns, DEEP) == [Want("answer", 4, 2)]


def test_a_rejected_follow_up_is_wanted_again():
    turns = [prompt(ballots=2), reply(2), reply(3), prompt("rejected", id=4, parent=3)]

    assert wants(turns, DEEP) == [Want("continue", 2, 1, blocks=False)]


def test_nothing_is_wanted_below_what_was_rejected():
    turns = [
        prompt(ballots=2), reply(2), reply(3), reply(5, "withdrawn"),
        prompt(id=6, parent=5), reply(7, "submitted", parent=5),
    ]  # fmt: skip

    assert wants(turns, TREES) == []


def test_a_pair_is_reviewed_as_one_on_its_answer():
    turns = [prompt("submitted"), reply(2, "submitted")]

    assert wants(turns, PAIRS) == [Want("review", 2, 1)]
    assert state_of(turns, PAIRS) == "review"


def test_an_accepted_pair_is_complete_and_one_without_answer_wants_one():
    assert state_of([prompt(), reply(2)], PAIRS) == "complete"
    assert wants([prompt(), reply(2, "withdrawn")], PAIRS) == [Want("answer", 1, 1)]


def test_what_models_propose_is_ranked_first_and_only_the_best_reviewed():
    turns = [prompt(), proposal(2), proposal(3)]
    assert wants(turns, TREES) == [Want("compare", 1, 2)]

    ranked = [prompt(ballots=2), proposal(2, is_best=True), proposal(3)]
    assert wants(ranked, TREES) == [Want("review", 2, 1, blocks=False)]
    assert state_of(ranked, TREES) == "complete"


def test_a_proposal_with_nothing_to_be_ranked_against_is_reviewed():
    one_answer = TREES._replace(replies_wanted=1)

    assert wants([prompt(), proposal(2)], one_answer) == [
        Want("review", 2, 1, blocks=False)
    ]
    # While people still answer, it waits for company.
    assert wants([prompt(), proposal(2)], TREES) == [Want("answer", 1, 2)]


def test_a_prompt_by_a_model_is_reviewed_like_any_other():
    turns = [prompt("submitted", origin="model")]

    assert wants(turns, TREES) == [Want("review", 1, 1)]


@pytest.mark.parametrize(("so_far", "wanted"), [(0, 3), (2, 1), (3, 1), (5, 1)])
def test_reviews_are_wanted_up_to_the_quorum_and_one_more_breaks_a_tie(so_far, wanted):
    three = TREES._replace(reviews_wanted=3)

    assert wants([prompt("submitted", reviews=so_far)], three) == [
        Want("review", 1, wanted)
    ]


def test_of_several_first_prompts_the_one_alive_decides():
    edited = [prompt("rejected"), prompt("submitted", id=2)]

    assert state_of(edited, TREES) == "review"
    assert state_of([prompt("rejected"), prompt("rejected", id=2)], TREES) == "rejected"
    assert state_of([prompt("held")], TREES) == "held"
    assert state_of([], TREES) == "rejected"


def test_a_conversation_deeper_than_any_stack_is_no_trouble():
    turns = [prompt()]
    for number in range(2, 3_000):
        make = reply if number % 2 == 0 else prompt
        turns.append(make(id=number, parent=number - 1) if make is prompt
                     else make(number, parent=number - 1))  # fmt: skip

    assert state_of(turns, TREES) == "growing"


def test_three_answers_are_ranked_and_two_compared():
    turns = [prompt(), reply(2), reply(3), reply(4)]
    assert wants(turns, TREES) == [Want("rank", 1, 2)]
    assert state_of(turns, TREES) == "ranking"


def test_while_ballots_disagree_one_more_person_compares_within_the_budget():
    rules = TREES._replace(rankings_at_most=3)
    turns = [prompt(ballots=2, is_contested=True), reply(2), reply(3), reply(4)]
    assert wants(turns, rules) == [Want("compare", 1, 1, blocks=False)]
    assert state_of(turns, rules) == "complete"
    assert wants([turns[0]._replace(ballots=3), *turns[1:]], rules) == []


def test_however_large_the_budget_nine_ballots_are_the_most():
    rules = TREES._replace(rankings_at_most=20)
    turns = [prompt(ballots=8, is_contested=True), reply(2), reply(3), reply(4)]
    assert wants(turns, rules) == [Want("compare", 1, 1, blocks=False)]
    assert wants([turns[0]._replace(ballots=9), *turns[1:]], rules) == []


def test_where_reviewers_split_a_curator_decides():
    turns = [prompt(), reply(2, "submitted", reviews=2, is_split=True), reply(3)]
    assert wants(turns, TREES) == [Want("adjudicate", 2, 1)]
    assert state_of(turns, TREES) == "growing"


def test_a_poor_answer_is_written_anew_once():
    turns = [prompt(ballots=2), reply(2, is_lacking=True), reply(3)]
    assert wants(turns, TREES) == [Want("improve", 2, 1, blocks=False)]
    rewritten = [*turns, reply(4, "submitted", revises=2)]
    assert [want.kind for want in wants(rewritten, TREES)] == ["review"]
    accepted = [*turns, reply(4, revises=2)]
    assert "improve" not in [want.kind for want in wants(accepted, TREES)]


def test_a_rejected_rewrite_leaves_the_wish_for_a_better_answer():
    turns = [prompt(ballots=2), reply(2, is_lacking=True), reply(3)]
    rejected = [*turns, reply(4, "rejected", revises=2)]
    assert wants(rejected, TREES) == [Want("improve", 2, 1, blocks=False)]


def test_where_none_is_good_the_best_is_to_be_improved():
    turns = [prompt(ballots=2, is_lacking=True), reply(2), reply(3, is_best=True)]
    assert wants(turns, TREES) == [Want("improve", 3, 1, blocks=False)]
