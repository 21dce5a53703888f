"""Known items are mixed into rankings, and nothing tells them from others."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotate import actions
from annotate.models import Assignment
from curation.actions import gold, gold_rankings, reputations
from curation.errors import CurationError
from curation.models import (
    Ballot,
    Event,
    GoldBallot,
    Message,
    Profile,
    Reputation,
    Settlement,
)
from tests.annotate.known_rankings import (
    answers_of,
    curator,
    dataset,
    given,
    known,
    reviewer,
    waiting,
)
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


def sent(slot, *, is_right=True):
    """The answers by number, as the known items here want them; or the other way round."""
    order = sorted(slot.shown, reverse=not is_right)
    return {f"position_{pk}": str(place) for place, pk in enumerate(order, 1)}


def rank(client, *, is_right=True):
    slot = claim(client, kind="rank")
    response = submit(client, slot, outcome="ranked", **sent(slot, is_right=is_right))
    assert response.status_code == 302
    return slot


# ---- in the stream ---------------------------------------------------------------------
def test_one_ranking_in_so_many_is_a_known_item(client, dataset, curator, reviewer):
    for _ in range(2):
        known(dataset, curator)
    waiting(dataset, 6)

    slots = [rank(client) for _ in range(6)]

    assert [slot.is_gold for slot in slots] == [False, False, True] * 2
    assert {slot.kind for slot in slots} == {"rank"}


def test_of_two_answers_it_comes_where_two_are_compared(client, dataset, curator, reviewer):
    known(dataset, curator, places=(1, 2))
    known(dataset, curator)
    dataset.policy.gold_every = 1
    dataset.policy.save()
    waiting(dataset, 1, answers=2)

    slot = claim(client, kind="compare")

    assert (slot.is_gold, slot.kind, len(slot.shown)) == (True, "compare", 2)
    choice = "a2" if slot.shown[0] < slot.shown[1] else "b2"
    assert submit(client, slot, choice=choice).status_code == 302
    assert GoldBallot.objects.get().right == 1


def test_it_is_no_ballot_and_leaves_the_prompt_alone(client, dataset, curator, reviewer):
    item = known(dataset, curator)
    waiting(dataset, 3)
    for _ in range(2):
        rank(client)

    slot = rank(client)

    assert (slot.is_gold, slot.message_id) == (True, item.prompt_id)
    assert not Ballot.objects.filter(prompt=item.prompt).exists()
    assert not Settlement.objects.filter(prompt=item.prompt).exists()
    given = GoldBallot.objects.get()
    assert (given.person, given.right) == (reviewer, 1)
    slot.refresh_from_db()
    assert slot.state == "done"
    line = Event.objects.get(kind="gold.answered")
    assert (line.by, line.data["right"]) == (reviewer, 1)


def test_who_ordered_them_otherwise_is_told_the_order_and_why(
    client, dataset, curator, reviewer
):
    known(dataset, curator)
    waiting(dataset, 4)
    for _ in range(2):
        rank(client)
    slot = claim(client, kind="rank")

    response = submit(client, slot, outcome="ranked", **sent(slot, is_right=False))

    page = client.get(response.url, follow=True).text
    letters = dict(zip(slot.shown, "ABC", strict=True))
    order = ", ".join(letters[pk] for pk in sorted(slot.shown))
    assert f"The order should have been {order}: It is plain." in page
    assert GoldBallot.objects.get().right == 0


def test_one_who_cannot_judge_is_not_measured(client, dataset, curator, reviewer):
    known(dataset, curator)
    waiting(dataset, 3)
    for _ in range(2):
        rank(client)
    slot = claim(client, kind="rank")
    assert slot.is_gold

    done = submit(client, slot, outcome="cannot_judge", reason="expertise")

    assert done.status_code == 302
    assert not GoldBallot.objects.exists()
    assert Event.objects.filter(kind="gold.passed").count() == 1
    assert not claim(client, kind="rank").is_gold


def test_nobody_is_asked_about_own_answers_or_what_they_ranked_or_made(
    client, dataset, curator, reviewer
):
    dataset.policy.gold_every = 1
    dataset.policy.save()
    known(dataset, curator, author=reviewer)
    ranked = known(dataset, curator)
    Ballot.objects.create(prompt=ranked.prompt, ranker=reviewer, outcome="ranked")
    waiting(dataset, 2)

    assert not claim(client, kind="rank").is_gold
    client.force_login(curator)
    assert not claim(client, kind="rank").is_gold


def test_only_while_its_answers_are_what_is_ranked(client, dataset, curator, reviewer):
    dataset.policy.gold_every = 1
    dataset.policy.save()
    item = known(dataset, curator)
    ReplyFactory(parent=item.prompt, accepted=True)
    retired = known(dataset, curator)
    gold_rankings.retire(item_id=retired.pk, by=curator)
    german = known(dataset, curator, conversation__language="de")
    Profile.objects.create(contributor=reviewer, languages=["en"])
    for prompt in waiting(dataset, 1):
        Assignment.objects.filter(message=prompt).update(language="en")

    assert german.prompt.conversation.language == "de"
    assert not claim(client, kind="rank").is_gold


def test_handed_back_it_comes_to_nobody_else_and_again_to_them(
    client, dataset, curator, reviewer
):
    dataset.policy.gold_every = 1
    dataset.policy.save()
    known(dataset, curator)
    waiting(dataset, 2)
    slot = claim(client, kind="rank")
    assert slot.is_gold
    Assignment.objects.filter(pk=slot.pk).update(
        state="open", person=None, lease_until=None
    )

    client.force_login(ContributorFactory(member=dataset))
    other = claim(client, kind="rank")
    assert (other.is_gold, other.pk != slot.pk) == (True, True)
    client.force_login(reviewer)
    assert claim(client, kind="rank").pk == slot.pk


def test_a_text_and_its_answers_can_both_be_known(client, dataset, curator, reviewer):
    dataset.policy.gold_every = 1
    dataset.policy.save()
    item = known(dataset, curator)
    gold.make(message_id=item.prompt_id, by=curator, verdict="accept", why="It is clear.")
    planned(MessageFactory(conversation__dataset=dataset))
    waiting(dataset, 1)

    review = claim(client, kind="review")
    assert submit(client, review, verdict="accept").status_code == 302
    Assignment.objects.filter(person=reviewer, state="leased").update(
        state="open", person=None, lease_until=None, is_ahead=False
    )
    ranking = actions.claim(by=reviewer, kind="rank")

    assert (review.is_gold, review.message_id) == (True, item.prompt_id)
    assert (ranking.is_gold, ranking.message_id) == (True, item.prompt_id)


def told_apart(page):
    """A page without what differs between any two tasks: numbers, keys, words, times."""
    page = re.sub(r'<input type="hidden" name="(csrfmiddlewaretoken|key)".*?>', "", page)
    page = re.sub(r'content="\w{64}"|\d{4}-\d\d-\d\dT[\d:.+]+|datetime="[^"]*"', "", page)
    page = re.sub(r"(question|answer is) \d+", "text", page)
    page = re.sub(r"\b[0-9a-f]{16}\b", "address", page)
    return re.sub(r"\d+", "0", page)


def test_its_page_cannot_be_told_from_that_of_an_ordinary_ranking(
    client, dataset, curator, reviewer
):
    known(dataset, curator)
    waiting(dataset, 4)
    rank(client)
    rank(client)
    ordinary = Assignment.objects.filter(state="open", kind="rank").first()
    slot = claim(client, kind="rank")
    assert slot.is_gold
    client.get(reverse("annotate:task", args=[slot.pk]))  # takes what is said once
    page = client.get(reverse("annotate:task", args=[slot.pk])).text
    # The same moment, with an ordinary ranking in its place.
    Assignment.objects.filter(pk=slot.pk).update(
        state="open", person=None, lease_until=None
    )
    Assignment.objects.filter(pk=ordinary.pk).update(
        state="leased", person=reviewer, lease_until=slot.lease_until,
        shown=answers_of(ordinary.message),
    )  # fmt: skip
    plain = client.get(reverse("annotate:task", args=[ordinary.pk])).text

    assert told_apart(page) == told_apart(plain)
    assert "gold" not in page
    assert "known item" not in page


def test_the_share_of_known_pairs_counts_into_what_a_ballot_weighs(
    dataset, curator, reviewer
):
    weights = []
    for _ in range(6):
        assert given(known(dataset, curator), reviewer, 1, 2, 3).right == 1
        weights.append(Reputation.objects.get(person=reviewer, kind="ranking").weight)
    assert weights == sorted(weights)
    assert weights[-1] > 2

    careless = ContributorFactory(member=dataset)
    for _ in range(6):
        given(known(dataset, curator), careless, 3, 2, 1)

    theirs = Reputation.objects.get(person=careless, kind="ranking")
    assert (theirs.gold, theirs.gold_right, theirs.weight) == (6, 0, 0.05)
    reviewing = Reputation.objects.get(person=careless, kind="reviewing")
    assert (reviewing.gold, reviewing.weight) == (0, 1)


def test_the_clock_computes_the_same(dataset, curator, reviewer):
    given(known(dataset, curator), reviewer, 2, 1, 3)
    gold.make(
        message_id=known(dataset, curator).prompt_id,
        by=curator,
        verdict="accept",
        why="So.",
    )
    text = Message.objects.get(gold__isnull=False)
    gold.answer(message_id=text.pk, by=reviewer, verdict="accept")
    at_once = Reputation.objects.values("kind", "gold", "gold_right", "weight")
    before = sorted(at_once, key=str)
    assert {(row["kind"], row["gold"]) for row in before} == {
        ("reviewing", 1), ("ranking", 2),
    }  # fmt: skip

    reputations.compute(dataset_id=dataset.pk)

    assert sorted(at_once.all(), key=str) == before


def test_only_the_best_can_be_known(dataset, curator, reviewer):
    other = ContributorFactory(member=dataset)
    item = known(dataset, curator, places=(1, 2, 2, 2))

    assert given(item, reviewer, 1, 4, 3, 2).right == 1
    assert given(item, other, 2, 1, 3, 4).right == pytest.approx(2 / 3)


def test_that_none_is_good_is_half_right_and_counts_once(dataset, curator, reviewer):
    item = known(dataset, curator)

    assert given(item, reviewer, outcome="none_good").right == 0.5
    assert given(item, reviewer, 1, 2, 3).right == 0.5
    assert GoldBallot.objects.count() == 1


def test_of_answers_that_went_meanwhile_nothing_is_asked(dataset, curator, reviewer):
    item = known(dataset, curator, places=(1, 2, 2))
    best = Message.objects.get(pk=item.answers[0])
    best.state, best.decided_at = "withdrawn", best.created_at
    best.save()

    assert given(item, reviewer, 1, 2, 3) is None
    Message.objects.filter(pk=item.answers[1]).update(state="withdrawn")
    with pytest.raises(CurationError, match="Fewer than two"):
        given(item, reviewer, 1, 2, 3)
