"""One thing done with many texts at once, by programs of curators."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import pytest

from curation import chosen
from curation.actions import messages, moderation, withdrawals
from curation.models import Case, Event, Flag, KeptAnswer, Notification, Review
from tests.curation.cases import a_curator, dataset, flagged, state_of, value_of
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program, hostile, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/"


@pytest.fixture
def program(dataset):
    return Program(a_curator(dataset), "read", "curate")


@pytest.fixture
def three(dataset):
    return [
        MessageFactory(conversation__dataset=dataset, text=f"An owl {n}") for n in range(3)
    ]


def named(*texts):
    return [text.address for text in texts]


# ---- selections ------------------------------------------------------------------------
def test_what_is_named_is_held_and_what_is_refused_is_told(program, here, three):
    sent = {"verb": "hold", "why": "Look.", "messages": named(*three[:2])}
    told = program.post(f"{here}selections/", sent).json()
    assert told == {"done": 2, "refused": [], "left": 0, "last": None}

    answer = program.post(f"{here}selections/", {**sent, "messages": named(*three)})
    assert answer.status_code == 200, answer.content
    told = answer.json()

    assert told["done"] == 1
    assert [one["message"] for one in told["refused"]] == named(*three[:2])
    assert [state_of(one) for one in three] == ["held"] * 3


def test_all_that_a_search_finds_is_flagged_up_to_a_bound(
    program, here, three, monkeypatch
):
    monkeypatch.setattr(chosen, "AT_MOST", 2)
    sent = {"verb": "flag", "reason": "unsafe", "search": "q=owl&state=submitted"}

    assert program.post(f"{here}selections/", sent, key="k").json()["done"] == 2
    assert program.post(f"{here}selections/", sent, key="k").json()["done"] == 2
    assert not KeptAnswer.objects.exists()

    assert sorted(Flag.objects.values_list("message", flat=True)) == [
        three[1].pk, three[2].pk,
    ]  # fmt: skip


def test_the_category_of_their_conversations_is_changed(program, here, dataset, three):
    CategoryFactory(dataset=dataset, slug="birds", name="Birds")
    sent = {"verb": "category", "category": "birds", "messages": named(three[0])}

    assert program.post(f"{here}selections/", sent).json()["done"] == 1

    three[0].conversation.refresh_from_db()
    assert three[0].conversation.category.slug == "birds"
    answer = program.post(f"{here}selections/", {**sent, "category": "fish"})
    assert refused_fields(answer) == {"category"}


def test_rows_are_what_the_page_downloads_and_the_history_notes_it(
    client, program, here, dataset, three
):
    told = program.post(f"{here}selections/rows/", {"search": "q=owl"}).json()["results"]

    assert [row["id"] for row in told] == [str(one.uid) for one in reversed(three)]
    assert Event.objects.get(kind="selection.exported").data == {"messages": 3}
    client.force_login(a_curator(dataset))
    page = client.post(
        f"/{here}browse/do/?q=owl", {"verb": "export", "scope": "all"}
    ).getvalue()
    assert page.count(b"\n") == 3


def test_a_search_goes_on_after_the_last_until_nothing_is_left(
    program, here, three, monkeypatch
):
    monkeypatch.setattr(chosen, "AT_MOST", 2)
    monkeypatch.setattr(chosen, "READ_AT_MOST", 2)
    flags = {"verb": "flag", "reason": "unsafe"}

    for path, wish in (("selections/", flags), ("selections/rows/", {})):
        sent = {**wish, "search": "q=owl"}
        first = program.post(here + path, sent).json()
        assert (first["left"], first["last"]) == (1, three[1].address)
        then = program.post(here + path, {**sent, "after": first["last"]}).json()
        assert (then["left"], then["last"]) == (0, three[0].address)
    assert [row["text"] for row in then["results"]] == ["An owl 0"]
    assert Flag.objects.count() == 3
    sent = {"messages": named(three[0]), "after": three[0].address}
    assert refused_fields(program.post(f"{here}selections/rows/", sent)) == {"after"}


def test_a_text_that_was_taken_back_is_refused_and_the_others_are_done(
    program, here, three
):
    withdrawals.take_back(message_id=three[0].pk, by=three[0].author)
    sent = {"messages": named(*three)}

    told = program.post(f"{here}selections/", {**sent, "verb": "hold", "why": "x"}).json()
    given = program.post(f"{here}selections/rows/", sent).json()

    assert (told["done"], told["refused"]) == (2, given["refused"])
    (refused,) = told["refused"]
    assert refused["message"] == three[0].address and "withdrawn" in refused["why"]
    assert [row["text"] for row in given["results"]] == ["An owl 1", "An owl 2"]


def test_of_texts_that_are_given_out_no_copy_is_kept(program, here, three, monkeypatch):
    monkeypatch.setattr(chosen, "READ_AT_MOST", 2)

    told = program.post(f"{here}selections/rows/", {"search": "q=owl"}, key="k").json()

    assert [row["text"] for row in told["results"]] == ["An owl 2", "An owl 1"]
    assert not KeptAnswer.objects.exists()


def test_a_selection_that_says_too_little_or_too_much_does_nothing(program, here, three):
    texts = named(three[0])
    for sent, field in [
        ({"verb": "hold", "why": "Look."}, ""),
        ({"verb": "hold", "why": "Look.", "messages": texts, "search": ""}, ""),
        ({"verb": "hold", "messages": texts}, "why"),
        ({"verb": "flag", "messages": texts}, "reason"),
        ({"verb": "hold", "why": "Look.", "search": "state=lost"}, "search"),
        ({"verb": "eat", "messages": texts}, "verb"),
    ]:
        answer = program.post(f"{here}selections/", sent)
        assert (answer.status_code, refused_fields(answer)) == (400, {field}), sent
    for body in hostile("why"):
        assert program.post(f"{here}selections/", body).status_code == 400
    assert state_of(three[0]) == "submitted" and not Flag.objects.exists()


def test_texts_of_others_are_not_there_and_nothing_is_done(program, here, three):
    other = MessageFactory()
    sent = {"verb": "hold", "why": "Look.", "messages": named(three[0], other)}

    assert program.post(f"{here}selections/", sent).status_code == 404
    assert (state_of(three[0]), state_of(other)) == ("submitted", "submitted")
    theirs = f"datasets/{other.conversation.dataset.slug}/selections/"
    assert program.post(theirs, sent).status_code == 404


# ---- the queue -------------------------------------------------------------------------
def test_several_texts_that_wait_are_decided_on_and_who_comes_second_is_told(
    program, here, dataset
):
    first, second = (
        MessageFactory(conversation__dataset=dataset, accepted=True) for _ in range(2)
    )
    flagged(first)
    flagged(second)
    items = program.get(f"{here}queue/").json()["results"]
    sent = [{"message": one["message"]["id"], "seen": one["seen"]} for one in items]
    moderation.decide(message_id=first.pk, by=a_curator(dataset), action="hold")

    told = program.post(
        f"{here}queue-together/", {"action": "reject", "note": "Out.", "items": sent}
    ).json()

    assert told["done"] == 1
    assert [one["message"] for one in told["refused"]] == [first.address]
    assert (state_of(first), state_of(second)) == ("held", "rejected")


def test_several_texts_are_given_to_a_curator_and_let_go(program, here, dataset):
    texts = [MessageFactory(conversation__dataset=dataset, accepted=True) for _ in "ab"]
    for text in texts:
        flagged(text)
    other, writer = a_curator(dataset), ContributorFactory(member=dataset)
    sent = {"action": "give", "items": [{"message": one} for one in named(*texts)]}

    for assignee in ({}, {"assignee": writer.pk}):
        answer = program.post(f"{here}queue-together/", sent | assignee)
        assert refused_fields(answer) == {"assignee"}
    answer = program.post(f"{here}queue-together/", sent | {"assignee": other.pk})
    assert answer.json() == {"done": 2, "refused": []}
    assert set(Case.objects.values_list("assignee", flat=True)) == {other.pk}
    program.post(f"{here}queue-together/", sent | {"assignee": other.pk}, key="k")
    assert Notification.objects.filter(person=other, kind="allotted").count() == 2
    program.post(f"{here}queue-together/", sent | {"action": "let_go"}, key="k")
    assert not Case.objects.exists() and not KeptAnswer.objects.exists()


# ---- one person's verdicts -------------------------------------------------------------
def test_what_one_person_judged_is_asked_of_others(program, here, dataset):
    judge = ContributorFactory(member=dataset, member__roles=["reviewer"])
    reply = ReplyFactory(parent__conversation__dataset=dataset)
    messages.review(message_id=reply.pk, by=judge, verdict="accept")

    about = {"person": judge.pk}
    told = program.post(f"{here}second-looks/of-person/", about, key="k").json()

    assert not KeptAnswer.objects.exists()  # nor one transaction around them all
    assert told == {"reopened": 1, "standing": 0, "left": 0, "versions": []}
    assert Review.objects.get(reviewer=judge).set_aside_at is not None
    stranger = ContributorFactory(member=DatasetFactory())
    for person, status in ((stranger.pk, 404), (0, 400)):
        answer = program.post(f"{here}second-looks/of-person/", {"person": person})
        assert answer.status_code == status
