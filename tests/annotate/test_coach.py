"""Advice beside the writing, the preview, and what is stored with a text that was sent."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.urls import reverse

from annotate import planner
from curation.actions.findings import findings_in
from curation.actions.lookalikes import note_sketches
from curation.models import Finding, Message
from tests.annotate.work import claim, planned, submit
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db

ASKED = "What is the best way to learn the piano as an adult with little time?"
GERMAN = "Das ist eine kurze Antwort, und sie ist nicht auf Englisch, sondern auf Deutsch."


@pytest.fixture(autouse=True)
def nothing_remembered():
    caches["own"].clear()


@pytest.fixture
def pairs(client):
    dataset = DatasetFactory(pairs=True)
    CategoryFactory(dataset=dataset, name="Closed QA")
    planner.plan_writing(dataset)
    client.force_login(ContributorFactory(member=dataset, member__roles=["writer"]))
    return dataset


def advice(client, slot, **fields):
    response = client.post(reverse("annotate:coach", args=[slot.pk]), fields)
    assert response.status_code == 200
    return response.text


def test_there_is_no_advice_on_a_good_pair(client, pairs):
    slot = claim(client)

    said = advice(client, slot, prompt=ASKED, reply="Ten minutes a day, and a teacher.")

    assert said.strip() == ""


@pytest.mark.parametrize(
    ("reply", "said", "is_serious"),
    [
        ("Write to ada@analytical.uk.", "looks like an e-mail address", True),
        ("password: hunter2Xq9", "looks like a password", True),
        ("As an AI language model, I cannot play.", "speaks of itself as an AI", False),
        (ASKED + " Practise.", "repeating the whole prompt", False),
        (
            GERMAN,
            "in another language",
            False,
        ),
    ],
)
def test_each_kind_of_advice_is_given_for_its_field(client, pairs, reply, said, is_serious):
    slot = claim(client)

    html = advice(client, slot, prompt=ASKED, reply=reply)

    assert said in html
    assert "Answer:" in html
    assert ("data-serious" in html) is is_serious


def test_marks_in_a_passage_are_listed_and_offered_for_removal(client, pairs):
    slot = claim(client)

    html = advice(client, slot, context="Berlin is old.[1] It is big.[2][3]")

    assert "Remove 3 marks" in html
    assert "<code>[2]</code>" in html
    assert 'data-replace="context" data-text="Berlin is old. It is big."' in html


def test_a_text_that_was_pasted_whole_is_remarked_on(client, pairs):
    slot = claim(client)
    reply = "It takes a while. " * 40

    assert "was pasted" in advice(client, slot, reply=reply, pasted_reply=len(reply))
    assert "was pasted" not in advice(client, slot, reply=reply, pasted_reply="50")
    assert "was pasted" not in advice(client, slot, reply=reply, pasted_reply="many")


def test_a_prompt_in_nearly_the_same_words_is_shown_with_its_place(client, pairs):
    there = MessageFactory(conversation__dataset=pairs, text=ASKED)
    note_sketches([there])
    elsewhere = DatasetFactory(pairs=True)
    MessageFactory(conversation__dataset=elsewhere, text=ASKED)
    slot = claim(client)

    html = advice(client, slot, prompt=ASKED.replace("little", "so little").lower())

    assert "nearly the same words" in html
    assert f"/conversations/{there.conversation_id}/" in html
    assert html.count("coach__alike") == 1


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "held"])
def test_a_prompt_that_nobody_sees_is_not_shown(client, pairs, state):
    MessageFactory(conversation__dataset=pairs, text=ASKED, accepted=True, state=state)
    slot = claim(client)

    assert advice(client, slot, prompt=ASKED).strip() == ""


def test_what_is_much_shorter_than_usual_is_remarked_on_but_not_urgent(client, pairs):
    category = pairs.categories.get()
    for _ in range(8):
        prompt = MessageFactory(
            conversation__dataset=pairs, conversation__category=category, accepted=True
        )
        ReplyFactory(parent=prompt, accepted=True, text="word " * 60)
    slot = claim(client)

    html = advice(client, slot, reply="Because it is.")

    assert "much shorter" in html
    assert "data-serious" not in html
    page = client.get(reverse("annotate:task", args=[slot.pk])).text
    assert "Accepted ones mostly have 60 to 60 words." in page


def test_a_category_that_lacks_texts_is_named(client, pairs):
    empty = CategoryFactory(dataset=pairs, name="Open QA", target=40)
    full = pairs.categories.get(name="Closed QA")
    for _ in range(10):
        ConversationFactory(dataset=pairs, category=full)
    full.target = 12
    full.save()
    slot = claim(client, category=full.slug)

    page = client.get(reverse("annotate:task", args=[slot.pk])).text

    assert "Closed QA has 10 of 12." in page
    assert f"{empty.name} needs texts more: it has 0 of 40." in page


def test_nobody_asks_the_coach_about_a_task_that_is_not_theirs(client, pairs):
    slot = claim(client)
    client.force_login(ContributorFactory(member=pairs))

    assert client.post(reverse("annotate:coach", args=[slot.pk])).status_code == 404


def test_about_a_task_that_was_sent_it_has_nothing_to_say(client, pairs):
    slot = claim(client)
    texts = {"prompt": "Why is the sky blue?", "reply": "Short waves scatter more."}
    submit(client, slot, **texts)

    answer = client.post(reverse("annotate:coach", args=[slot.pk]), texts)

    assert (answer.status_code, answer.content) == (204, b"")


def test_there_is_no_coach_for_a_review(client):
    dataset = DatasetFactory()
    planned(MessageFactory(conversation__dataset=dataset))
    client.force_login(ContributorFactory(member=dataset))
    slot = claim(client, kind="review")

    assert client.post(reverse("annotate:coach", args=[slot.pk])).status_code == 404


@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "\u202e", "x" * 30_000, "🙂" * 50, "' | & !"]
)
def test_odd_texts_get_an_answer(client, pairs, text):
    slot = claim(client)

    advice(client, slot, prompt=text, reply=text, context=text)


def test_advice_asks_the_database_a_few_times_however_much_there_is(
    client, pairs, django_assert_max_num_queries
):
    for _ in range(20):
        MessageFactory(conversation__dataset=pairs, text=ASKED)
    slot = claim(client)

    # session, person; slot; shares of length (2); the same words
    with django_assert_max_num_queries(8):
        advice(client, slot, prompt=ASKED, reply="A teacher.")


def test_what_was_seen_is_stored_when_the_text_is_sent(client, pairs):
    there = MessageFactory(conversation__dataset=pairs, text=ASKED)
    note_sketches([there])
    slot = claim(client)

    submit(
        client,
        slot,
        prompt=ASKED.replace("little", "so little"),
        reply="Write to ada@analytical.uk.",
        context="It is old.[1]",
    )

    seen = Finding.objects.values_list("check_name", "message__role").order_by("check_name")
    assert list(seen) == [
        ("context.citation_marks", "prompter"),
        ("near_duplicate", "prompter"),
        ("personal_data.email", "assistant"),
    ]
    assert Finding.objects.get(check_name="near_duplicate").other == there


def test_what_a_model_says_may_sound_like_one():
    prompt = Message(text="Who are you?")
    reply = Message(text="As an AI, I am new here.", role="assistant", origin="model")

    assert findings_in(reply, prompt, {}) == []


def test_a_preview_shows_markdown_and_lets_nothing_else_through(client, pairs):
    response = client.post(
        reverse("annotate:preview"),
        {"text": "**Hi**\n\n```python\nprint(1)\n```\n<script>alert(1)</script>"},
    )

    assert "<strong>Hi</strong>" in response.text
    assert '<span class="nb">print</span>' in response.text
    assert "<script" not in response.text


def test_a_preview_is_for_those_who_are_signed_in(client):
    assert client.post(reverse("annotate:preview"), {"text": "x"}).status_code == 302
    assert Message.objects.count() == 0


def test_who_goes_on_asking_does_not_answer():
    answer = Message(text="Is there anything else that you would like to know?")
    follow_up = Message(text=answer.text + " Yes.", role="prompter")

    assert findings_in(follow_up, answer, {}) == []
