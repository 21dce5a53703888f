"""Base models: what is refused, how the starter is built once, how a pinned one comes."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.urls import reverse

from curation.errors import NotAllowed
from curation.models import Event
from tests.factories import ContributorFactory
from tests.trainer.safetensors_bytes import safetensors
from trainer import build, tasks
from trainer.actions import bases
from trainer.errors import TrainerError
from trainer.models import BaseModel

pytestmark = pytest.mark.django_db
REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


def model_folder(path: Path, **config: object) -> Path:
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    (path / "model.safetensors").write_bytes(safetensors())
    return path


def test_an_admin_adds_a_folder_and_it_is_ready(admin, tmp_path):
    folder = model_folder(tmp_path / "model")

    base = bases.register(name="Our model", location=str(folder), licence="MIT", by=admin)

    assert (base.slug, base.kind, base.state) == ("our-model", "local", "ready")
    assert Event.objects.get(kind="base.added").by == admin


def test_others_may_not(tmp_path):
    with pytest.raises(NotAllowed):
        bases.register(name="x", location=str(tmp_path), by=ContributorFactory())


def test_code_of_its_own_is_refused(admin, tmp_path):
    folder = model_folder(tmp_path / "model", auto_map={"AutoModel": "evil.Model"})

    with pytest.raises(TrainerError, match="run code of its own"):
        bases.register(name="x", location=str(folder), by=admin)


def test_pickles_are_refused(admin, tmp_path):
    folder = model_folder(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(TrainerError, match="no .safetensors weights"):
        bases.register(name="x", location=str(folder), by=admin)


@pytest.mark.parametrize("revision", ["", "main", "v1.0", REVISION[:12]])
def test_a_hub_model_must_be_pinned(admin, revision):
    with pytest.raises(TrainerError, match="Pin a hub model"):
        bases.register(name="x", location="owner/name", revision=revision, by=admin)
    with pytest.raises(IntegrityError, match="revision_pinned"), transaction.atomic():
        BaseModel.objects.create(
            name="x", slug="x", kind="hub", location="owner/name", revision=revision
        )


@pytest.mark.parametrize(
    "location", ["../../etc", "owner", "https://evil.example/x", "a/b/c"]
)
def test_odd_places_are_refused(admin, location):
    with pytest.raises(TrainerError, match="Give a folder"):
        bases.register(name="x", location=location, revision=REVISION, by=admin)


def test_the_same_model_is_added_once(admin):
    bases.register(name="One", location="owner/name", revision=REVISION, by=admin)

    with pytest.raises(TrainerError, match="there already"):
        bases.register(name="Two", location="owner/name", revision=REVISION, by=admin)


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(client, admin):
    client.force_login(admin)
    given = {"name": "Mine", "location": "owner/name", "revision": "main"}

    answer = client.post(reverse("trainer:bases_add"), given)

    assert answer.status_code == 409
    assert "Pin a hub model to one commit" in answer.text
    assert 'value="owner/name"' in answer.text


# ---- the starter -------------------------------------------------------------------------


@pytest.fixture
def starter(folders):
    return build.want_starter({"steps": 5, "seed": 1})


def test_the_same_starter_is_wanted_once(starter):
    assert build.want_starter({"steps": 5, "seed": 1}) == starter
    assert build.want_starter({"steps": 6, "seed": 1}) != starter
    assert starter.state == "building"


def test_the_list_tells_of_it_only_what_is_new(client, starter):
    client.force_login(ContributorFactory())
    asked = {"HX-Request": "true", "HX-Target": "bases"}
    first = client.get(reverse("trainer:runs"), headers=asked)
    assert 'id="bases"' in first.text
    assert 'data-live="3"' in first.text
    assert "<html" not in first.text

    asked["If-None-Match"] = first["ETag"]
    assert client.get(reverse("trainer:runs"), headers=asked).status_code == 304
    BaseModel.objects.update(state="failed", problem="No room.")
    ended = client.get(reverse("trainer:runs"), headers=asked)
    assert (ended.status_code, "data-live" in ended.text) == (200, False)


def test_one_worker_builds_it_and_a_lost_one_is_replaced(starter):
    first = bases.claim(starter.pk)
    assert first is not None
    assert bases.claim(starter.pk) is None

    BaseModel.objects.update(lease_until="2020-01-01T00:00Z")
    assert bases.unattended() == [starter.pk]
    second = bases.claim(starter.pk)

    assert bases.ready(first, location="/stale") is False
    assert bases.ready(second, location="/there") is True
    starter.refresh_from_db()
    assert (starter.state, starter.location, starter.progress) == ("ready", "/there", 100)


def test_a_build_that_fails_says_why_and_is_wanted_again(starter, monkeypatch):
    def fail(base):
        raise build.TrainingFailed("The disk is full.")

    monkeypatch.setattr(build, "build", fail)
    tasks.build_base(base_id=starter.pk)
    starter.refresh_from_db()
    assert (starter.state, starter.problem) == ("failed", "The disk is full.")

    assert build.want_starter({"steps": 5, "seed": 1}).state == "building"


def test_our_own_mistake_fails_the_build_and_is_logged(starter, monkeypatch, caplog):
    monkeypatch.setattr(build, "build", lambda base: 1 / 0)

    tasks.build_base(base_id=starter.pk)

    starter.refresh_from_db()
    assert starter.state == "failed"
    assert "ZeroDivisionError" in starter.problem
    assert "ZeroDivisionError" in caplog.text


def test_a_database_that_is_away_leaves_the_build_to_another(starter, monkeypatch):
    def fail(base):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(build, "build", fail)
    with pytest.raises(OperationalError):
        tasks.build_base(base_id=starter.pk)

    starter.refresh_from_db()
    assert starter.state == "building"


def test_a_build_that_ends_its_workers_is_given_up(starter):
    for _ in range(3):
        assert bases.claim(starter.pk) is not None
        BaseModel.objects.update(lease_until="2020-01-01T00:00Z")

    assert bases.claim(starter.pk) is None
    starter.refresh_from_db()
    assert (starter.state, starter.problem) == ("failed", bases.GIVEN_UP)

    build.want_starter({"steps": 5, "seed": 1})  # wanted again, it has all its tries
    assert bases.claim(starter.pk).lost == 0


def test_without_the_libraries_the_worker_says_so_and_goes_on(folders, monkeypatch, caplog):
    def lack(facts):
        raise PackageNotFoundError("torch")

    monkeypatch.setattr(build.starter_key, "content_key", lack)

    tasks.build_base()

    assert "lacks the training libraries (torch)" in caplog.text
    assert not BaseModel.objects.exists()


def test_one_whose_folder_was_deleted_is_built_anew(starter):
    bases.ready(bases.claim(starter.pk), location="/gone")

    assert build.want_starter({"steps": 5, "seed": 1}).state == "building"


def test_beat_rings_for_what_nobody_is_at(starter, monkeypatch):
    rung = []
    monkeypatch.setattr(
        "trainer.tasks.ring_again", lambda task, **given: rung.append(given)
    )

    tasks.restart_silent_runs()
    bases.claim(starter.pk)
    tasks.restart_silent_runs()

    assert rung == [{"base_id": starter.pk}]


# ---- from the hub ------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch, fake):
    """Where the fake fetch looks: `cache / "fetched"`."""
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def pinned(admin, cache):
    return bases.register(name="Hub", location="owner/name", revision=REVISION, by=admin)


@pytest.mark.django_db(transaction=True)
def test_a_pinned_one_is_fetched_checked_and_ready(pinned, cache):
    model_folder(cache / "fetched")

    tasks.build_base(base_id=pinned.pk)

    pinned.refresh_from_db()
    assert (pinned.state, pinned.location) == ("ready", "owner/name")


@pytest.mark.django_db(transaction=True)
def test_one_that_brings_code_is_refused_after_the_fetch(pinned, cache):
    model_folder(cache / "fetched", auto_map={"AutoModel": "evil.Model"})

    tasks.build_base(base_id=pinned.pk)

    pinned.refresh_from_db()
    assert "run code of its own" in pinned.problem


@pytest.mark.django_db(transaction=True)
def test_one_that_is_not_there_says_so(pinned):
    tasks.build_base(base_id=pinned.pk)

    pinned.refresh_from_db()
    assert pinned.problem == "The fetch process ended early: No owner/name at 0123456."
