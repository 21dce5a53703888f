"""Known items and what another tab does at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from annotate import actions, gold, planner
from annotate.models import Assignment
from curation.actions import conversations
from tests.annotate.known_items import known
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


def test_a_review_that_another_tab_shows_already_is_not_traded(monkeypatch):
    dataset = DatasetFactory(policy__gold_every=1)
    known(dataset, ContributorFactory(member=dataset, member__roles=["curator"]))
    person = ContributorFactory(member=dataset)
    message = MessageFactory(conversation__dataset=dataset)
    conversations.advance(message.conversation)
    planner.plan(message.conversation_id)
    find = gold.instead_of

    def find_while_another_tab_opens_it(slot, by, **how):
        found = find(slot, by, **how)
        later = now() + timedelta(hours=1)
        assert found is not None
        Assignment.objects.filter(pk=slot.pk).update(lease_until=later)
        return found

    monkeypatch.setattr(gold, "instead_of", find_while_another_tab_opens_it)

    slot = actions.claim(by=person, kind="review")

    assert (slot.message, slot.is_gold) == (message, False)
    held = Assignment.objects.held_by(person)
    assert [one.pk for one in held] == [slot.pk]
