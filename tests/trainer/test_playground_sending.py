"""Answers of a talk are sent to the record by who reads over them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation.models import Ballot, Consent, Conversation, Membership, Message, Terms
from tests.factories import CategoryFactory, DatasetFactory
from tests.trainer.talks import done, page_of, send_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def other():
    return DatasetFactory(title="Open talk", slug="open-talk")


def sent_form(page, **more):
    """What the page would send."""
    form = page.context["form"]
    terms = [terms.pk for terms in page.context["place"].terms]
    sent = {"to": page.context["place"].dataset.slug, "seen": page.context["seen"]}
    assert form
    return sent | {"terms": terms, "agree": "on", "language": "en", **more}


def test_before_it_is_sent_nothing_is_in_the_record(web, begin):
    before = Message.objects.count()
    answer = done(begin("Who guards the bridge?"), "A troll.", "Nobody.")[0]
    web.post(reverse("trainer:talk_rate", args=[answer.pk]), {"thumb": "up"})
    page = web.get(send_to(answer))

    assert "Who guards the bridge?" in page.text and "A troll." in page.text
    assert "CC-BY-4.0" in page.text
    assert "you find this answer good" in page.text
    assert (Message.objects.count(), Ballot.objects.count()) == (before, 0)

    refused = web.post(send_to(answer), sent_form(page, agree="", correction="Mine."))
    assert refused.status_code == 422
    assert "Tick the box" in refused.text and "Mine." in refused.text
    assert Message.objects.count() == before


def test_what_is_sent_is_a_proposal_in_ones_own_name_and_the_models(
    web, begin, curator, finished
):
    answer = done(begin("Who guards the bridge?"), "A troll.", "Nobody.")[0]
    web.post(reverse("trainer:talk_rate", args=[answer.pk]), {"thumb": "down"})
    page = web.get(send_to(answer))

    web.post(send_to(answer), sent_form(page, correction="A grumpy troll guards it."))

    answer.refresh_from_db()
    messages = list(answer.sent_to.messages.order_by("pk"))
    facts = [(m.origin, m.author, m.generator, m.state) for m in messages]
    assert facts == [
        ("person", curator, "", "submitted"),
        ("model", None, finished.signature, "submitted"),
        ("person", curator, "", "submitted"),
    ]
    prompt, proposal, own = messages
    assert (own.revises, own.parent, proposal.parent) == (proposal, prompt, prompt)
    ballot = Ballot.objects.get()
    assert (ballot.prompt, ballot.ranker, ballot.outcome) == (prompt, curator, "none_good")
    assert ballot.set_aside_at is not None  # it was not blind
    assert ballot.entries.get().rating == 1
    assert "Sent to the record" in web.get(page_of(answer.turn.talk)).text


def test_both_answers_to_one_question_stand_under_one_prompt(web, begin):
    left, right = done(begin("Who guards the bridge?"), "A troll.", "Nobody.")
    for answer in (left, right):
        web.post(send_to(answer), sent_form(web.get(send_to(answer))))

    left.refresh_from_db()
    right.refresh_from_db()
    assert left.sent_to == right.sent_to
    prompt = left.sent_to.messages.get(role="prompter")
    assert sorted(prompt.replies.values_list("text", flat=True)) == ["A troll.", "Nobody."]
    assert Ballot.objects.get().entries.count() == 2


def test_a_double_click_sends_once(web, begin):
    answer = done(begin(), "One.", "Two.")[0]
    form = sent_form(web.get(send_to(answer)))

    assert web.post(send_to(answer), form).status_code == 302
    count = Message.objects.count()
    assert web.post(send_to(answer), form).status_code == 302
    assert Message.objects.count() == count


def test_a_whole_talk_goes_where_conversations_grow_and_not_among_pairs(
    web, begin, say, curator, other
):
    Membership.objects.create(dataset=other, contributor=curator, role="writer")
    talk = begin("Who guards the bridge?")
    done(talk, "A troll. Mail jo@acme-tools.com.", "Nobody.")
    say(talk, "Is he kind?")
    answer = done(talk, "Rarely.", "Yes.")[2]

    pairs = web.get(send_to(answer))
    refused = web.post(send_to(answer), sent_form(pairs, correction="Seldom so."))
    assert refused.status_code == 409
    assert "holds single questions" in refused.text and "Seldom so." in refused.text

    there = web.get(send_to(answer), {"to": other.slug})
    assert "looks like an e-mail address" in there.text  # of what leads to it, too
    assert web.post(send_to(answer), sent_form(there)).status_code == 302
    conversation = Conversation.objects.get(dataset=other)
    said = conversation.messages.order_by("pk").values_list("text", flat=True)
    assert list(said) == [
        "Who guards the bridge?", "A troll. Mail jo@acme-tools.com.", "Is he kind?",
        "Rarely.",
    ]  # fmt: skip


def test_terms_are_agreed_to_with_it_or_nothing_is_sent(web, begin, dataset, curator):
    terms = Terms.objects.create(
        dataset=dataset, number=1, text="We train on it.", licence="CC0-1.0",
        uses=["training"],
    )  # fmt: skip
    answer = done(begin(), "One.", "Two.")[0]
    page = web.get(send_to(answer))
    assert "We train on it." in page.text and "CC0-1.0" in page.text
    before = Message.objects.count()

    refused = web.post(send_to(answer), sent_form(page, terms=[]))
    assert refused.status_code == 409
    assert (Message.objects.count(), Consent.objects.count()) == (before, 0)

    # What refuses later takes the consent with it.
    same = web.post(send_to(answer), sent_form(page, correction="One."))
    assert same.status_code == 409 and "same as the model" in same.text
    assert Consent.objects.count() == 0

    assert web.post(send_to(answer), sent_form(page)).status_code == 302
    assert Consent.objects.get().terms == terms


def test_what_the_checks_see_stands_at_the_text_and_is_asked_about_once(web, begin):
    answer = done(begin(), "One.", "Two.")[0]
    form = sent_form(web.get(send_to(answer)), correction="Write to jo@firm.example, 1.")

    asked = web.post(send_to(answer), form)
    assert asked.status_code == 422
    assert "The checks see something new." in asked.text
    assert "jo@firm.example" in asked.text
    answer.refresh_from_db()
    assert answer.sent_at is None

    again = form | {"seen": asked.context["seen"]}
    assert web.post(send_to(answer), again).status_code == 302


def test_what_a_check_holds_waits_for_a_curator(web, begin, dataset):
    dataset.policy.checks = {"personal_data": "hold"}
    dataset.policy.save()
    answer = done(begin("Mail jo@acme-tools.com about it."), "One.", "Two.")[0]
    page = web.get(send_to(answer))
    assert "A curator looks at it before" in page.text

    done_page = web.post(send_to(answer), sent_form(page), follow=True)

    assert "A check holds it" in done_page.text
    answer.refresh_from_db()
    assert answer.sent_to.state == "held"


def test_a_category_that_stands_on_a_passage_needs_one(web, begin, dataset):
    category = CategoryFactory(dataset=dataset, needs_context=True)
    without = done(begin("Sum it up."), "One.", "Two.")[0]
    page = web.get(send_to(without))

    refused = web.post(send_to(without), sent_form(page, category=category.pk))
    assert refused.status_code == 409 and "stands on a passage" in refused.text

    given = done(begin("Sum it up, please.", context="Long."), "One.", "Two.")[0]
    page = web.get(send_to(given))
    web.post(send_to(given), sent_form(page, category=category.pk))
    given.refresh_from_db()
    assert given.sent_to.category == category
    assert given.sent_to.messages.get(role="prompter").context == "Long."


def test_where_one_may_not_write_nothing_can_be_sent(web, begin, other, curator):
    answer = done(begin(), "One.", "Two.")[0]
    page = web.get(send_to(answer), {"to": other.slug})
    assert "no dataset that you may write in" in page.text
    for slug in (other.slug, "no-such", "a\0b", "²"):
        sent = {"to": slug, "agree": "on"}
        assert web.post(send_to(answer), sent).status_code == 200
    assert not Conversation.objects.filter(dataset=other).exists()

    curator.memberships.all().delete()
    assert "no dataset that you may write in" in web.get(send_to(answer)).text


def test_the_thumb_is_one_of_three(web, begin):
    answer = done(begin(), "One.", "Two.")[0]
    rate = reverse("trainer:talk_rate", args=[answer.pk])
    for sent, kept in (("up", 1), ("down", -1), ("none", 0), ("², \0", 0)):
        web.post(rate, {"thumb": sent})
        answer.refresh_from_db()
        assert answer.thumb == kept

    part = web.post(rate, {"thumb": "up"}, headers={"HX-Request": "true"}).text
    assert 'aria-pressed="true"' in part and "<html" not in part
