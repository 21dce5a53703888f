"""Who reads what is known of people's care: curators, and each person of themselves."""

from __future__ import annotations

import pytest

from curation.actions import gold
from curation.models import Reputation
from tests.curation.pages import queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db
TITLE = "How far they can be relied on"


@pytest.fixture
def dataset():
    return DatasetFactory(title="Support")


def measured(dataset, right, wrong=0, **fields):
    """A person who answered so many known items."""
    person = ContributorFactory(member=dataset, **fields)
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    for said in ["accept"] * right + ["reject"] * wrong:
        message = MessageFactory(accepted=True, conversation__dataset=dataset)
        gold.make(message_id=message.pk, by=curator, verdict="accept", why="Clear.")
        gold.answer(message_id=message.pk, by=person, verdict=said, reason="wrong")
    return person


def test_a_curator_sees_them_by_name_and_not_by_rank(client, dataset):
    measured(dataset, right=1, wrong=3, name="Ada")
    measured(dataset, right=4, name="Zoe")
    signed_in(client, dataset, "curator")

    section = client.get(url("people", dataset.slug)).text.partition(TITLE)[2]

    assert section.index("Ada") < section.index("Zoe")
    assert "2.59" in section  # 6 to 1, in log-odds of 2 to 1


def test_nobody_else_sees_them(client, dataset):
    measured(dataset, right=4)
    signed_in(client, dataset)

    assert TITLE not in client.get(url("people", dataset.slug)).text


def test_of_another_dataset_or_who_left_nothing_is_shown(client, dataset):
    measured(DatasetFactory(), right=2, name="Elsewhere")
    gone = measured(dataset, right=2, name="Gone")
    gone.memberships.all().delete()
    signed_in(client, dataset, "curator")

    page = client.get(url("people", dataset.slug)).text

    assert "Elsewhere" not in page
    assert "Gone" not in page
    assert "every ballot counts the same" in page


def test_they_cost_one_query_however_many_people(client, dataset):
    measured(dataset, right=1)
    signed_in(client, dataset, "curator")
    before = queries(client, url("people", dataset.slug))
    for _ in range(3):
        measured(dataset, right=1)

    assert queries(client, url("people", dataset.slug)) == before


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (4, 0, "count for more than"),
        (1, 4, "count for less than"),
        (2, 1, "count as much as"),
    ],
)
def test_people_read_their_own_kindly(client, dataset, right, wrong, said):
    client.force_login(measured(dataset, right, wrong))

    for tab in ("reviews", "ballots"):
        page = client.get(url("me"), {"tab": tab}).text
        assert (
            f"You met {right + wrong} known items and decided {right} as expected" in page
        )
        assert said in page
        assert "nothing is held against you" in page
    assert "known item" not in client.get(url("me")).text


def test_who_met_no_known_item_reads_nothing_of_it(client, dataset):
    person = signed_in(client, dataset)
    for kind in Reputation.Kind:
        Reputation.objects.create(
            dataset=dataset, person=person, kind=kind, gold=0, gold_right=0, consensus=3,
            consensus_right=3, expected=0.66, lower_bound=0.2, weight=1, gold_share=0.25,
        )  # fmt: skip

    assert "How your judgement did" not in client.get(url("me"), {"tab": "ballots"}).text
