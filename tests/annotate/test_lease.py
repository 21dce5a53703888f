from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from annotate import actions
from annotate.models import Assignment, Draft
from curation.models import Message
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=1)


@pytest.fixture
def slot(client, dataset):
    planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    client.force_login(ContributorFactory(member=dataset))
    return claim(client, kind="answer")


def run_out(slot):
    Assignment.objects.filter(pk=slot.pk).update(lease_until=now() - timedelta(minutes=1))
    return actions.expire_leases()


def autosave(client, slot, **fields):
    return client.post(
        reverse("annotate:draft-save", args=[slot.pk]),
        json.dumps(fields),
        content_type="application/json",
    )


def test_a_lease_that_ran_out_frees_the_slot(slot):
    assert run_out(slot) == 1

    slot.refresh_from_db()
    assert (slot.state, slot.person) == ("open", None)


def test_a_late_submit_lands_when_nobody_took_the_slot(client, slot):
    run_out(slot)

    assert submit(client, slot, text="Late, but here.").status_code == 302

    assert Message.objects.filter(text="Late, but here.").exists()


def test_a_late_submit_is_kept_when_somebody_else_has_the_slot(client, dataset, slot):
    run_out(slot)
    other = ContributorFactory(member=dataset)
    assert actions.claim(by=other, kind="answer") == slot

    response = submit(client, slot, text="Too late.")

    assert response.status_code == 302
    assert not Message.objects.filter(text="Too late.").exists()
    assert Draft.objects.get().fields["text"] == "Too late."
    home = client.get("/")
    assert "Your text is here" in home.text
    kept = client.get(reverse("annotate:kept", args=[Draft.objects.get().pk]))
    assert "Too late." in kept.text


def test_a_kept_text_can_be_taken_up_again(client, slot):
    autosave(client, slot, text="Half a thought")
    run_out(slot)
    draft = Draft.objects.get()

    response = client.post(reverse("annotate:kept-continue", args=[draft.pk]))

    assert "Half a thought" in client.get(response.url).text


def test_a_heartbeat_keeps_the_lease(client, slot):
    Assignment.objects.filter(pk=slot.pk).update(lease_until=now() + timedelta(seconds=5))

    response = client.post(reverse("annotate:beat", args=[slot.pk]))

    assert response.status_code == 200
    slot.refresh_from_db()
    assert slot.lease_until > now() + timedelta(minutes=20)


def test_a_heartbeat_for_a_lost_lease_says_so(client, slot):
    run_out(slot)

    assert client.post(reverse("annotate:beat", args=[slot.pk])).status_code == 409


def test_what_is_typed_is_there_after_a_reload(client, slot):
    assert autosave(client, slot, text="First words").json()["saved_at"]

    page = client.get(reverse("annotate:task", args=[slot.pk]))

    assert "First words" in page.text


@pytest.mark.parametrize(
    "body",
    [b"[1, 2]", b"nonsense", b'{"text": "\\ud800"}', b'{"a":' * 50_000, b"\xff"],
    ids=["list", "no json", "surrogate", "deep", "bytes"],
)
def test_an_odd_autosave_is_a_400_never_a_500(client, slot, body):
    response = client.post(
        reverse("annotate:draft-save", args=[slot.pk]),
        body,
        content_type="application/json",
    )

    assert response.status_code == 400
    assert not Draft.objects.exists()


def test_other_peoples_tasks_are_not_shown(client, dataset, slot):
    stranger = ContributorFactory()
    client.force_login(stranger)

    assert submit(client, slot, text="Intruder").status_code == 404
    assert client.get(reverse("annotate:task", args=[slot.pk])).status_code == 302
    assert client.post(reverse("annotate:skip", args=[slot.pk])).status_code == 404
    assert autosave(client, slot, text="Intruder").status_code == 404
