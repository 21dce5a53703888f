"""Several messages at once, and searches that people keep."""

from __future__ import annotations

import json

import pytest
from django.core.cache import caches

from curation import chosen
from curation.models import Event, Flag, Message, SavedView
from tests.curation.pages import signed_in, url
from tests.factories import CategoryFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    caches["own"].clear()
    return DatasetFactory(slug="d")


@pytest.fixture
def three(dataset):
    return [
        MessageFactory(conversation__dataset=dataset, text=f"An owl {n}") for n in range(3)
    ]


def do(client, verb, *messages, query="", **fields):
    ticked = [message.address for message in messages]
    sent = {"verb": verb, "scope": "ticked", "message": ticked, **fields}
    return client.post(f"{url('browse-do', 'd')}?{query}", sent)


def states(messages):
    return [Message.objects.get(pk=message.pk).state for message in messages]


# ---- bulk --------------------------------------------------------------------------
def test_the_ticked_ones_are_held_and_the_others_not(client, dataset, three):
    signed_in(client, dataset, "curator")
    answer = do(client, "hold", *three[:2], why="Look.", query="q=owl")
    assert answer.status_code == 302
    assert answer.url.endswith("?q=owl")
    assert states(three) == ["held", "held", "submitted"]


def test_all_that_match_are_done_up_to_a_bound(client, dataset, three, monkeypatch):
    monkeypatch.setattr(chosen, "AT_MOST", 2)
    signed_in(client, dataset, "curator")
    do(client, "hold", scope="all", why="Look.", query="q=owl&state=submitted")
    assert states(three) == ["submitted", "held", "held"]


def test_what_was_too_much_for_once_is_gone_on_with(client, dataset, three, monkeypatch):
    monkeypatch.setattr(chosen, "AT_MOST", 2)
    signed_in(client, dataset, "curator")
    wanted = {"scope": "all", "reason": "copied", "query": "q=owl"}
    answer = do(client, "flag", **wanted)
    assert answer.context["older"] == (1, three[1].address)
    assert f'name="after" value="{three[1].address}" checked' in answer.content.decode()
    assert "1 older one is left" in answer.content.decode()
    assert set(Flag.objects.values_list("message", flat=True)) == {
        three[1].pk, three[2].pk,
    }  # fmt: skip

    again = do(client, "flag", after=three[1].address, **{**wanted, "reason": ""})
    assert (again.status_code, again.context["older"].left) == (422, 1)
    file = do(client, "export", after=three[1].address, **wanted)
    assert [json.loads(line)["text"] for line in file.streaming_content] == ["An owl 0"]
    assert do(client, "flag", after=three[1].address, **wanted).status_code == 302
    assert Flag.objects.count() == 3
    none = do(client, "flag", after=three[0].address, **wanted)
    assert none.status_code == 422
    assert "No older one is left." in none.text


def test_what_is_refused_is_named_and_the_rest_is_done(client, dataset, three):
    signed_in(client, dataset, "curator")
    do(client, "hold", three[0], why="Look.")
    answer = do(client, "hold", *three, why="Look again.")
    assert answer.status_code == 200
    assert [message.pk for message, why in answer.context["refused"]] == [three[0].pk]
    assert states(three) == ["held"] * 3


def test_flags_have_a_reason(client, dataset, three):
    signed_in(client, dataset, "curator")
    assert do(client, "flag", three[0]).status_code == 422
    do(client, "flag", *three, reason="copied")
    assert Flag.objects.filter(reason="copied").count() == 3


def test_a_conversation_changes_its_category_once(client, dataset):
    answer = ReplyFactory(parent__conversation__dataset=dataset)
    before = answer.conversation.changes
    category = CategoryFactory(dataset=dataset)
    signed_in(client, dataset, "curator")
    do(client, "category", answer, answer.parent, category=category.pk)
    answer.conversation.refresh_from_db()
    assert answer.conversation.category == category
    assert answer.conversation.changes == before + 1
    assert Event.objects.filter(kind="conversation.categorised").count() == 1


def test_no_category_of_another_dataset_and_none_that_needs_a_passage(
    client, dataset, three
):
    signed_in(client, dataset, "curator")
    other = CategoryFactory()
    assert do(client, "category", three[0], category=other.pk).status_code == 422
    needs = CategoryFactory(dataset=dataset, needs_context=True)
    answer = do(client, "category", three[0], category=needs.pk)
    assert [message.pk for message, why in answer.context["refused"]] == [three[0].pk]


def test_a_selection_is_downloaded_without_names(client, dataset, three):
    curator = signed_in(client, dataset, "curator", name="Ada")
    answer = do(client, "export", three[1])
    (line,) = answer.getvalue().decode().splitlines()
    record = json.loads(line)
    assert record["text"] == "An owl 1"
    assert record["id"] == str(three[1].uid)
    assert not {"author", "created_at", "pk"} & set(record)
    event = Event.objects.get(kind="selection.exported")
    assert (event.by, event.data) == (curator, {"messages": 1})


def test_nothing_ticked_is_said_and_nothing_sent_is_lost(client, dataset, three):
    signed_in(client, dataset, "curator")
    answer = do(client, "hold", why="Because of the owl.")
    assert answer.status_code == 422
    assert b"Because of the owl." in answer.content


def test_texts_of_other_datasets_cannot_be_ticked(client, dataset):
    elsewhere = MessageFactory()
    signed_in(client, dataset, "curator")
    assert do(client, "hold", elsewhere, why="Look.").status_code == 422
    assert states([elsewhere]) == ["submitted"]


def test_members_who_are_no_curators_do_nothing_in_bulk(client, dataset, three):
    signed_in(client, dataset)
    assert do(client, "hold", *three, why="Look.").status_code == 404
    assert b'id="bulk"' not in client.get(url("browse", "d")).content


# ---- saved searches ----------------------------------------------------------------
def save(client, query="q=owl", **fields):
    return client.post(f"{url('view-save', 'd')}?{query}", {"name": "Owls", **fields})


def test_a_search_is_kept_for_oneself(client, dataset, three):
    signed_in(client, dataset)
    answer = save(client, "q=owl&state=submitted&nonsense=1")
    assert answer.url.endswith("?q=owl&state=submitted")
    assert b"Owls" in client.get(url("browse", "d")).content
    signed_in(client, dataset)
    assert b"Owls" not in client.get(url("browse", "d")).content


def test_a_shared_one_that_only_curators_can_use_says_so_to_others(client, dataset, three):
    author = three[0].author_id
    signed_in(client, dataset, "curator")
    save(client, f"author={author}&q=owl", is_shared="on")
    assert len(client.get(f"{url('browse', 'd')}?author={author}").context["found"]) == 1
    signed_in(client, dataset)
    page = client.get(f"{url('browse', 'd')}?q=owl&author={author}")
    assert page.status_code == 400
    assert b"Owls" in page.content
    assert page.context["found"] == []


def test_nothing_is_done_with_or_kept_of_a_search_that_cannot_be(client, dataset, three):
    signed_in(client, dataset, "curator")
    answer = do(client, "hold", scope="all", why="Look.", query="q=owl&category=gone")
    assert answer.status_code == 422
    assert states(three) == ["submitted"] * 3
    assert save(client, "category=gone").status_code == 422
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("query", ["conversation=review", "language=en"])
def test_all_of_a_facet_are_done(client, dataset, three, query):
    wrote = MessageFactory(
        conversation__dataset=dataset, conversation__state="growing", language="de"
    )
    signed_in(client, dataset, "curator")
    do(client, "hold", scope="all", why="Look.", query=query)
    assert states([*three, wrote]) == ["held"] * 3 + ["submitted"]


def test_the_same_name_twice_is_refused_and_kept_in_the_form(client, dataset):
    signed_in(client, dataset)
    save(client)
    answer = save(client)
    assert answer.status_code == 409
    assert SavedView.objects.count() == 1
    assert answer.context["saving"].errors["name"]


def test_one_deletes_ones_own_and_curators_what_is_shared(client, dataset):
    signed_in(client, dataset)
    save(client)
    save(client, name="Shared owls", is_shared="on")
    own = SavedView.objects.get(is_shared=False)
    shared = SavedView.objects.get(is_shared=True)
    owner = own.owner
    signed_in(client, dataset)
    assert client.post(url("view-delete", "d", own.pk)).status_code == 404
    assert client.post(url("view-delete", "d", shared.pk)).status_code == 403
    signed_in(client, dataset, "curator")
    assert client.post(url("view-delete", "d", shared.pk)).status_code == 302
    client.force_login(owner)
    assert client.post(url("view-delete", "d", own.pk)).status_code == 302
    assert not SavedView.objects.exists()
