"""Flags that were decided before there was a queue."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.utils.timezone import now

from curation.models import Decision, Flag
from tests.curation.cases import a_curator, flagged
from tests.factories import DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def prompt(dataset):
    return MessageFactory(conversation__dataset=dataset, accepted=True, text="A hard one.")


def test_what_was_decided_on_flags_before_there_was_a_queue_is_listed(dataset, prompt):
    curator, at = a_curator(dataset), now()
    for name in ("First Person", "Second Person"):
        flag = flagged(prompt, name=name)
        Flag.objects.filter(pk=flag.pk).update(
            resolved_at=at, resolved_by=curator, outcome="removed"
        )
    before = import_module("curation.migrations.0015_decisions_of_flags")

    with connection.cursor() as cursor:
        for statement in (before.DECISIONS, before.FLAGS):
            cursor.execute(statement)

    decision = Decision.objects.get()
    assert (decision.action, decision.by, decision.at) == ("reject", curator, at)
    assert decision.flags.count() == 2
