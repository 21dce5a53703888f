from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.models import Draft
from curation.models import Ballot, BallotEntry, Conversation, Message, Settlement
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


def ranked_soon(count, dataset=None):
    dataset = dataset or DatasetFactory(policy__replies_wanted=count, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(count):
        ReplyFactory(parent=prompt, state="accepted", decided_at=prompt.decided_at)
    return planned(prompt)


@pytest.fixture
def prompt():
    return ranked_soon(3)


@pytest.fixture
def ranker(client, prompt):
    ranker = ContributorFactory(member=prompt.conversation.dataset)
    client.force_login(ranker)
    return ranker


def page(client, slot):
    return client.get(reverse("annotate:task", args=[slot.pk])).text


def in_order(slot, *places):
    return {f"position_{pk}": place for pk, place in zip(slot.shown, places, strict=True)}


def test_an_order_with_a_tie_settles_the_prompt(client, prompt, ranker):
    slot = claim(client)
    first, second, third = slot.shown

    submit(client, slot, outcome="ranked", **in_order(slot, 2, 2, 1))

    settlement = Settlement.objects.get(prompt=prompt)
    assert settlement.order == [[third], sorted([first, second])]
    prompt.conversation.refresh_from_db()
    assert prompt.conversation.state == Conversation.State.COMPLETE


def test_nine_answers_are_one_ballot(client):
    prompt = ranked_soon(9)
    client.force_login(ContributorFactory(member=prompt.conversation.dataset))
    slot = claim(client)
    assert [f"Answer {letter}</h3>" in page(client, slot) for letter in "AIJ"] == [
        True, True, False,
    ]  # fmt: skip

    submit(client, slot, outcome="ranked", **in_order(slot, *range(9, 0, -1)))

    placed = BallotEntry.objects.order_by("position").values_list("reply", flat=True)
    assert list(placed) == slot.shown[::-1]


def test_the_order_shown_is_stored_and_the_same_on_reload(client, prompt, ranker):
    slot = claim(client)
    pages = [page(client, slot) for _ in range(2)]
    texts = {m.pk: m.text for m in prompt.replies.all()}

    for text in pages:
        shown = sorted(texts, key=lambda pk: text.index(texts[pk]))
        assert shown == slot.shown


def test_people_see_answers_in_different_orders(client, prompt):
    orders = set()
    dataset = prompt.conversation.dataset
    dataset.policy.rankings_wanted = 8
    dataset.policy.save()
    planned(prompt)
    for person in ContributorFactory.create_batch(8, member=dataset):
        client.force_login(person)
        orders.add(tuple(claim(client).shown))

    assert len(orders) > 1


def test_nothing_is_placed_or_rated_before_somebody_does(client, prompt, ranker):
    text = page(client, claim(client))

    assert "selected>1<" not in text
    assert text.count("checked") == 1 + 3 + 1  # the layout, three open ratings, "ranked"


def test_ratings_stand_beside_the_order_and_may_be_left_open(client, prompt, ranker):
    slot = claim(client)
    first, second, third = slot.shown

    submit(
        client,
        slot,
        outcome="ranked",
        **in_order(slot, 1, 2, 3),
        **{f"rating_{first}": 7, f"rating_{second}": "", f"rating_{third}": 1},
    )

    rated = dict(BallotEntry.objects.values_list("reply", "rating"))
    assert rated == {first: 7, second: None, third: 1}


@pytest.mark.parametrize("rating", ["0", "8", "x"])
def test_a_rating_off_its_scale_is_refused(client, prompt, ranker, rating):
    slot = claim(client)
    off = {f"rating_{slot.shown[0]}": rating}

    assert submit(client, slot, **in_order(slot, 1, 2, 3), **off).status_code == 422
    assert not Ballot.objects.exists()


def test_ratings_alone_are_no_order(client, prompt, ranker):
    slot = claim(client)

    response = submit(
        client, slot, outcome="ranked", **{f"rating_{pk}": 4 for pk in slot.shown}
    )

    assert response.status_code == 422
    assert not Ballot.objects.exists()


def test_none_is_good_prefers_nothing_whatever_places_were_sent(client, prompt, ranker):
    slot = claim(client)

    submit(
        client,
        slot,
        outcome="none_good",
        **in_order(slot, 1, 2, 3),
        **{f"rating_{slot.shown[0]}": 2},
    )

    assert Ballot.objects.get().outcome == "none_good"
    assert not Settlement.objects.exists()
    assert not BallotEntry.objects.exclude(position=None).exists()
    assert BallotEntry.objects.exclude(rating=None).count() == 1


def test_an_order_with_a_gap_is_refused_and_kept(client, prompt, ranker):
    slot = claim(client)

    response = submit(client, slot, outcome="ranked", **{f"position_{slot.shown[0]}": 1})

    assert response.status_code == 422
    assert "Give each answer a place" in response.text
    assert not Ballot.objects.exists()
    assert Draft.objects.get().fields[f"position_{slot.shown[0]}"] == "1"


def test_cannot_judge_asks_for_a_reason(client, prompt, ranker):
    slot = claim(client)

    response = submit(client, slot, outcome="cannot_judge")
    assert (response.status_code, "Choose why you cannot judge" in response.text) == (
        422,
        True,
    )
    submit(client, slot, outcome="cannot_judge", reason="expertise")

    ballot = Ballot.objects.get()
    assert (ballot.outcome, ballot.reason, ballot.note) == ("cannot_judge", "expertise", "")


def test_words_of_ones_own_are_a_reason_too(client, prompt, ranker):
    submit(client, claim(client), outcome="cannot_judge", note="It is in Latin.")

    assert Ballot.objects.values_list("reason", "note").get() == (
        "other",
        "It is in Latin.",
    )


def test_a_reason_is_kept_only_where_somebody_cannot_judge(client, prompt, ranker):
    slot = claim(client)

    submit(client, slot, reason="language", **in_order(slot, 1, 2, 3))

    assert Ballot.objects.get().reason == ""


def test_a_reason_that_there_is_not_is_refused(client, prompt, ranker):
    slot = claim(client)

    assert submit(client, slot, outcome="cannot_judge", reason="mood").status_code == 422


def test_what_was_taken_back_meanwhile_needs_no_place(client, prompt, ranker):
    slot = claim(client)
    gone, *there = slot.shown
    Message.objects.filter(pk=gone).update(state="withdrawn")

    places = {f"position_{pk}": place for place, pk in enumerate(there, 1)}
    assert submit(client, slot, outcome="ranked", **places).status_code == 302
    assert set(BallotEntry.objects.values_list("reply", flat=True)) == set(there)


def test_who_wrote_an_answer_is_not_offered_its_ranking(client, prompt):
    author = prompt.replies.first().author
    author.memberships.create(dataset=prompt.conversation.dataset, role="reviewer")
    client.force_login(author)

    assert claim(client, kind="rank") is None


def test_neither_people_nor_models_are_named(client, prompt, ranker):
    reply = prompt.replies.first()
    reply.origin, reply.generator, reply.author = "model", "harbour-1", None
    reply.text = "I am harbour-1, made by OpenAI. As ChatGPT, I like the harbour."
    reply.save()

    text = page(client, claim(client))

    assert "harbour-1" not in text
    assert "I am [name]. As [name], I like the harbour." in text
    assert "you read [name] instead" in text
    reply.refresh_from_db()
    assert reply.text.startswith("I am harbour-1")


def test_the_layout_may_be_asked_for_in_the_address(client, prompt, ranker):
    url = reverse("annotate:task", args=[claim(client).pk])

    for layout in ("columns", "stack"):
        text = client.get(url, {"layout": layout}).text
        assert f'id="layout-{layout}" checked' in text
    assert 'id="layout-stack" checked' in client.get(url, {"layout": "spiral"}).text


def test_two_answers_are_compared_by_word_without_scripts(client, prompt, ranker):
    slot = claim(client)
    a, b = slot.shown[0], slot.shown[2]
    Message.objects.filter(pk=a).update(text="I am ChatGPT. The sky is blue.")
    Message.objects.filter(pk=b).update(text="The sky is very <b>blue</b>.")
    url = reverse("annotate:differences", args=[slot.pk])

    marked = '<mark class="only"> very &lt;b&gt;</mark>'

    for asked in ("diff=A,C", "diff=A&diff=C"):
        text = client.get(f"{url}?{asked}").text
        assert marked in text
        assert "ChatGPT" not in text
    for wrong in ("A", "A,D", "A,B,C", ""):
        assert client.get(url, {"diff": wrong}).status_code == 404


def test_the_differences_are_for_whoever_has_the_task(client, prompt, ranker):
    url = reverse("annotate:differences", args=[claim(client).pk])
    client.force_login(ContributorFactory(member=prompt.conversation.dataset))

    assert client.get(url, {"diff": "A,B"}).status_code == 404
