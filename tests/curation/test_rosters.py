"""Many people come by one table: looked at line by line, done as a whole or not at all."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from curation.actions import rosters
from curation.errors import CurationError, NotAllowed
from curation.models import Contributor, Event, Membership
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
HEAD = "email,name,dataset,roles\n"


@pytest.fixture
def admin(client):
    return signed_in(client, is_staff=True)


@pytest.fixture
def dataset():
    return DatasetFactory(slug="support")


def planned(text, by):
    return [(one.what.value, one.why) for one in rosters.plan(HEAD + text, by=by).lines]


def test_each_line_says_what_would_become_of_it(dataset, admin):
    ContributorFactory(email="old@example.org", member=dataset, member__roles=["writer"])
    ContributorFactory(email="shut@example.org", is_active=False)
    table = (
        "new@example.org,Nora New,support,writer reviewer\n"
        "new@example.org,Nora New,,\n"
        "OLD@example.org,,support,writer\n"
        "old@example.org,,support,Reviewer;viewer\n"
        "shut@example.org,,support,writer\n"
        "nobody,,support,writer\n"
        "a@example.org,,elsewhere,writer\n"
        "b@example.org,,support,owner\n"
        "c@example.org,,support,\n"
    )
    found = planned(table, admin)
    assert [what for what, _why in found] == [
        "made", "same", "same", "changed", *["refused"] * 5,
    ]  # fmt: skip
    assert all(why for what, why in found if what == "refused")
    assert Contributor.objects.filter(email="new@example.org").count() == 0


def test_the_page_shows_it_first_and_does_it_then(client, dataset, admin):
    table = HEAD + "new@example.org,Nora New,support,writer viewer\nb@example.org,,,\n"
    looked = client.post(url("roster"), {"text": table})
    assert looked.status_code == 200 and "Nora New" in looked.text
    assert not Contributor.objects.filter(email="new@example.org").exists()
    sent = {"text": table, "sign": looked.context["plan"].sign}
    done = client.post(url("roster"), sent, follow=True).text
    assert "2 accounts are there." in done
    nora = Contributor.objects.get(email="new@example.org")
    assert nora.name == "Nora New" and not nora.has_usable_password()
    assert Membership.objects.filter(contributor=nora).count() == 2
    assert Event.objects.filter(kind="account.added", by=admin).count() == 2
    again = client.post(url("roster"), sent)
    assert again.status_code == 409  # it would do something else now


def test_one_refused_line_keeps_all_of_it_back(dataset, admin):
    text = HEAD + "new@example.org,,support,writer\nnobody,,,\n"
    sign = rosters.plan(text, by=admin).sign
    with pytest.raises(CurationError, match="mend"):
        rosters.carry_out(text=text, sign=sign, by=admin)
    assert not Contributor.objects.filter(email="new@example.org").exists()


def test_what_fails_midway_leaves_nothing(dataset, admin, monkeypatch):
    text = HEAD + "a@example.org,,support,writer\nb@example.org,,support,writer\n"
    sign = rosters.plan(text, by=admin).sign
    given = []

    def give(**facts):
        given.append(facts)
        if len(given) == 2:
            raise RuntimeError("the machine stops")

    monkeypatch.setattr(rosters, "give_role", give)
    with pytest.raises(RuntimeError):
        rosters.carry_out(text=text, sign=sign, by=admin)
    assert not Contributor.objects.filter(email="a@example.org").exists()


def test_a_name_that_is_a_formula_stays_text(dataset, admin):
    text = HEAD + 'a@example.org,\'=1+1,,\nb@example.org,"=HYPERLINK(""x"")",,\n'
    rosters.carry_out(text=text, sign=rosters.plan(text, by=admin).sign, by=admin)
    assert Contributor.objects.get(email="a@example.org").name == "=1+1"
    assert Contributor.objects.get(email="b@example.org").name == '=HYPERLINK("x")'


@pytest.mark.parametrize(
    "text",
    ["", "who,what\na,b\n", 'email\n"a', "email,email\na,b\n",
     "email\n" + "a@b.cd\n" * 1_001, "email\n" + "x" * 1_000_001],
)  # fmt: skip
def test_what_is_no_such_table_is_refused_as_a_whole(client, admin, text):
    with pytest.raises(CurationError):
        rosters.plan(text, by=admin)
    assert client.post(url("roster"), {"text": text}).status_code in (409, 422)


def test_files_and_semicolons_are_taken_and_odd_bytes_are_not(client, dataset, admin):
    def send(content):
        file = SimpleUploadedFile("people.csv", content)
        return client.post(url("roster"), {"file": file})

    table = "\ufeffE-Mail;Name;Dataset;Roles\r\nnora@example.org;Nora;support;writer\r\n"
    assert send(table.encode()).context["plan"].lines[0].roles == ["writer"]
    assert send("email\n\xe4@example.org".encode("latin-1")).status_code == 422
    for odd in (b"a\x00@example.org,,,", b"a@example.org,\x00,,",
                b"a@example.org,,\x00,writer", b"a@example.org,,support,\x00"):  # fmt: skip
        found = send(b"email,name,dataset,roles\n" + odd + b"\nb@example.org,,,\n")
        assert [one.what for one in found.context["plan"].lines] == ["refused", "made"]


def test_only_admins_bring_tables(dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    with pytest.raises(NotAllowed):
        rosters.plan(HEAD, by=curator)
