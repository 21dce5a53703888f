"""Lines of history that belong together are written in one statement, in their order."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curation.models import Event
from tests.factories import MessageFactory

pytestmark = pytest.mark.django_db


def test_they_are_written_at_the_end_in_one_statement():
    message = MessageFactory()
    with CaptureQueriesContext(connection) as queries:
        with Event.objects.together() as lines:
            Event.objects.record("first", message, by=None)
            Event.objects.record("second", message, by=None)
            assert len(queries) == 0
        assert len(queries) == 1
    assert [line.kind for line in lines] == ["first", "second"]
    kept = Event.objects.filter(pk__in=[line.pk for line in lines]).order_by("pk")
    assert list(kept) == lines


def test_inside_another_they_wait_for_its_end():
    message = MessageFactory()
    with Event.objects.together() as outer:
        Event.objects.record("first", message, by=None)
        with Event.objects.together():
            Event.objects.record("second", message, by=None)
        assert not Event.objects.filter(kind__in=["first", "second"]).exists()
    assert [line.kind for line in outer] == ["first", "second"]


def test_a_failure_writes_none_and_leaves_no_trace():
    message = MessageFactory()
    with pytest.raises(ZeroDivisionError), Event.objects.together():
        Event.objects.record("lost", message, by=None)
        raise ZeroDivisionError
    Event.objects.record("kept", message, by=None)
    assert list(Event.objects.filter(kind__in=["lost", "kept"]).values_list("kind")) == [
        ("kept",)
    ]
