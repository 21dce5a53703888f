from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.models import Assignment, Draft
from curation.actions import judgements, withdrawals
from curation.errors import CurationError
from curation.models import Ballot, BallotEntry, Message, Settlement
from tests.annotate.test_rank import page, ranked_soon
from tests.annotate.work import claim, planned, slots, submit
from tests.factories import ContributorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def prompt():
    return ranked_soon(2)


@pytest.fixture
def slot(client, prompt):
    client.force_login(ContributorFactory(member=prompt.conversation.dataset))
    return claim(client, kind="compare")


def places(slot):
    found = dict(BallotEntry.objects.values_list("reply", "position"))
    return tuple(found[pk] for pk in slot.shown)


@pytest.mark.parametrize(
    ("choice", "order", "strength"),
    [
        ("a3", (1, 2), 3), ("a2", (1, 2), 2), ("a1", (1, 2), 1),
        ("equal", (1, 1), None),
        ("b1", (2, 1), 1), ("b2", (2, 1), 2), ("b3", (2, 1), 3),
    ],
)  # fmt: skip
def test_seven_steps_are_an_order_and_how_clear_it_is(
    client, slot, choice, order, strength
):
    submit(client, slot, choice=choice)

    ballot = Ballot.objects.get()
    assert (places(slot), ballot.strength) == (order, strength)
    assert (ballot.outcome, ballot.protocol) == ("ranked", "comparison")


def test_equal_answers_are_a_tie_in_what_the_ballots_add_up_to(client, prompt, slot):
    submit(client, slot, choice="equal")

    assert Settlement.objects.get().order == [sorted(slot.shown)]


def test_none_is_good_and_cannot_judge_prefer_nothing(client, prompt, slot):
    submit(client, slot, choice="none_good", **{f"rating_{slot.shown[0]}": 1})

    assert places(slot) == (None, None)
    assert Ballot.objects.get().outcome == "none_good"
    assert BallotEntry.objects.get(rating=1).reply_id == slot.shown[0]


def test_cannot_judge_asks_for_a_reason(client, slot):
    response = submit(client, slot, choice="cannot_judge")
    assert (response.status_code, "Choose why you cannot judge" in response.text) == (
        422,
        True,
    )

    submit(client, slot, choice="cannot_judge", reason="alike")

    assert Ballot.objects.get().reason == "alike"


@pytest.mark.parametrize("choice", ["", "c2", "ranked"])
def test_untouched_is_no_ballot(client, slot, choice):
    response = submit(client, slot, choice=choice, **{f"rating_{slot.shown[0]}": 5})

    assert response.status_code == 422
    assert not Ballot.objects.exists()
    assert f'name="rating_{slot.shown[0]}" value="5"' in response.text


def test_the_page_asks_which_of_two_is_better(client, slot):
    text = page(client, slot)

    assert "A slightly better" in text and "B much better" in text
    assert "position_" not in text
    assert (
        client.get(
            reverse("annotate:differences", args=[slot.pk]), {"diff": "A,B"}
        ).status_code
        == 200
    )


def test_with_one_of_them_gone_there_is_nothing_to_compare(client, slot):
    Message.objects.filter(pk=slot.shown[0]).update(state="withdrawn")

    assert "nothing left to compare" in page(client, slot)
    response = submit(client, slot, choice="a2")
    assert response.status_code == 409
    assert not Ballot.objects.exists()


def test_what_cannot_be_compared_any_more_is_not_given_out(client, prompt):
    gone = prompt.replies.first()
    withdrawals.take_back(message_id=gone.pk, by=gone.author)
    client.force_login(ContributorFactory(member=prompt.conversation.dataset))

    assert claim(client, kind="compare") is None
    assert slots(kind="compare").get().state == "dropped"


def test_behind_what_cannot_be_compared_comes_the_next(client, prompt):
    other = ranked_soon(2, dataset=prompt.conversation.dataset)
    gone = prompt.replies.first()
    withdrawals.take_back(message_id=gone.pk, by=gone.author)
    client.force_login(ContributorFactory(member=prompt.conversation.dataset))

    assert claim(client, kind="compare").message == other


def test_a_page_with_nothing_to_compare_is_refused_and_its_note_kept(client, slot):
    Assignment.objects.filter(pk=slot.pk).update(shown=[])

    response = submit(client, slot, choice="a1", note="Neither is there.")

    assert response.status_code == 409
    assert "Neither is there." in response.text
    assert Draft.objects.filter(fields__note="Neither is there.").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"strength": 4},
        {"strength": 0},
        {"reason": "mood"},
        {"protocol": "duel"},
        {"rating": 8},
    ],
)
def test_the_record_takes_nothing_off_its_scales(prompt, wrong):
    shown = list(prompt.replies.values_list("pk", flat=True))
    rating = wrong.pop("rating", None)

    with pytest.raises(CurationError):
        judgements.rank(
            prompt_id=prompt.pk,
            by=ContributorFactory(member=prompt.conversation.dataset),
            outcome="ranked",
            shown=shown,
            positions=dict.fromkeys(shown, 1),
            ratings={shown[0]: rating} if rating else None,
            **wrong,
        )
    assert not Ballot.objects.exists()


def test_how_much_better_is_kept_of_comparisons_with_a_better_one_only(prompt):
    shown = list(prompt.replies.values_list("pk", flat=True))

    ballot = judgements.rank(
        prompt_id=prompt.pk,
        by=ContributorFactory(member=prompt.conversation.dataset),
        outcome="ranked",
        shown=shown,
        positions=dict.fromkeys(shown, 1),
        protocol="comparison",
        strength=2,
    )

    assert ballot.strength is None


def test_who_cannot_judge_rates_nothing(prompt):
    shown = list(prompt.replies.values_list("pk", flat=True))

    judgements.rank(
        prompt_id=prompt.pk,
        by=ContributorFactory(member=prompt.conversation.dataset),
        outcome="cannot_judge",
        shown=shown,
        ratings={shown[0]: 7},
        reason="alike",
    )

    assert not BallotEntry.objects.exclude(rating=None).exists()


def test_a_comparison_of_two_adds_to_an_order_of_three(client):
    prompt = ranked_soon(3)
    dataset = prompt.conversation.dataset
    dataset.policy.rankings_wanted = 2
    dataset.policy.save()
    a, b, c = prompt.replies.order_by("pk").values_list("pk", flat=True)
    for order in ([a, b, c], [c, b, a]):
        judgements.rank(
            prompt_id=prompt.pk,
            by=ContributorFactory(member=dataset),
            outcome="ranked",
            shown=order,
            positions={pk: place for place, pk in enumerate(order, 1)},
        )
    planned(prompt)
    client.force_login(ContributorFactory(member=dataset))

    slot = claim(client, kind="compare")
    submit(client, slot, choice="a3")

    better, worse = slot.shown
    settled = Settlement.objects.get()
    assert (settled.ballots, settled.margins) == (3, [[better, worse, 1]])
    assert sorted(pk for group in settled.order for pk in group) == [a, b, c]
    # -1 for three pairs, and the new one agrees with one of the two on one pair.
    assert settled.agreement == pytest.approx(-3 / 5)
