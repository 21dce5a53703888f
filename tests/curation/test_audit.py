"""Who did what, when, and from where: written with the change, and searched."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from django.urls import reverse

from annotate.models import Assignment
from curation import command_line
from curation.actions import erasure, people, tokens
from curation.models import AccessToken, Event, Instance, Session
from tests.annotate.work import claim, planned
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def dataset():
    return DatasetFactory(title="Support")


@pytest.fixture
def admin(client):
    return signed_in(client, is_staff=True, name="Ada Admin")


def newest(kind):
    return Event.objects.filter(kind=kind).latest("pk")


def test_a_page_leaves_its_address_and_browser(client, dataset):
    signed_in(client, dataset, "curator")
    guest = ContributorFactory()
    sent = {"email": guest.email, "role": "viewer"}
    client.post(
        url("people", dataset.slug), sent, REMOTE_ADDR="203.0.113.7",
        headers={"User-Agent": FIREFOX, "X-Forwarded-For": "198.51.100.1"},
    )  # fmt: skip
    assert newest("membership.added").from_where == {
        "by": "page", "address": "203.0.113.7", "agent": "Firefox on Linux",
    }  # fmt: skip


def test_behind_a_proxy_only_its_own_word_counts(client, dataset, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    signed_in(client, dataset, "curator")
    sent = {"email": ContributorFactory().email, "role": "viewer"}
    hops = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    client.post(url("people", dataset.slug), sent, headers=hops)
    assert newest("membership.added").from_where["address"] == "203.0.113.9"


def test_a_program_leaves_the_number_of_its_key(client, dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    key, secret = tokens.issue(by=curator, name="Mine", scopes=["curate"], days=7)
    client.post(
        reverse("api:dataset-members-list", args=[dataset.slug]),
        {"email": ContributorFactory().email, "role": "viewer"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    seen = newest("membership.added").from_where
    assert (seen["by"], seen["key"]) == ("key", key.pk)


def test_a_command_leaves_its_name_and_a_machine_nothing(dataset):
    line = Event.objects.record("test.happened", dataset, by=None)
    assert line.from_where is None
    with command_line.named("import_messages"):
        line = Event.objects.record("test.happened", dataset, by=None)
    assert line.from_where == {"by": "command", "name": "import_messages"}


def test_signing_in_and_out_and_failing_to_is_in_the_history(client):
    person = ContributorFactory(email="ada@example.org")
    person.set_password("a long password")
    person.save()
    sent = {"login": "ada@example.org", "password": "wrong"}
    client.post(reverse("account_login"), sent)
    assert newest("session.refused").subject_id == person.pk
    client.post(reverse("account_login"), {**sent, "password": "a long password"})
    assert newest("session.begun").by == person
    client.post(reverse("account_logout"))
    assert newest("session.ended").by == person


def test_what_was_typed_for_an_account_that_is_not_there_is_kept_nowhere(client):
    sent = {"login": "secret-as-mail@example.org", "password": "wrong"}
    client.post(reverse("account_login"), sent)
    line = newest("session.refused")
    assert (line.subject_kind, line.subject_id) == ("instance", Instance.current().pk)
    assert "secret" not in json.dumps([line.data, line.from_where])


def test_admins_search_the_whole_history(client, admin, dataset):
    curator = ContributorFactory(member=dataset, name="Cora C", email="cora@example.org")
    Event.objects.record("membership.added", curator, by=curator, dataset=dataset)
    Event.objects.record("run.cancelled", dataset, by=admin, of=["a", "b"], is_last=True)
    page = client.get(url("audit")).text
    assert "membership.added" in page and "run.cancelled" in page
    assert "a, b" in page and "yes" in page  # as people read it
    for query in ("person=cora", "kind=membership", f"dataset={dataset.slug}",
                  f"subject=contributor+{curator.pk}", "subject=contributor"):  # fmt: skip
        found = client.get(f"{url('audit')}?{query}").text
        assert "membership.added" in found and "run.cancelled" not in found, query
    assert "Nothing matches" in client.get(url("audit") + "?until=2020-01-01").text
    for query in ("kind=%00", "since=never", "dataset=none", "kind=a'b"):
        assert client.get(f"{url('audit')}?{query}").status_code == 400
    for query in ("subject=x+99999999999999999999", "after=99999999999999999999"):
        assert client.get(f"{url('audit')}?{query}").status_code == 200
    first_to_last = client.get(f"{url('audit')}?since=0001-01-01&until=9999-12-31")
    assert "membership.added" in first_to_last.text


def test_pages_go_back_in_time_without_repeating(client, admin, dataset):
    for number in range(120):
        Event.objects.record("test.happened", dataset, by=None, n=number)
    seen, address = [], f"{url('audit')}?kind=test"
    while address:
        answer = client.get(address)
        seen += [line.data["n"] for line, _means in answer.context["lines"]]
        after = answer.context["following"]
        address = f"{url('audit')}?kind=test&after={after}" if after else ""
    assert seen == list(range(119, -1, -1))


def test_curators_see_their_dataset_without_addresses(client, dataset):
    curator = signed_in(client, dataset, "curator")
    mine = {"email": ContributorFactory().email, "role": "viewer"}
    client.post(url("people", dataset.slug), mine, REMOTE_ADDR="203.0.113.7")
    Event.objects.record("test.elsewhere", DatasetFactory(), by=curator)
    page = client.get(url("dataset-audit", dataset.slug)).text
    assert "membership.added" in page and "test.elsewhere" not in page
    table = client.get(url("dataset-audit-file", dataset.slug, "csv")).getvalue().decode()
    assert "membership.added" in table
    assert "203.0.113.7" not in page + table


def test_files_are_whole_and_no_formula(client, admin, dataset):
    Event.objects.record("test.happened", dataset, by=admin, why="=1+1", who="@SUM(A1)")
    asked = "?kind=test"
    exact = client.get(url("audit-file", "jsonl") + asked).getvalue().decode()
    assert json.loads(exact)["data"] == {"why": "=1+1", "who": "@SUM(A1)"}
    table = client.get(url("audit-file", "csv") + asked).getvalue().decode("utf-8-sig")
    (row,) = csv.DictReader(StringIO(table))
    assert row["kind"] == "test.happened" and row["by"] == "page" or row["person"]
    assert not any(cell.startswith(("=", "@", "+", "-")) for cell in row.values())
    assert client.get(url("audit-file", "exe")).status_code == 404


def test_it_costs_no_more_with_more_people(
    client, admin, dataset, django_assert_max_num_queries
):
    for _ in range(30):
        Event.objects.record("test.happened", dataset, by=ContributorFactory())
    with django_assert_max_num_queries(5):
        client.get(url("audit"))


def test_who_is_erased_leaves_no_address(client, dataset, admin, tmp_path, settings):
    settings.VERSIONS_DIR = tmp_path
    person = ContributorFactory()
    line = Event.objects.record("test.happened", dataset, by=person)
    Event.objects.bulk_create([
        Event(kind="test.seen", subject_kind="contributor", subject_id=person.pk,
              by=person, from_where={"by": "page", "address": "203.0.113.7"}),
    ])  # fmt: skip
    erasure.erase(person_id=person.pk, by=admin)
    assert newest("test.seen").from_where is None
    assert newest("test.happened").pk == line.pk  # the line itself stays


def test_a_closed_account_is_out_at_once(client, dataset):
    planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    person = signed_in(client, dataset)
    slot = claim(client, kind="answer")
    _key, secret = tokens.issue(by=person, name="Mine", scopes=["read"], days=7)
    assert client.get(url("me")).status_code == 200
    people.set_active(
        person_id=person.pk, is_active=False, by=ContributorFactory(is_staff=True)
    )
    slot.refresh_from_db()
    assert (slot.state, slot.person_id) == (Assignment.State.OPEN, None)
    assert not Session.objects.filter(person=person).exists()
    assert not AccessToken.objects.filter(person=person, revoked_at=None).exists()
    assert client.get(url("me")).status_code == 302
    asked = {"Authorization": f"Bearer {secret}"}
    assert client.get(reverse("api:me"), headers=asked).status_code == 401
    told = newest("account.closed").data
    assert (told["tasks"], told["keys"], told["browsers"]) == (1, 1, 1)


def test_an_opened_account_gets_none_of_its_keys_back(client, dataset):
    admin, person = ContributorFactory(is_staff=True), ContributorFactory(member=dataset)
    _key, secret = tokens.issue(by=person, name="Mine", scopes=["read"], days=7)
    for is_active in (False, True):
        people.set_active(person_id=person.pk, is_active=is_active, by=admin)
    asked = {"Authorization": f"Bearer {secret}"}
    assert client.get(reverse("api:me"), headers=asked).status_code == 401
