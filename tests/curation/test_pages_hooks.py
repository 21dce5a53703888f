"""Webhooks in the browser: of a dataset its curators, of the site the admins."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from curation.actions import deliveries
from curation.models import Delivery, Event, Hook
from tests.curation.hooks import added, happen
from tests.curation.pages import queries, signed_in, url
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


def fields(**changed):
    return {
        "name": "Release bot", "url": "https://hooks.example/in?key=s3cret",
        "wants": ["version.frozen", "run.finished"], **changed,
    }  # fmt: skip


def test_a_curator_adds_one_and_sees_its_secret_once(client, dataset):
    person = signed_in(client, dataset, "curator")
    page = url("hooks", dataset.slug)
    assert "Nobody is told yet" in client.get(page).content.decode()

    answer = client.post(page, fields())

    hook = Hook.objects.get()
    assert (hook.dataset, hook.made_by, hook.wants) == (
        dataset, person, ["run.finished", "version.frozen"],
    )  # fmt: skip
    assert b"whsec_" in answer.content
    assert "no-store" in answer["Cache-Control"]
    shown = client.get(url("hook", hook.pk)).content.decode()
    assert "whsec_" not in shown and hook.salt not in shown
    listed = client.get(page).content.decode()
    assert "hooks.example" in listed and "s3cret" not in listed
    added_line = Event.objects.get(kind="hook.added")
    assert added_line.data["host"] == "hooks.example"
    assert "s3cret" not in str(added_line.data)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"url": "ftp://hooks.example"}, 422),
        ({"url": "https://me:pass@hooks.example/"}, 422),
        ({"url": "https://hooks.example/" + "a" * 600}, 422),
        ({"wants": []}, 422),
        ({"wants": ["message.submitted"]}, 422),
        ({"name": ""}, 422),
        ({"name": "a\x00b"}, 422),
    ],
)
def test_what_cannot_be_one_is_said_in_the_form(client, dataset, wrong, status):
    signed_in(client, dataset, "curator")

    answer = client.post(url("hooks", dataset.slug), fields(**wrong))

    assert answer.status_code == status
    assert not Hook.objects.exists()


def test_the_same_address_twice_is_refused(client, dataset):
    signed_in(client, dataset, "curator")
    client.post(url("hooks", dataset.slug), fields())

    again = client.post(url("hooks", dataset.slug), fields(name="Another"))

    assert again.status_code == 409
    assert "already" in again.content.decode()


def test_others_find_none(client, dataset):
    hook, _ = added("https://hooks.example/", dataset)
    site, _ = added("https://hooks.example/")
    happen(dataset)
    sent = Delivery.objects.filter(hook=hook).get()
    pages = [
        (hook, "hook"), (hook, "hook-log"), (site, "hook"),
        (hook, "hook-test"), (hook, "hook-secret"), (hook, "hook-switch"),
        (hook, "hook-remove"),
    ]  # fmt: skip
    for member in (dataset, DatasetFactory()):
        roles = ["writer", "reviewer"] if member == dataset else ["curator"]
        signed_in(client, member, *roles)
        for one, name in pages:
            ask = client.get if name in ("hook", "hook-log") else client.post
            assert ask(url(name, one.pk)).status_code == 404, name
        assert client.post(url("hook-again", hook.pk, sent.pk)).status_code == 404
        assert client.get(url("hooks", dataset.slug)).status_code == 404
        assert client.get(url("site-hooks")).status_code == 404
    hook.refresh_from_db()
    assert hook.is_on and hook.removed_at is None


def test_a_delivery_of_another_hook_is_not_sent_again(client, dataset):
    mine, _ = added("https://hooks.example/", dataset)
    other, _ = added("https://hooks.example/", DatasetFactory())
    happen(other.dataset)
    signed_in(client, dataset, "curator")

    answer = client.post(url("hook-again", mine.pk, other.deliveries.get().pk))

    assert answer.status_code == 404


def test_a_test_shows_what_was_answered(client, dataset, server):
    hook, _ = added(server, dataset)
    signed_in(client, dataset, "curator")
    server.says(400, b"<b>Wrong token</b>")

    shown = client.post(url("hook-test", hook.pk), follow=True).content.decode()

    assert "The test was not taken" in shown
    assert "&lt;b&gt;Wrong token&lt;/b&gt;" in shown
    server.says()
    shown = client.post(url("hook-test", hook.pk), follow=True).content.decode()
    assert "The test was taken" in shown


def test_it_is_changed_switched_and_removed(client, dataset, server):
    hook, _ = added(server, dataset)
    signed_in(client, dataset, "curator")
    page = url("hook", hook.pk)

    assert client.post(page, fields(with_texts="on")).status_code == 302
    client.post(url("hook-switch", hook.pk), {"on": "no"})
    assert "It is off." in client.get(page).content.decode()
    secret = client.post(url("hook-secret", hook.pk))

    hook.refresh_from_db()
    assert (hook.name, hook.with_texts, hook.is_on) == ("Release bot", True, False)
    assert b"whsec_" in secret.content and hook.salt_before
    assert client.post(page, fields(url="nowhere")).status_code == 422
    client.post(url("hook-remove", hook.pk))
    assert client.get(page).status_code == 404


def test_the_log_shows_attempts_and_sends_again(client, dataset, server):
    hook, _ = added(server, dataset)
    server.says(500, b"Out of order")
    happen(dataset)
    deliveries.carry_on(seconds=9)
    signed_in(client, dataset, "curator")
    log = url("hook-log", hook.pk)

    first = client.get(log)

    shown = first.content.decode()
    assert "Out of order" in shown and "A run finished" in shown and "status 500" in shown
    same = client.get(log, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    sent = hook.deliveries.get()
    client.post(url("hook-again", hook.pk, sent.pk))
    sent.refresh_from_db()
    assert (sent.state, sent.tried) == ("waiting", 0)
    other = client.get(log, headers={"If-None-Match": first["ETag"]})
    assert other.status_code == 200
    client.post(url("hook-switch", hook.pk), {"on": "no"})
    refused = client.post(url("hook-again", hook.pk, sent.pk), follow=True)
    assert "Switch it on first" in refused.content.decode()


def test_the_pages_take_no_more_queries_with_more_rows(client, dataset, server):
    hook, _ = added(server, dataset)
    happen(dataset, count=2)
    signed_in(client, dataset, "curator")
    pages = [url("hook", hook.pk), url("hooks", dataset.slug)]
    before = [queries(client, page) for page in pages]
    added("https://hooks.example/two", dataset)
    happen(dataset, count=9)

    assert [queries(client, page) for page in pages] == before


def test_an_admin_keeps_those_of_the_site(client, server):
    signed_in(client, is_staff=True)
    assert "Webhooks of the site" in client.get(url("instance")).content.decode()

    client.post(url("site-hooks"), fields(url=server.address))

    hook = Hook.objects.get()
    assert hook.dataset is None
    assert client.get(url("hook", hook.pk)).status_code == 200
    assert client.get(url("site-hooks")).status_code == 200


def test_its_maker_reads_that_it_was_switched_off(client, dataset, server):
    hook, _ = added(server, dataset)
    server.says(410)
    happen(dataset)
    deliveries.carry_on(seconds=9)
    client.force_login(hook.made_by)

    shown = client.get(url("notifications")).content.decode()

    assert "The webhook “Ours” was switched off." in shown
    assert url("hook", hook.pk) in shown


def test_what_went_wrong_is_told_in_the_reader_s_language(client, dataset):
    inside, _ = added("https://10.1.2.3/in", dataset)
    signed_in(client, dataset, "curator")
    with override("de"):  # by whoever it was sent
        sent = deliveries.ping(hook_id=inside.pk, by=inside.made_by)
    path, listed = url("hook", inside.pk), f"/api/v1/hooks/{inside.pk}/deliveries/"

    english = client.get(path, headers={"accept-language": "en"}).text
    german = client.get(path, headers={"accept-language": "de"}).text
    tried = client.get(listed, headers={"accept-language": "de"}).json()["results"][0]

    assert sent.tries.get().facts == {"host": "10.1.2.3", "number": "10.1.2.3"}
    assert "10.1.2.3 is at 10.1.2.3, an address inside this network" in english
    assert "10.1.2.3 hat die Adresse 10.1.2.3" in german
    assert tried["tries"][0]["problem"].startswith("10.1.2.3 hat die Adresse 10.1.2.3")


def test_a_plain_problem_is_told_in_the_reader_s_language(client, dataset, receiver):
    hook, _ = added(receiver, dataset)
    receiver.reply = lambda connection: None
    signed_in(client, dataset, "curator")
    with override("de"):
        deliveries.ping(hook_id=hook.pk, by=hook.made_by)

    page = client.get(url("hook", hook.pk), headers={"accept-language": "en"}).text

    assert "The server broke off, or does not speak HTTP." in page
