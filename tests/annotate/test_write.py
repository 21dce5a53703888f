from __future__ import annotations

import pytest
from django.urls import reverse

from annotate import planner
from annotate.models import Draft
from curation.models import Conversation, Message, Profile
from tests.annotate.work import claim, planned, submit
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def pairs(client):
    dataset = DatasetFactory(pairs=True)
    client.force_login(ContributorFactory(member=dataset, member__roles=["writer"]))
    return dataset


def test_a_pair_is_written_and_waits_for_review(client, pairs):
    category = CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    slot = claim(client)
    assert client.get(reverse("annotate:task", args=[slot.pk])).status_code == 200

    response = submit(client, slot, prompt="Why is the sky blue?", reply="Scattering.")

    assert response.status_code == 302
    conversation = Conversation.objects.get()
    assert conversation.category == category
    assert list(conversation.messages.order_by("pk").values_list("text", "state")) == [
        ("Why is the sky blue?", "submitted"),
        ("Scattering.", "submitted"),
    ]


def test_a_category_that_stands_on_a_passage_asks_for_it_and_keeps_the_rest(client, pairs):
    CategoryFactory(dataset=pairs, needs_context=True)
    planner.plan_writing(pairs)
    slot = claim(client)

    response = submit(client, slot, prompt="Who came first?", reply="The grey gelding.")

    assert response.status_code == 422
    assert "paste the text that it is about" in response.text
    assert "The grey gelding." in response.text
    assert not Conversation.objects.exists()
    assert Draft.objects.get().fields["reply"] == "The grey gelding."


def test_a_double_click_counts_once(client, pairs):
    CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    slot = claim(client)
    key = "7a2b8d9e-3c4f-4d5e-8f60-718293a4b5c6"

    for _ in range(2):
        response = submit(client, slot, key=key, prompt="A question?", reply="An answer.")
        assert response.status_code == 302

    assert Conversation.objects.count() == 1


def test_the_same_key_with_other_words_is_refused(client, pairs):
    CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    slot = claim(client)
    key = "7a2b8d9e-3c4f-4d5e-8f60-718293a4b5c6"
    submit(client, slot, key=key, prompt="A question?", reply="An answer.")

    response = submit(client, slot, key=key, prompt="Another?", reply="Another answer.")

    assert response.status_code == 409
    assert "Another answer." in response.text
    assert Conversation.objects.count() == 1


def test_answering_and_continuing_grow_the_tree(client):
    dataset = DatasetFactory(policy__replies_wanted=1, policy__max_depth=4)
    prompt = planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    client.force_login(ContributorFactory(member=dataset, member__roles=["writer"]))
    slot = claim(client, kind="answer")
    assert prompt.text in client.get(reverse("annotate:task", args=[slot.pk])).text

    submit(client, slot, text="An answer.")
    answer = Message.objects.get(parent=prompt)
    Message.objects.filter(pk=answer.pk).update(
        state="accepted", decided_at=prompt.decided_at
    )
    planned(answer)
    slot = claim(client, kind="continue")
    submit(client, slot, text="And then?")

    follow_up = Message.objects.get(parent=answer)
    assert (follow_up.role, follow_up.state) == ("prompter", "submitted")


@pytest.mark.parametrize("text", ["", "   ", "\0", "\u200b\u2060 \u202e", "\u3164"])
def test_empty_texts_are_refused_with_a_reason(client, text):
    dataset = DatasetFactory()
    planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    client.force_login(ContributorFactory(member=dataset))
    slot = claim(client, kind="answer")

    response = submit(client, slot, text=text)

    assert response.status_code in (409, 422)
    assert Message.objects.count() == 1


def test_a_text_that_is_too_long_is_refused_and_kept(client):
    dataset = DatasetFactory()
    planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    client.force_login(ContributorFactory(member=dataset))
    slot = claim(client, kind="answer")

    response = submit(client, slot, text="long " * 5000)

    assert response.status_code == 409
    assert "Shorten it or split it" in response.text
    assert Draft.objects.count() == 1


def test_a_prompt_may_stand_on_a_passage(client):
    dataset = DatasetFactory()
    CategoryFactory(dataset=dataset, needs_context=True)
    planner.plan_writing(dataset)
    client.force_login(ContributorFactory(member=dataset))
    slot = claim(client, kind="write_prompt")
    assert submit(client, slot, text="Who came first?").status_code == 422

    response = submit(client, slot, text="Who came first?", context="A race.")

    assert response.status_code == 302
    assert Message.objects.get().context == "A race."


def test_in_one_language_nobody_is_asked_which(client, pairs):
    CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    slot = claim(client)

    assert (
        'id="id_language"' not in client.get(reverse("annotate:task", args=[slot.pk])).text
    )


def test_of_several_languages_ones_own_is_chosen_and_stored(client):
    dataset = DatasetFactory(pairs=True, languages=["en", "de", "fr"])
    CategoryFactory(dataset=dataset)
    planner.plan_writing(dataset)
    person = ContributorFactory(member=dataset)
    Profile.objects.create(contributor=person, languages=["it", "de"])
    client.force_login(person)
    slot = claim(client)
    page = client.get(reverse("annotate:task", args=[slot.pk])).text
    assert '<option value="de" selected>Deutsch</option>' in page

    submit(client, slot, prompt="Pourquoi ?", reply="Parce que.", language="fr")

    assert set(Message.objects.values_list("language", flat=True)) == {"fr"}
    assert Conversation.objects.get().language == "fr"


def test_a_language_that_the_dataset_does_not_have_is_refused(client):
    dataset = DatasetFactory(pairs=True, languages=["en", "de"])
    CategoryFactory(dataset=dataset)
    planner.plan_writing(dataset)
    client.force_login(ContributorFactory(member=dataset))
    slot = claim(client)

    response = submit(client, slot, prompt="Why?", reply="So.", language="tlh")

    assert response.status_code == 422
    assert not Conversation.objects.exists()


def test_an_accepted_text_of_the_category_is_shown_but_none_that_is_held_out(client, pairs):
    category = CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    for split, text in [("train", "A shown answer."), ("held_out", "A hidden answer.")]:
        prompt = MessageFactory(
            conversation__dataset=pairs,
            conversation__category=category,
            conversation__split=split,
            accepted=True,
        )
        ReplyFactory(parent=prompt, accepted=True, text=text)
    slot = claim(client, kind="write_pair")

    page = client.get(reverse("annotate:task", args=[slot.pk])).text

    assert "An accepted example" in page
    assert "A shown answer." in page
    assert "A hidden answer." not in page
