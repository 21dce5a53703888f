from __future__ import annotations

import pytest

from curation.actions import discussion, messages, withdrawals
from curation.clean.mentions import mentions
from curation.errors import CurationError
from curation.models import Comment, Message, Notification
from curation.threads import thread_of
from tests.curation.pages import held, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__reviews_wanted=3, policy__approvals_needed=2)


@pytest.fixture
def prompt(dataset):
    author = ContributorFactory(member=dataset, name="Ann Author")
    return MessageFactory(conversation__dataset=dataset, author=author)


def person(dataset, name, *roles, **fields):
    roles = list(roles) or ["writer", "reviewer"]
    return ContributorFactory(member=dataset, member__roles=roles, name=name, **fields)


def say(message, by, text):
    return discussion.comment(message_id=message.pk, by=by, text=text)


def read_by(reader, message):
    fresh = Message.objects.select_related("conversation").get(pk=message.pk)
    return [one.comment.text for one in thread_of(fresh, reader).said]


def told(person):
    kinds = Notification.objects.filter(person=person)
    return list(kinds.order_by("pk").values_list("kind", flat=True))


# ---- names ------------------------------------------------------------------------------
PEOPLE = [
    (1, "Ada Lovelace", "ada@x.org"),
    (2, "Ada", "countess@x.org"),
    (3, "Grace Hopper", "g.hopper@x.org"),
    (4, "Grace Kelly", "kelly@x.org"),
]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("@Ada Lovelace, look", [{1}]), ("@countess", [{2}]), ("see @g.hopper.", [{3}]),
     ("@grace?", [{3, 4}]), ("@Grace Kelly", [{4}]), ("@hopper and @KELLY", [{3}, {4}]),
     ("mail ada@x.org", []), ("@nobody", [set()]), ("a @ b", []), ("@ada2", [set()]),
     ("@@ada", []), ("@g.hopperx", [set()])],
)  # fmt: skip
def test_people_are_called_by_name_or_by_their_address(text, meant):
    assert [set(one.people) for one in mentions(text, PEOPLE)] == meant


def test_who_is_named_and_who_wrote_the_text_are_told_once_each(dataset, prompt):
    grace, by = person(dataset, "Grace"), person(dataset, "Bo")

    said = say(prompt, by, "@grace, what does @ann author mean? And @Grace again.")

    assert set(said.mentions.all()) == {grace, prompt.author}
    assert told(grace) == ["mentioned"]
    assert told(prompt.author) == ["mentioned"]
    say(prompt, by, "Never mind.")
    assert told(prompt.author) == ["mentioned", "commented"]
    assert told(by) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [("Ask @zoe about it.", "Nobody here is called “zoe”"),
     ("Ask @grace about it.", "Grace Hopper, Grace Kelly"), ("  ", "Write something"),
     ("x" * 4001, "at most 4000")],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_and_the_text_stays(
    client, dataset, prompt, text, why
):
    person(dataset, "Grace Hopper")
    person(dataset, "Grace Kelly")
    ContributorFactory(name="Zoe")  # not of this dataset
    signed_in(client, dataset)

    response = client.post(url("comments", prompt.pk), {"text": text})

    assert response.status_code == 422
    assert why in response.text
    assert text.strip() in response.text
    assert not Comment.objects.exists()
    assert not Notification.objects.exists()


def test_a_comment_is_plain_text(client, dataset, prompt):
    signed_in(client, dataset, name="Mia")

    response = client.post(
        url("comments", prompt.pk), {"text": "**No** <b>&\n@mia said"}, follow=True
    )

    assert "**No** &lt;b&gt;&amp;\n" in response.text
    assert '<span class="mention">@mia</span>' in response.text


# ---- who reads what ---------------------------------------------------------------------
def test_who_has_yet_to_judge_reads_nothing_of_those_who_did(dataset, prompt):
    judge, reader = person(dataset, "Judge"), person(dataset, "Reader")
    curator, other = person(dataset, "Cora", "curator"), person(dataset, "Otto")
    messages.review(message_id=prompt.pk, by=judge, verdict="reject", reason="wrong")
    for by, text in ((judge, "Bad."), (curator, "Look twice."), (other, "Hm."),
                     (reader, "Mine."), (prompt.author, "I meant it.")):  # fmt: skip
        say(prompt, by, text)
    say(prompt, judge, "@Reader, what do you think?")

    blind = read_by(reader, prompt)
    messages.review(message_id=prompt.pk, by=reader, verdict="accept")

    assert blind == ["Look twice.", "Hm.", "Mine.", "@Reader, what do you think?"]
    assert len(read_by(reader, prompt)) == 6
    assert len(read_by(curator, prompt)) == 6
    assert len(read_by(prompt.author, prompt)) == 6


def test_what_is_decided_may_be_talked_about_by_all(dataset, prompt):
    judge, reader = person(dataset, "Judge"), person(dataset, "Reader")
    for by in (judge, person(dataset, "Second")):
        messages.review(message_id=prompt.pk, by=by, verdict="accept")
    say(prompt, judge, "Good.")

    assert read_by(reader, prompt) == ["Good."]


def test_strangers_and_those_who_may_not_read_a_text_may_not_talk_about_it(
    client, dataset, prompt
):
    kept = held(dataset)
    signed_in(client, DatasetFactory())
    assert client.get(url("comments", prompt.pk)).status_code == 404
    assert client.post(url("comments", prompt.pk), {"text": "x"}).status_code == 404
    signed_in(client, dataset)
    assert client.get(url("comments", kept.pk)).status_code == 404
    signed_in(client, dataset, "curator")
    assert client.get(url("comments", kept.pk)).status_code == 200


def test_a_text_that_was_taken_back_is_talked_about_no_more(dataset, prompt):
    withdrawals.take_back(message_id=prompt.pk, by=prompt.author)

    with pytest.raises(CurationError, match="withdrawn"):
        say(prompt, prompt.author, "It was mine.")


# ---- taking back ------------------------------------------------------------------------
def test_only_who_wrote_it_deletes_a_comment_and_its_place_stays(client, dataset, prompt):
    said = say(prompt, person(dataset, "Bo"), "Too quick.")
    signed_in(client, dataset)
    assert client.post(url("comment-delete", said.pk)).status_code == 404
    client.force_login(said.author)

    response = client.post(url("comment-delete", said.pk), follow=True)

    assert response.status_code == 200
    assert "Too quick." not in response.text
    assert "Deleted by who wrote it." in response.text


# ---- with and without a script ----------------------------------------------------------
def test_a_form_leads_back_to_where_it_was_sent_from_and_nowhere_else(
    client, dataset, prompt
):
    signed_in(client, dataset)
    path = url("conversation", dataset.slug, prompt.conversation_id)

    home = client.post(url("comments", prompt.pk), {"text": "One.", "back": path})
    away = client.post(
        url("comments", prompt.pk), {"text": "Two.", "back": "https://evil.example/"}
    )

    assert home.url.startswith(f"{path}#comment-")
    assert away.url.startswith(url("comments", prompt.pk))


def test_a_script_gets_the_thread_alone(client, dataset, prompt):
    signed_in(client, dataset)

    part = client.post(
        url("comments", prompt.pk), {"text": "One."}, headers={"X-Part": "1"}
    )
    refused = client.post(
        url("comments", prompt.pk), {"text": "@nobody"}, headers={"X-Part": "1"}
    )

    assert (part.status_code, refused.status_code) == (200, 422)
    assert part.text.lstrip().startswith("<details")
    assert "One." in part.text
    assert "@nobody" in refused.text
