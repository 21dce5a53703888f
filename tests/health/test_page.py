"""“Is it well?”: each thing is broken once, and the page says what to do."""

from __future__ import annotations

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core.mail import send_mail
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils.timezone import now

from curation.actions import pulses, verifying
from curation.health import clock, servers
from curation.models import DatasetVersion, Extract, IdentityProvider, Pulse
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory
from tests.identity import Provider
from trainer.models import Worker

pytestmark = pytest.mark.django_db
OVERALL = "annotate.tasks.plan_changed"


@pytest.fixture(autouse=True)
def well(monkeypatch, settings, tmp_path):
    """All that this machine happens to be is left out."""
    disk = servers.Disk(tmp_path, total=10**12, free=9 * 10**11)
    monkeypatch.setattr(servers, "redis_answers", lambda: True)
    monkeypatch.setattr(servers, "disks", lambda: [disk])
    monkeypatch.setattr(clock, "unheard", lambda: {"default": 0, "gpu": 0})
    settings.EMAIL_HOST, settings.LOCAL = "mail.example", False
    pulses.feel(name=OVERALL)
    pulses.feel(name=pulses.BACKUP)


@pytest.fixture
def page(client):
    """Asks for it, and gives what is not well: name, words."""
    signed_in(client, is_staff=True)

    def ask():
        answer = client.get(url("health"))
        assert answer.status_code == 200
        found = re.findall(
            r'<article class="card" data-vital="(.+?)">(.+?)</article>',
            answer.text,
            re.DOTALL,
        )
        return {name: re.sub(r"<.+?>|\s+", " ", said) for name, said in found}

    return ask


def ago(**time):
    return now() - timedelta(**time)


def felt(name, **fields):
    Pulse.objects.filter(name=name).update(**fields)


def test_where_all_is_well_it_says_so(client, page):
    assert page() == {}
    assert "All is well" in client.get(url("health")).text


def test_what_waits_for_long_is_told_with_its_age(page):
    made = Extract.objects.create(
        dataset=DatasetFactory(), asked_by=ContributorFactory(), format="chat",
        kind="csv", asked_at=ago(hours=2),
    )  # fmt: skip
    assert "Exports: the first one for 2 hours." in page()["waiting"]

    Extract.objects.filter(pk=made.pk).update(asked_at=ago(minutes=5))
    assert "waiting" not in page()


def test_it_is_for_site_admins(client):
    signed_in(client, DatasetFactory(), "curator")

    assert client.get(url("health")).status_code == 404


def test_it_costs_the_same_however_many_versions_there_are(
    client, page, django_assert_max_num_queries
):
    with django_assert_max_num_queries(22):
        page()


def test_a_migration_to_come(page):
    MigrationRecorder.Migration.objects.filter(app="curation", name="0001_record").delete()

    said = page()["database"]
    assert "curation.0001_record" in said and "manage.py migrate" in said


def test_redis_is_down(page, monkeypatch):
    monkeypatch.setattr(servers, "redis_answers", lambda: False)

    assert "REDIS_URL" in page()["redis"]


@pytest.mark.parametrize(
    ("free", "kind"), [(200 * 10**9, None), (30 * 10**9, "Worth"), (3 * 10**9, "Not well")]
)
def test_the_disk_is_nearly_full(page, monkeypatch, tmp_path, free, kind):
    monkeypatch.setattr(
        servers, "disks", lambda: [servers.Disk(tmp_path, total=10**12, free=free)]
    )
    said = page().get(f"disk {tmp_path.name}")

    assert said is None if kind is None else (kind in said and "runs/" in said)


def test_the_worker_is_silent(page, monkeypatch):
    felt(OVERALL, tried_at=ago(minutes=10))
    monkeypatch.setattr(clock, "unheard", lambda: {"default": 41, "gpu": 0})

    said = page()["clock"]
    assert "41 messages wait" in said and clock.WORKER in said and "10 minutes" in said


def test_the_clock_does_not_ring(page):
    felt(OVERALL, tried_at=ago(minutes=10))

    assert clock.CLOCK in page()["clock"]


def test_nobody_can_tell_while_redis_is_down(page, monkeypatch):
    Pulse.objects.all().delete()
    monkeypatch.setattr(clock, "unheard", dict)

    assert "Redis does not answer" in page()["clock"]


def test_one_job_fails_and_one_is_late(page):
    pulses.feel(name="curation.tasks.settle_again", problem="ValueError")
    said = page()["clock"]
    assert "curation.tasks.settle_again" in said and "log" in said

    pulses.feel(name="curation.tasks.settle_again")
    felt("curation.tasks.settle_again", tried_at=ago(hours=1))
    assert "has not been done for too long" in page()["clock"]


def test_no_trainer_worker_is_there_for_what_waits(page, monkeypatch):
    assert "workers" not in page()  # nothing waits
    monkeypatch.setattr("trainer.checkup._waiting", lambda: 2)

    said = page()["workers"]
    assert "2 runs and jobs wait" in said and "--queues gpu" in said


def test_a_trainer_worker_is_silent(page):
    worker = Worker.objects.create(
        name="gpu-1:9", memory_total=1, memory_free=1, cpus=1, heard_at=ago(minutes=9)
    )
    assert "gpu-1:9 for 9 minutes" in page()["workers"]

    Worker.objects.filter(pk=worker.pk).update(heard_at=now())
    assert "workers" not in page()


def test_no_mail_server_is_named(page, settings):
    settings.EMAIL_HOST = ""

    assert "WINNOW_EMAIL_HOST" in page()["mail"]


def test_the_mail_server_does_not_take_letters(page, settings, monkeypatch):
    settings.EMAIL_BACKEND = "curation.mail.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody is there
    with pytest.raises(OSError):
        send_mail("News", "somebody's words", None, ["ada@example.org"])

    said = page()["mail"]
    assert "127.0.0.1" in said and "ConnectionRefusedError" in said
    assert "ada@example.org" not in said

    backend = "django.core.mail.backends.smtp.EmailBackend.send_messages"
    monkeypatch.setattr(backend, lambda self, messages: len(messages))
    send_mail("News", "words", None, ["ada@example.org"])
    assert "mail" not in page()


def test_a_letter_that_breaks_off_is_noticed(settings, monkeypatch):
    settings.EMAIL_BACKEND = "curation.mail.Backend"

    def breaks_off(self, messages):
        raise SMTPServerDisconnected("gone")

    backend = "django.core.mail.backends.smtp.EmailBackend.send_messages"
    monkeypatch.setattr(backend, breaks_off)
    with pytest.raises(SMTPServerDisconnected):
        send_mail("News", "words", None, ["ada@example.org"])

    assert Pulse.objects.get(name="mail").problem == "SMTPServerDisconnected"


def test_backups_are_old_fail_or_were_never_made(page):
    felt(pulses.BACKUP, done_at=ago(days=3))
    assert "Worth a look" in page()["backup"]
    felt(pulses.BACKUP, done_at=ago(days=8))
    assert "Not well" in page()["backup"]
    call_command("note_backup", failed="no room")
    assert "no room" in page()["backup"]
    call_command("note_backup")
    assert "backup" not in page()
    Pulse.objects.filter(name=pulses.BACKUP).delete()
    assert "Winnow knows of none" in page()["backup"]


def test_what_backs_up_is_known_here(page, monkeypatch, tmp_path):
    Pulse.objects.filter(name=pulses.BACKUP).delete()

    def full(*_):
        raise OSError("no room for ada@example.org")

    back_up = "curation.management.backups._back_up"
    monkeypatch.setattr(back_up, full)
    with pytest.raises(CommandError):
        call_command("backup", tmp_path / "one")
    assert Pulse.objects.get(name=pulses.BACKUP).problem == "OSError"

    monkeypatch.setattr(back_up, lambda *_: {"tables": {}, "files": {}})
    call_command("backup", tmp_path / "two")
    assert "backup" not in page()


def test_a_version_that_is_not_what_was_frozen(page, django_user_model):
    dataset = DatasetFactory(slug="handbook")
    someone = django_user_model.objects.first()
    version = DatasetVersion.objects.create(
        dataset=dataset, number=3, recipe={}, digest="0" * 64, train_count=0,
        held_out_count=0, frozen_by=someone,
        manifest={"format": "winnow/2", "leaves_sha256": "1" * 64},
    )  # fmt: skip

    assert verifying.compare_due(seconds=5) == 1

    said = page()["versions"]
    assert "handbook 3" in said and "verify_version handbook 3" in said
    assert Pulse.objects.get(name=f"version:{version.pk}").problem


def test_versions_take_turns(monkeypatch, django_user_model):
    dataset = DatasetFactory()
    common = {"dataset": dataset, "recipe": {}, "manifest": {}, "held_out_count": 0}
    by = dataset.memberships.first() or None
    person = by.contributor if by else django_user_model.objects.create(email="a@b.example")
    numbers = {1: 10, 2: 10, 3: verifying.ITEMS_AT_MOST + 1}
    for number, count in numbers.items():
        DatasetVersion.objects.create(
            **common, number=number, digest=str(number) * 64, train_count=count,
            frozen_by=person,
        )  # fmt: skip
    seen = []
    monkeypatch.setattr(
        verifying.versions, "verify", lambda version: seen.append(version.number) or []
    )

    for _ in range(3):
        verifying.compare_due(seconds=0)

    assert seen == [1, 2, 1]


def test_what_cannot_be_looked_at_hides_nothing_else(page, settings, caplog):
    settings.CHECKUPS = ["trainer.checkup.no_such_thing", *settings.CHECKUPS]
    Pulse.objects.filter(name=pulses.BACKUP).delete()

    found = page()
    assert "ImportError" in found["trainer.checkup.no_such_thing"]
    assert "backup" in found


def test_providers_that_cannot_be_asked_for_new_keys(page):
    asked = {
        "kind": "saml", "is_on": True, "metadata_url": "https://idp.example/metadata",
        "metadata": Provider("https://idp.example").metadata(),
    }  # fmt: skip
    fine = IdentityProvider.objects.create(slug="fine", name="Fine", **asked)
    silent = IdentityProvider.objects.create(
        slug="silent", name="Head office", unasked_since=ago(hours=2),
        unasked_why="There is no server named %(host)s.", unasked_facts={"host": "idp"},
        **asked,
    )  # fmt: skip
    assert "identity_providers" not in page()
    IdentityProvider.objects.filter(pk=silent.pk).update(unasked_since=ago(days=3))

    said = page()["identity_providers"]

    assert "Head office could not be renewed for 3" in said
    assert "There is no server named idp." in said and fine.name not in said
    IdentityProvider.objects.filter(pk=fine.pk).update(metadata="<odd/>")
    unread = page()["identity_providers"]
    assert "is kept about Fine cannot be read" in unread and "Head office" not in unread
    IdentityProvider.objects.update(is_on=False)
    assert "identity_providers" not in page()
