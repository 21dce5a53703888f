"""People are asked to come, by mail or by a link; each counts as often as it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse
from django.utils.timezone import now

from curation.actions import invitations, people
from curation.actions.invitations import NotOpen
from curation.errors import CurationError, NotAllowed
from curation.mail import LOGGED
from curation.models import (
    Contributor,
    Event,
    IdentityProvider,
    Instance,
    Invitation,
    Membership,
)
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory
from tests.races import together

pytestmark = pytest.mark.django_db
NEW = {"name": "Nora New", "password": "a long enough word"}


@pytest.fixture
def dataset():
    return DatasetFactory(title="Support")


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"], name="Cora C")


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True, name="Ada Admin")


def invite(by, dataset=None, **facts):
    usual = {"roles": ["writer"] if dataset else []}
    return invitations.invite(by=by, dataset=dataset, **usual | facts)


def roles_of(person):
    return set(Membership.objects.filter(contributor=person).values_list("role", flat=True))


def test_a_link_says_who_invites_to_what_and_lets_members_join(client, dataset, curator):
    _made, token = invite(curator, dataset, roles=["writer", "viewer"])
    page = client.get(url("invited", token)).text
    assert "Cora C" in page and "Support" in page and "Writer" in page
    assert "Or make one" not in page
    guest = signed_in(client)
    answer = client.post(url("invited", token))
    assert answer.url == url("dataset", dataset.slug)
    assert roles_of(guest) == {"writer", "viewer"}
    assert Event.objects.filter(kind="invitation.accepted", by=guest).exists()


def test_only_a_hash_of_the_link_is_kept(dataset, curator):
    made, token = invite(curator, dataset)
    kept = str(Invitation.objects.filter(pk=made.pk).values())
    assert token not in kept and invitations.digest_of(token) in kept


def test_who_an_admin_invites_gets_an_account_where_registration_is_closed(
    client, dataset, admin
):
    _made, token = invite(admin, dataset, email="Nora@Example.org")
    answer = client.post(url("invited", token), NEW, follow=True)
    nora = Contributor.objects.get(email="nora@example.org")
    assert answer.context["user"] == nora and nora.check_password(NEW["password"])
    assert roles_of(nora) == {"writer"}
    assert client.get(url("invited", token)).status_code == 410


def test_who_gets_an_account_by_an_invitation_signs_in_as_everybody_does(client, admin):
    _made, token = invite(admin, email="nora@example.org")
    client.post(url("invited", token), NEW)
    nora = Contributor.objects.get(email="nora@example.org")
    assert Event.objects.filter(kind="session.begun", by=nora).exists()


def test_where_passwords_open_nothing_none_is_made(client, admin):
    _made, token = invite(admin, email="nora@example.org")
    IdentityProvider.objects.create(kind="oidc", slug="idp", name="Work", is_on=True)
    Instance.objects.create(passwords_of="admins", registration_open=True)
    answer = client.post(url("invited", token), NEW)
    assert answer.status_code == 409 and "as your company does" in answer.text
    fields = {"email": "nora@example.org", "password1": NEW["password"]}
    client.post("/accounts/signup/", {**fields, "password2": NEW["password"]})
    assert not Contributor.objects.filter(email="nora@example.org").exists()


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_the_second_address_of_somebody_is_theirs_once_they_confirmed_it(
    client, admin, is_confirmed
):
    EmailAddress.objects.create(user=admin, email="nora@example.org", verified=is_confirmed)
    _made, token = invite(admin, email="nora@example.org")
    answer = client.post(url("invited", token), NEW)
    assert answer.status_code == (409 if is_confirmed else 302)
    assert Contributor.objects.exclude(pk=admin.pk).exists() is not is_confirmed


def test_who_a_curator_invites_needs_an_account(client, dataset, curator):
    _made, token = invite(curator, dataset)
    sent = {**NEW, "email": "nora@example.org"}
    answer = client.post(url("invited", token), sent)
    assert answer.status_code == 409 and "Ask a site admin" in answer.text
    assert not Contributor.objects.filter(email="nora@example.org").exists()


@pytest.mark.parametrize(
    ("facts", "said"),
    [({"password": "short"}, "too short"), ({"email": "old@example.org"}, "already")],
)
def test_a_refused_arrival_makes_nothing_and_uses_nothing_up(client, admin, facts, said):
    ContributorFactory(email="old@example.org")
    made, token = invite(admin)
    before = Contributor.objects.count()
    sent = {"email": "nora@example.org", **NEW, **facts}
    answer = client.post(url("invited", token), sent)
    assert answer.status_code == 409 and said in answer.text
    made.refresh_from_db()
    assert (Contributor.objects.count(), made.uses) == (before, 0)


def test_a_mail_is_for_its_address_alone(client, dataset, curator):
    _made, token = invite(curator, dataset, email="nora@example.org")
    stranger = signed_in(client)
    answer = client.post(url("invited", token))
    assert answer.status_code == 409 and "nora@example.org" in answer.text
    assert roles_of(stranger) == set()


def test_it_ends_with_its_last_use_its_day_or_when_it_is_taken_back(
    client, dataset, curator
):
    used, first = invite(curator, dataset)
    invitations.accept(token=first, by=ContributorFactory())
    late, second = invite(curator, dataset)
    Invitation.objects.filter(pk=late.pk).update(expires_at=now() - timedelta(minutes=1))
    back, third = invite(curator, dataset)
    invitations.take_back(invitation_id=back.pk, by=curator)
    for token, said in ((first, "accepted already"), (second, "expired"), (third, "taken")):
        answer = client.get(url("invited", token))
        assert answer.status_code == 410 and said in answer.text
        with pytest.raises(NotOpen):
            invitations.accept(token=token, by=ContributorFactory())
    assert client.get(url("invited", "nonsense")).status_code == 404


def test_it_ends_with_the_right_of_who_invited(dataset, curator, admin):
    _made, token = invite(curator, dataset)
    people.leave(membership_id=Membership.objects.get().pk, by=admin)
    with pytest.raises(NotAllowed, match="may not do so any more"):
        invitations.accept(token=token, by=ContributorFactory())
    _made, token = invite(admin)
    Contributor.objects.filter(pk=admin.pk).update(is_staff=False)
    with pytest.raises(NotAllowed):
        invitations.accept_anew(token=token, email="nora@example.org", **NEW)


def test_who_takes_part_already_uses_nothing_up(dataset, curator):
    made, token = invite(curator, dataset)
    writer = ContributorFactory(member=dataset, member__roles=["writer"])
    invitations.accept(token=token, by=writer)
    made.refresh_from_db()
    assert made.uses == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_at_once_with_the_last_use_one_is_refused(dataset, curator):
    _made, token = invite(curator, dataset)
    guests = [ContributorFactory(), ContributorFactory()]
    came = together(
        *(lambda one=one: invitations.accept(token=token, by=one) for one in guests)
    )
    assert sum(one is NotOpen for one in came) == 1
    assert Membership.objects.filter(role="writer").count() == 1
    assert Invitation.objects.get().uses == 1


def test_without_a_mail_server_no_page_says_that_mail_went_out(
    client, dataset, curator, settings, capsys
):
    settings.EMAIL_BACKEND = LOGGED
    client.force_login(curator)
    sent = {"email": "nora@example.org", "roles": ["writer"], "days": 7, "uses": 1}
    answer = client.post(url("dataset-invitations", dataset.slug), sent, follow=True)
    assert "the letter to nora@example.org stands in its log" in answer.text
    assert "Sent to" not in answer.text

    client.logout()
    asked = {"email": curator.email}
    told = client.post(reverse("account_reset_password"), asked, follow=True)
    assert "ask an admin for it" in told.text and "on its way" not in told.text


def test_sent_again_the_old_link_opens_nothing(client, dataset, curator):
    client.force_login(curator)
    sent = {"email": "nora@example.org", "roles": ["writer"], "days": "7", "uses": "1"}
    client.post(url("dataset-invitations", dataset.slug), sent)
    made = Invitation.objects.get()
    client.post(url("invitation-again", made.pk))
    first, second = (
        letter.body.split("/invited/")[1].split("/")[0] for letter in mail.outbox
    )
    assert "Cora C" in mail.outbox[0].body and "Support" in mail.outbox[0].body
    assert client.get(url("invited", first)).status_code == 404
    assert client.get(url("invited", second)).status_code == 200
    page = client.get(url("dataset-invitations", dataset.slug)).text
    assert "nora@example.org" in page and first not in page and second not in page


def test_a_link_is_told_once(client, dataset, curator):
    client.force_login(curator)
    sent = {"roles": ["viewer"], "days": "7", "uses": "3"}
    told = client.post(url("dataset-invitations", dataset.slug), sent).text
    token = told.split("/invited/")[1].split("/")[0]
    assert token not in client.get(url("dataset-invitations", dataset.slug)).text
    assert client.get(url("invited", token)).status_code == 200


@pytest.mark.parametrize(
    "facts",
    [{"roles": []}, {"roles": ["owner"]}, {"days": 0}, {"days": 91}, {"uses": 0},
     {"uses": 501}, {"uses": 2, "email": "a@example.org"}],
)  # fmt: skip
def test_what_cannot_be_is_refused(dataset, curator, facts):
    with pytest.raises(CurationError):
        invite(curator, dataset, **facts)
    assert not Invitation.objects.exists()


def test_a_curator_invites_to_no_other_dataset_and_to_no_account_alone(curator):
    for dataset in (DatasetFactory(), None):
        with pytest.raises(NotAllowed):
            invite(curator, dataset)


def test_who_is_signed_in_as_another_hears_it_before_they_accept(client, dataset, curator):
    _made, token = invite(curator, dataset, email="Nora@example.org")
    signed_in(client)
    page = client.get(url("invited", token)).text
    assert "It is for nora@example.org" in page and "Accept" not in page
    assert f'name="next" value="{url("invited", token)}"' in page
    client.force_login(ContributorFactory(email="nora@example.org"))
    assert "Accept" in client.get(url("invited", token)).text
