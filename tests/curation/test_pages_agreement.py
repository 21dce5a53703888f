from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation.actions import datasets, judgements, messages, suspensions, withdrawals
from curation.judged import judged_in
from curation.models import Ballot, Review, Settlement
from tests.curation.pages import queries, signed_in, url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(
        policy__reviews_wanted=3, policy__approvals_needed=3, policy__rankings_wanted=2
    )


def reviewed(dataset, *verdicts, people=None, labels=None, **fields):
    message = MessageFactory(conversation__dataset=dataset, **fields)
    people = people or [ContributorFactory(member=dataset) for _ in verdicts]
    for person, verdict in zip(people, verdicts, strict=True):
        messages.review(
            message_id=message.pk, by=person, verdict=verdict, labels=labels,
            reason="wrong" if verdict == "reject" else "",
        )  # fmt: skip
    return message


def ranked(dataset, *orders, people=None, **fields):
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset, **fields)
    answers = [ReplyFactory(parent=prompt, accepted=True).pk for _ in range(3)]
    people = people or [ContributorFactory(member=dataset) for _ in orders]
    for person, order in zip(people, orders, strict=True):
        judgements.rank(
            prompt_id=prompt.pk, by=person, outcome="ranked", shown=answers,
            positions=dict(zip(answers, order, strict=True)),
        )  # fmt: skip
    return prompt


def show(client, dataset, **asked):
    return client.get(url("agreement", dataset.slug), asked)


def test_it_is_for_curators(client, dataset):
    signed_in(client, dataset)

    assert show(client, dataset).status_code == 404


def test_where_nobody_shares_anything_it_says_what_to_do(client, dataset):
    reviewed(dataset, "accept")
    signed_in(client, dataset, "curator")

    page = show(client, dataset).text

    assert "Nothing was judged by two people yet" in page
    assert '<svg xmlns="' not in page.partition("<main")[2].partition("</main")[0]


def test_numbers_and_plots_of_verdicts_labels_and_rankings(client, dataset):
    category = CategoryFactory(dataset=dataset, name="Open <questions>")
    there = {"conversation__category": category}
    labels = {"quality": 4, "spam": 0, "pii": 1}
    reviewed(dataset, "accept", "accept", labels=labels, **there)
    reviewed(dataset, "reject", labels=labels, **there)
    reviewed(dataset, "accept", "reject", labels=labels)
    prompt = ranked(dataset, (1, 2, 3), (1, 2, 3), **there)
    signed_in(client, dataset, "curator")

    response = show(client, dataset, status="consensus")

    page, given = response.text, response.context
    # Flags are raised or absent: nobody says that there is none.
    assert [name for name, _ in given["questions"]] == ["Verdict", "Spam", "Quality"]
    assert given["questions"][0][1][:2] == (2, 4)
    assert [part.name for part in given["categories"]] == [
        "No category",
        "Open <questions>",
    ]
    assert [part.name for part in given["guidelines"]] == ["Version 1"]
    assert len(given["people"]) == 6
    assert 'aria-labelledby="q-title q-text"' in page
    assert 'aria-labelledby="w-title w-text"' in page
    assert "Open <questions>" not in page
    assert prompt.text in page


def test_a_new_guideline_is_measured_by_itself(client, dataset):
    curator = signed_in(client, dataset, "curator")
    ranked(dataset, (1, 2, 3), (3, 2, 1))
    datasets.publish_guideline(dataset=dataset, text="Be brief.", by=curator)
    ranked(dataset, (1, 2, 3), (1, 2, 3))

    parts = show(client, dataset).context["guidelines"]

    assert [(part.name, part.group.correlation) for part in parts] == [
        ("Version 2", 1), ("Version 1", -1),
    ]  # fmt: skip


def test_contested_prompts_come_first_and_others_by_a_chip(client, dataset):
    contested = ranked(dataset, (1, 2, 3), (3, 2, 1))
    clear = ranked(dataset, (1, 2, 3), (1, 2, 3))
    few = ranked(dataset, (1, 2, 3))
    signed_in(client, dataset, "curator")

    for status, prompt in (
        ("", contested), ("consensus", clear), ("insufficient", few), ("x", contested),
    ):  # fmt: skip
        listed = show(client, dataset, status=status).context["page"].object_list
        assert [one.prompt for one in listed] == [prompt]
    counts = show(client, dataset).context["statuses"]
    assert [count for _, count in counts] == [1, 1, 1]


def test_what_was_taken_back_or_lies_elsewhere_is_not_listed(client, dataset):
    prompt = ranked(dataset, (1, 2, 3), (3, 2, 1))
    ranked(DatasetFactory(policy__rankings_wanted=2), (1, 2, 3), (3, 2, 1))
    withdrawals.take_back(message_id=prompt.pk, by=prompt.author)
    signed_in(client, dataset, "curator")

    response = show(client, dataset)

    assert Settlement.objects.count() == 2
    assert not response.context["page"].object_list
    assert prompt.text not in response.text


def test_final_decisions_are_left_out_and_edits_are_approvals(dataset):
    message = reviewed(dataset, "accept", "accept")
    person = ContributorFactory(member=dataset)
    Review.objects.create(message=message, reviewer=person, verdict="edit")
    curator = ContributorFactory(member=dataset)
    Review.objects.create(
        message=message, reviewer=curator, verdict="reject", reason="wrong", is_final=True
    )

    judged = judged_in(dataset)

    assert [given.value for given in judged.verdicts] == ["accept"] * 3


def test_ballots_set_aside_or_of_paused_people_are_left_out(dataset):
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    people = [ContributorFactory(member=dataset) for _ in range(3)]
    ranked(dataset, (1, 2, 3), (3, 2, 1), (1, 2, 3), people=people)
    Ballot.objects.filter(ranker=people[0]).update(set_aside_at=now())

    assert {one.person for one in judged_in(dataset).ballots} == {
        people[1].pk, people[2].pk,
    }  # fmt: skip
    suspensions.suspend(person_id=people[1].pk, dataset=dataset, by=boss, reason="Spam.")
    assert judged_in(dataset).ballots == []


def test_it_costs_the_same_however_much_was_judged(client, dataset):
    signed_in(client, dataset, "curator")

    def more():
        there = {"conversation__category": CategoryFactory(dataset=dataset)}
        reviewed(dataset, "accept", "accept", labels={"quality": 3}, **there)
        ranked(dataset, (1, 2, 3), (3, 2, 1), **there)

    more()
    before = queries(client, url("agreement", dataset.slug))
    for _ in range(3):
        more()

    # Expect 16 queries: the session, the dataset, the role, reviews, ballots,
    # labels, places, categories, the spread, guidelines, people, how many of each status,
    # the page and its count, what is flagged, the bell
    assert (before, queries(client, url("agreement", dataset.slug))) == (16, 16)


@pytest.mark.parametrize("number", ["0", "x", "99"])
def test_a_page_that_is_not_there_is_the_nearest(client, dataset, number):
    signed_in(client, dataset, "curator")

    assert show(client, dataset, page=number).status_code == 200
