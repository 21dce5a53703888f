from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotate.criteria import CRITERIA
from curation.models import Label
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def slot(client):
    dataset = DatasetFactory()
    client.force_login(ContributorFactory(member=dataset, member__roles=["reviewer"]))
    planned(MessageFactory(conversation__dataset=dataset))
    return claim(client)


def given():
    return dict(Label.objects.values_list("name", "value"))


def test_every_label_says_what_it_asks_and_every_scale_what_its_ends_mean(client, slot):
    page = client.get(reverse("annotate:task", args=[slot.pk])).text

    assert set(CRITERIA) == set(Label.Name.values)
    assert set(Label.Name.values) == {*Label.YES_NO, *Label.FLAGS, *Label.SCALES}
    for name, criterion in CRITERIA.items():
        tip = re.search(rf'id="criterion-{name}">(.*?)</span>', page, re.DOTALL).group(1)
        assert str(criterion.question) in tip
        if name in Label.SCALES:
            assert str(criterion.low) in tip
            assert str(criterion.high) in tip


def test_all_three_sorts_of_labels_are_stored(client, slot):
    labels = {"label_spam": "0", "label_pii": "1", "label_quality": "5"}

    submit(client, slot, verdict="accept", **labels)

    assert given() == {"spam": 0, "pii": 1, "quality": 5}


def test_what_was_left_open_is_absent(client, slot):
    submit(client, slot, verdict="accept", label_humor="", label_fails_task="")

    assert given() == {}


@pytest.mark.parametrize("wrong", [{"label_quality": "6"}, {"label_quality": "0"},
                                   {"label_spam": "2"}])  # fmt: skip
def test_a_value_off_its_scale_is_refused(client, slot, wrong):
    response = submit(client, slot, verdict="accept", **wrong)

    assert response.status_code == 422
    assert given() == {}


def test_labels_stay_where_a_submit_is_refused(client, slot):
    labels = {"label_toxicity": "2", "label_unsafe": "1"}

    response = submit(client, slot, verdict="reject", **labels)

    assert response.status_code == 422
    assert re.search(r'name="label_toxicity"[^>]*value="2"[^>]*checked', response.text)
    assert re.search(r'name="label_unsafe"[^>]*checked', response.text)
