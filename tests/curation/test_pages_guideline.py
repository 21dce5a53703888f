from __future__ import annotations

import pytest

from curation.actions import datasets, judgements, messages, withdrawals
from curation.errors import CurationError
from curation.models import Guideline
from tests.curation.pages import queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


def publish(client, dataset, text="Be kind and brief.", based_on=1):
    fields = {"text": text, "based_on": based_on}
    return client.post(url("guideline", dataset.slug), fields)


def test_members_read_the_one_in_force(client, dataset):
    signed_in(client, dataset)

    page = client.get(url("guideline", dataset.slug)).text

    assert "Version 1, in force" in page
    assert "Be kind." in page
    assert "<textarea" not in page


def test_a_curator_publishes_a_new_version(client, dataset):
    curator = signed_in(client, dataset, "curator")

    assert publish(client, dataset).status_code == 302

    newest = dataset.guideline_in_force()
    assert (newest.number, newest.text) == (2, "Be kind and brief.")
    assert newest.created_by == curator


def test_the_first_is_published_too(client):
    admin = signed_in(client, is_staff=True)
    dataset = datasets.create(slug="bare", title="Bare", shape="pairs", by=admin)

    assert "There is no guideline yet" in client.get(url("guideline", dataset.slug)).text
    assert publish(client, dataset, based_on="").status_code == 302
    assert dataset.guideline_in_force().number == 1


def test_an_older_version_can_be_read(client, dataset):
    signed_in(client, dataset, "curator")
    publish(client, dataset)

    page = client.get(url("guideline", dataset.slug), {"version": "1"}).text

    assert "Version 2 has taken its place." in page
    assert '<div class="prose"><p>Be kind.</p>' in page


@pytest.mark.parametrize("version", ["99", "\0", "x"])
def test_a_version_that_there_is_not_is_the_one_in_force(client, dataset, version):
    signed_in(client, dataset)

    page = client.get(url("guideline", dataset.slug), {"version": version})

    assert "Version 1, in force" in page.text


def test_the_same_text_makes_no_version(client, dataset):
    signed_in(client, dataset, "curator")

    publish(client, dataset, text="Be kind.")

    assert dataset.guidelines.count() == 1


def test_two_curators_do_not_overwrite_each_other(client, dataset):
    signed_in(client, dataset, "curator")
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    datasets.publish_guideline(dataset=dataset, text="Be brief.", by=other)

    late = publish(client, dataset, text="My long work.", based_on=1)

    assert late.status_code == 422
    assert "Version 2 was published while you were writing." in late.text
    assert "My long work." in late.text
    assert 'name="based_on" value="2"' in late.text  # so that sending it again works


@pytest.mark.parametrize("text", ["", "   ", "nul \0"])
def test_a_guideline_needs_some_text(client, dataset, text):
    signed_in(client, dataset, "curator")

    assert publish(client, dataset, text=text).status_code == 422
    assert dataset.guidelines.count() == 1


def test_only_curators_publish(client, dataset):
    signed_in(client, dataset, "writer", "reviewer")

    assert publish(client, dataset).status_code == 404


def test_it_costs_the_same_however_many_there_are(client, dataset):
    signed_in(client, dataset, "curator")
    before = queries(client, url("guideline", dataset.slug))
    for number in range(2, 9):
        author = ContributorFactory()
        Guideline.objects.create(
            dataset=dataset, number=number, text="x", created_by=author
        )

    # Expect 9 queries: the session, the dataset, the newest, all, the role,
    # reviews and rankings under each, what is flagged, the bell
    assert (before, queries(client, url("guideline", dataset.slug))) == (9, 9)


# ---- what was judged under which -----------------------------------------------------
def judge(dataset, message=None):
    """One review under the guideline in force."""
    message = message or MessageFactory(conversation__dataset=dataset)
    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=message.pk, by=reviewer, verdict="accept")
    return message


def rank_answers(prompt):
    answers = [ReplyFactory(parent=prompt, accepted=True).pk for _ in range(2)]
    dataset = prompt.conversation.dataset
    judgements.rank(
        prompt_id=prompt.pk, by=ContributorFactory(member=dataset), outcome="ranked",
        shown=answers, positions={answers[0]: 1, answers[1]: 2},
    )  # fmt: skip


def test_a_curator_sees_how_much_was_judged_under_each_version(client, dataset):
    signed_in(client, dataset, "curator")
    for _ in range(3):
        prompt = judge(dataset)
    rank_answers(prompt)
    publish(client, dataset)
    judge(dataset)

    page = " ".join(client.get(url("guideline", dataset.slug)).text.split())

    assert "Made under older versions, which they keep: 3 reviews, 1 ranking" in page
    assert "1 review, 0 rankings" in page
    assert "Version 2, in force" in page
    assert page.count("3 reviews, 1 ranking") == 2


def test_of_an_older_one_it_lists_what_nobody_judged_again(client, dataset):
    dataset.policy.reviews_wanted = dataset.policy.approvals_needed = 2
    dataset.policy.save()
    signed_in(client, dataset, "curator")
    old = judge(dataset, MessageFactory(conversation__dataset=dataset, text="Old one"))
    again = judge(dataset, MessageFactory(conversation__dataset=dataset, text="Both"))
    judge(DatasetFactory())
    publish(client, dataset)
    judge(dataset, again)

    listed = client.get(url("guideline", dataset.slug), {"version": "1"}).context["page"]

    assert list(listed) == [old]


def test_words_that_were_taken_back_are_not_shown(client, dataset):
    signed_in(client, dataset, "curator")
    message = judge(dataset, MessageFactory(conversation__dataset=dataset, text="Gone now"))
    publish(client, dataset)
    withdrawals.take_back(message_id=message.pk, by=message.author)

    page = client.get(url("guideline", dataset.slug), {"version": "1"}).text

    assert "A text that was taken back" in page
    assert "Gone now" not in page


def test_reviewers_read_the_text_and_no_counts(client, dataset):
    judge(dataset)
    signed_in(client, dataset)

    response = client.get(url("guideline", dataset.slug))

    assert "1 review" not in response.text
    assert response.context["before"] is None


def test_of_two_who_publish_at_once_the_second_is_told(dataset):
    """Both were let through by the form before one of them had written."""
    boss = ContributorFactory(is_staff=True)
    datasets.publish_guideline(dataset=dataset, text="Be brief.", by=boss, based_on=1)

    with pytest.raises(CurationError, match="Version 2 was published"):
        datasets.publish_guideline(dataset=dataset, text="Be long.", by=boss, based_on=1)
