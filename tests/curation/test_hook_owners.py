"""A hook ends with the rights of who answers for it."""

from __future__ import annotations

import pytest

from curation.actions import erasure, hooks, people, suspensions
from curation.models import Contributor, Membership, Notification
from tests.curation.hooks import added, happen, sent
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


def leaves(hook):
    Membership.objects.filter(contributor=hook.made_by).delete()


def is_paused(hook):
    admin = ContributorFactory(is_staff=True)
    suspensions.suspend(person_id=hook.made_by_id, dataset=None, reason="Spam.", by=admin)


def is_closed(hook):
    admin = ContributorFactory(is_staff=True)
    people.set_active(person_id=hook.made_by_id, is_active=False, by=admin)


def is_erased(hook):
    admin = ContributorFactory(is_staff=True)
    erasure.erase(person_id=hook.made_by_id, by=admin)


def only_reviews(hook):
    Membership.objects.filter(contributor=hook.made_by).update(role="reviewer")


@pytest.mark.parametrize("end", [leaves, is_paused, is_closed, is_erased, only_reviews])
def test_a_hook_ends_with_the_rights_of_who_made_it(receiver, dataset, end):
    hook, _ = added(receiver, dataset)
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    ContributorFactory(member=dataset)
    happen(dataset)
    end(hook)
    Notification.objects.all().delete()

    sent()

    assert receiver.heard == []
    hook.refresh_from_db()
    assert (hook.is_on, hook.off_why) == (False, hooks.NO_LONGER)
    (notice,) = Notification.objects.filter(kind="hook")
    assert (notice.person, notice.data["hook"]) == (other, hook.pk)

    hooks.switch(hook_id=hook.pk, is_on=True, by=other)
    sent()
    assert len(receiver.heard) == 1, "who switches it on answers for it"


def test_a_hook_of_the_site_ends_with_its_admin(receiver, dataset):
    hook, _ = added(receiver)
    other = ContributorFactory(is_staff=True)
    added(f"{receiver.address}of", dataset)
    Contributor.objects.filter(pk=hook.made_by_id).update(is_staff=False)
    happen(dataset)

    sent()

    assert [heard.first_line.split()[1] for heard in receiver.heard] == ["/of"]
    assert Notification.objects.get(kind="hook").person == other


def test_where_no_curator_is_left_admins_are_told(receiver, dataset):
    hook, _ = added(receiver, dataset)
    admin = ContributorFactory(is_staff=True)
    leaves(hook)

    sent()

    assert Notification.objects.get(kind="hook").person == admin


def test_who_changes_a_hook_answers_for_it(receiver, dataset):
    hook, _ = added(f"{receiver.address}old", dataset)
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    hooks.change(hook_id=hook.pk, by=other, url=receiver.address)
    leaves(hook)
    happen(dataset)
    sent()
    assert len(receiver.heard) == 1

    Membership.objects.filter(contributor=other).delete()
    happen(dataset)
    sent()
    assert len(receiver.heard) == 1
