"""The pages of the playground: choose models, talk, and send what is worth keeping."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation.actions import withdrawals
from curation.models import Ballot, Consent, Conversation, Membership, Message, Terms
from tests.factories import CategoryFactory, ContributorFactory, DatasetFactory
from trainer.models import Job, Talk, TalkAnswer

pytestmark = pytest.mark.django_db

HOME = "/models/playground/"


@pytest.fixture
def web(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def other():
    return DatasetFactory(title="Open talk", slug="open-talk")


def done(talk, *said):
    """As a worker leaves it."""
    for answer, text in zip(
        TalkAnswer.objects.filter(turn__talk=talk, state="waiting").order_by(
            "voice__place"
        ),
        said,
        strict=True,
    ):
        TalkAnswer.objects.filter(pk=answer.pk).update(
            state="done", text=text, seconds=2, first_after=1
        )
    Job.objects.update(state="finished", finished_at=now(), lease_until=None)
    talk.refresh_from_db()
    return list(
        TalkAnswer.objects.filter(turn__talk=talk).order_by("turn__number", "voice__place")
    )


def page_of(talk):
    return reverse("trainer:talk", args=[talk.pk])


def send_to(answer):
    return reverse("trainer:talk_send", args=[answer.pk])


def first_words(run, text="Say hello.", **more):
    sent = {"first": f"run-{run.pk}", "second": f"base-{run.base_id}", "text": text}
    shape = {"temperature": "0.7", "max_new_tokens": "64", "key": str(uuid.uuid4())}
    return sent | shape | more


# ---- choosing and asking ---------------------------------------------------------------


def test_a_run_is_chosen_beside_its_base(web, finished):
    page = web.get(HOME, {"run": finished.pk}).text

    assert f'<option value="run-{finished.pk}" selected>' in page
    assert f'<option value="base-{finished.base_id}" selected>' in page
    assert "reviewers rank answers blind" in page


def test_a_question_opens_its_talk(web, finished):
    answer = web.post(HOME, first_words(finished, context="A passage."))

    talk = Talk.objects.get()
    assert answer.url == f"{page_of(talk)}#last"
    page = web.get(page_of(talk)).text
    assert "Say hello." in page and "A passage." in page
    assert f'hx-get="{reverse("trainer:talk_live", args=[talk.pk])}"' in page
    assert "No worker is there." in page
    assert "does not see the other" in page


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"text": ""}, "Write something first."),
        ({"text": "  \n"}, "Write something first."),
        ({"text": "x" * 100_000}, "at most 20000 characters"),
        ({"text": "a\0b"}, "Null characters are not allowed"),
        ({"temperature": "hot"}, "Enter a number"),
        ({"temperature": "nan"}, "Enter a number"),
        ({"max_new_tokens": "99999999999"}, "less than or equal to 2048"),
        ({"key": "no"}, "valid UUID"),
        ({"first": "run-0"}, "Select a valid choice"),
        ({"second": "run-0"}, "Select a valid choice"),
        ({"context": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_cannot_be_asked_is_said_at_the_field_and_stays_there(
    web, finished, sent, why
):
    answer = web.post(HOME, first_words(finished, "Keep these words.") | sent)

    assert answer.status_code == 422
    assert why in answer.text
    assert "text" in sent or "Keep these words." in answer.text
    assert not Talk.objects.exists()


def test_a_lone_surrogate_is_no_error(web, finished):
    body = "&".join(f"{k}={v}" for k, v in first_words(finished, "a%ED%A0%80b").items())
    answer = web.post(HOME, body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 302


def test_the_same_model_twice_is_refused_in_words(web, finished):
    answer = web.post(HOME, first_words(finished, second=f"run-{finished.pk}"))

    assert answer.status_code == 409
    assert "Choose two different models" in answer.text
    assert "Say hello." in answer.text


def test_what_was_typed_stays_where_the_last_question_is_still_being_answered(web, begin):
    talk = begin()
    sent = {"text": "And now this.", "temperature": "1", "max_new_tokens": "9"}

    answer = web.post(page_of(talk), sent | {"key": str(uuid.uuid4())})

    assert answer.status_code == 409
    assert "being answered" in answer.text
    assert "And now this." in answer.text
    assert talk.turns.count() == 1


def test_the_next_question_keeps_the_settings(web, begin):
    talk = begin(temperature=0.2, max_new_tokens=17)
    done(talk, "One", "Two")

    page = web.get(page_of(talk)).text

    assert 'name="temperature" value="0.2"' in page
    assert 'name="max_new_tokens" value="17"' in page


def test_only_the_last_question_asks_for_itself_and_until_it_is_answered(web, begin):
    talk = begin()
    live = reverse("trainer:talk_live", args=[talk.pk])
    assert "hx-get" in web.get(live, headers={"HX-Request": "true"}).text

    done(talk, "**One**", "<script>alert(1)</script>")
    page = web.get(live, headers={"HX-Request": "true"}).text
    assert "hx-get" not in page
    assert "<strong>One</strong>" in page
    assert "<script>" not in page
    assert web.get(live).url == page_of(talk)


def test_what_failed_says_why_and_offers_another_try(web, begin):
    talk = begin()
    Job.objects.update(state="failed", problem="The base model is gone.", finished_at=now())

    page = web.get(page_of(talk)).text
    assert "The base model is gone." in page
    again = reverse("trainer:talk_again", args=[talk.pk])
    assert again in page

    seed = talk.turns.get().seed
    assert web.post(again, {"seed": str(seed)}).status_code == 302
    assert Job.objects.filter(state="queued").count() == 1
    for odd in ("", "²", "-1", "9" * 40, str(seed)):
        assert web.post(again, {"seed": odd}).status_code == 302
    assert Job.objects.count() == 2


def test_texts_that_were_taken_back_are_told_of(web, begin, frozen):
    talk = begin()
    done(talk, "One", "Two")
    assert "taken back" not in web.get(page_of(talk)).text
    text = frozen.items.select_related("reply").first().reply
    withdrawals.take_back(message_id=text.pk, by=text.author)

    assert "has seen 1 text that was taken back since" in web.get(page_of(talk)).text


# ---- who ---------------------------------------------------------------------------------


def test_reviewers_find_no_model_to_talk_to(client, finished, dataset):
    client.force_login(ContributorFactory(member=dataset))

    page = client.get(HOME)

    assert "Nobody to talk to" in page.text
    assert client.post(HOME, first_words(finished)).status_code == 422
    assert not Talk.objects.exists()


def test_nobody_else_reads_a_talk(client, begin, dataset):
    talk = begin("A secret of mine.")
    answer = done(talk, "One", "Two")[0]
    colleague = ContributorFactory(member=dataset, member__roles=["curator"])

    for person in (colleague, ContributorFactory(is_staff=True)):
        client.force_login(person)
        for name, pk in (
            ("talk", talk.pk), ("talk_live", talk.pk), ("talk_send", answer.pk),
        ):  # fmt: skip
            assert client.get(reverse(f"trainer:{name}", args=[pk])).status_code == 404
        for name, pk in (
            ("talk", talk.pk), ("talk_again", talk.pk), ("talk_delete", talk.pk),
            ("talk_rate", answer.pk), ("talk_send", answer.pk),
        ):  # fmt: skip
            assert client.post(reverse(f"trainer:{name}", args=[pk])).status_code == 404
        assert "A secret of mine." not in client.get(HOME).text
        job = client.get(reverse("trainer:job", args=[talk.job_id])).text
        assert "A secret of mine." not in job
    assert Talk.objects.count() == 1


def test_its_owner_deletes_it(web, begin):
    talk = begin("A secret of mine.")
    assert "A secret of mine." in web.get(HOME).text

    web.post(reverse("trainer:talk_delete", args=[talk.pk]))

    assert not Talk.objects.exists()
    assert "A secret of mine." not in web.get(HOME).text


def test_the_page_of_talks_asks_no_more_for_more_of_them(
    web, begin, django_assert_max_num_queries
):
    for number in range(3):
        done(begin(f"Talk {number}"), "One", "Two")

    with django_assert_max_num_queries(16):
        web.get(HOME)


# ---- sending -----------------------------------------------------------------------------


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
