"""Work that is given to people by programs."""

from __future__ import annotations

import pytest

from annotate.models import Assignment
from tests.annotate.work import planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
)
from tests.programs import Program, refused_fields

pytestmark = pytest.mark.django_db


def test_work_is_given_seen_and_taken_back():
    dataset = DatasetFactory()
    category = CategoryFactory(dataset=dataset, slug="qa")
    ada = ContributorFactory(name="Ada", member=dataset)
    curator = Program(ContributorFactory(member=dataset, member__roles=["curator"]))
    texts = [
        planned(
            MessageFactory(conversation__dataset=dataset, conversation__category=category)
        )
        for _ in range(3)
    ]
    here = f"datasets/{dataset.slug}/allotments/"
    sent = {"person": ada.pk, "kind": "review", "wanted": 2, "category": "qa"}

    given = curator.post(here, sent, key="k")

    assert given.status_code == 201, given.content
    facts = {"name": "Ada", "wanted": 2, "reserved": 2, "done": 0, "category": "qa"}
    assert given.json().items() >= facts.items()
    assert curator.post(here, sent, key="k").json() == given.json()
    assert Assignment.objects.filter(reserved_for=ada).count() == 2
    one = f"{here}{given.json()['id']}/"
    assert curator.get(one).json() == given.json()
    back = curator.post(f"{one}take-back/").json()
    assert back["closed_at"] and not Assignment.objects.filter(reserved_for=ada).exists()
    named = [text.conversation_id for text in texts]
    again = curator.post(here, {**sent, "conversations": named})
    assert (again.json()["wanted"], again.json()["reserved"]) == (3, 3), again.content
    for query, count in (("", 2), ("?is_closed=true", 1), ("?person=1", 0)):
        assert len(curator.get(here + query).json()["results"]) == count
    odd = {**sent, "category": "none", "due_on": "tomorrow"}
    assert refused_fields(curator.post(here, odd)) == {"due_on"}
    assert refused_fields(curator.post(here, {**sent, "category": "none"})) == {"category"}
    stranger = ContributorFactory()
    assert refused_fields(curator.post(here, {**sent, "person": stranger.pk})) == {"person"}
    unfit = {**sent, "kind": "write_pair"}
    assert refused_fields(curator.post(here, unfit)) == {"kind"}
    past = curator.post(here, {**sent, "due_on": "2020-01-01"})
    assert past.status_code == 409
    assert Program(ada).get(here).status_code == 404
