"""The pages of the playground: choose models, talk, and send what is worth keeping."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation.actions import withdrawals
from tests.factories import ContributorFactory
from tests.trainer.talks import done, first_words, page_of
from trainer.models import Job, Talk

pytestmark = pytest.mark.django_db
HOME = "/models/playground/"


@pytest.fixture
def web(client, curator):
    client.force_login(curator)
    return client


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
