"""Tests, second tries and new secrets are asked for by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation.actions import deliveries, hooks
from curation.errors import CurationError
from curation.models import Delivery, Hook
from tests.curation.hooks import added, due_now, happen, is_signed, sent, states, told
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


def test_a_test_is_sent_at_once_and_not_again(receiver, dataset):
    hook, secret = added(receiver, dataset)
    hooks.switch(hook_id=hook.pk, is_on=False, by=hook.made_by)
    receiver.says(400, b"Whatever")

    sent_now = deliveries.ping(hook_id=hook.pk, by=hook.made_by)

    assert (sent_now.state, sent_now.tries.get().answer) == ("failed", "Whatever")
    (heard,) = receiver.heard
    assert is_signed(heard, secret)
    assert (told(heard)["type"], told(heard)["data"]) == ("ping", {"hook": hook.pk})
    hook.refresh_from_db()
    assert (hook.failures, hook.rests_until) == (0, None)


def test_what_was_given_up_is_sent_again_by_hand(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    receiver.says(500)
    for _ in range(8):
        due_now()
        sent()
    receiver.says()
    delivery = Delivery.objects.get()

    with pytest.raises(CurationError):
        deliveries.send_again(delivery_id=delivery.pk, by=ContributorFactory())
    deliveries.send_again(delivery_id=delivery.pk, by=hook.made_by)
    sent()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt, delivery.tried) == ("delivered", 9, 1)


def test_while_a_secret_changes_both_are_good(receiver, dataset):
    hook, old = added(receiver, dataset)
    _, new = hooks.new_secret(hook_id=hook.pk, by=hook.made_by)
    happen(dataset)
    sent()
    Hook.objects.update(salted_at=now() - timedelta(days=2))
    happen(dataset)
    sent()

    first, second = receiver.heard
    assert old != new
    assert is_signed(first, old) and is_signed(first, new)
    assert is_signed(second, new) and not is_signed(second, old)


def test_a_secret_that_is_made_twice_does_not_end_the_one_in_use(receiver, dataset):
    """The answer was lost, or the page was loaded again."""
    hook, old = added(receiver, dataset)
    _, lost = hooks.new_secret(hook_id=hook.pk, by=hook.made_by)
    begun = Hook.objects.get().salted_at
    _, new = hooks.new_secret(hook_id=hook.pk, by=hook.made_by)
    happen(dataset)
    sent()

    (heard,) = receiver.heard
    assert is_signed(heard, old) and is_signed(heard, new)
    assert not is_signed(heard, lost)
    assert Hook.objects.get().salted_at == begun, "its day is not made longer"


def test_while_the_key_of_the_installation_changes_both_are_good(
    receiver, dataset, settings
):
    _, old = added(receiver, dataset)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of fifty letters and more, made at random"
    happen(dataset)
    sent()
    settings.SECRET_KEY_FALLBACKS = []
    happen(dataset)
    sent()

    first, second = receiver.heard
    assert is_signed(first, old) and not is_signed(second, old)


def test_a_removed_hook_hears_nothing_more(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    hooks.remove(hook_id=hook.pk, by=hook.made_by)
    happen(dataset)

    sent()

    assert receiver.heard == []
    assert states() == ["waiting"]
