"""Texts that were taken back, and words that are destroyed: what a run on them does."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from curation import handoff
from curation.actions import erasure, withdrawals
from curation.models import Event, Message
from tests.factories import ContributorFactory
from trainer import launch, tasks
from trainer.actions import runs
from trainer.config import RunConfig
from trainer.errors import NotConfirmed, TrainingFailed
from trainer.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def texts(frozen):
    return list(Message.objects.filter(frozen_in__version=frozen).order_by("pk"))


def take_back(*texts):
    for text in texts:
        withdrawals.take_back(message_id=text.pk, by=text.author)


def erase(text):
    admin = ContributorFactory(is_staff=True)
    return erasure.erase(person_id=text.author_id, by=admin)


def ask(client, frozen, base, **sent):
    sent = {"version": frozen.pk, "base": base.pk, **sent}
    return client.post(reverse("trainer:launch"), sent)


def test_a_run_asks_first_and_names_how_many(client, curator, frozen, base, texts):
    take_back(*texts[:2])
    client.force_login(curator)

    page = client.get(reverse("trainer:launch"), {"version": frozen.pk}).text
    assert 'name="recalled" value="2"' in page
    assert "2 texts of" in page

    refused = ask(client, frozen, base)
    assert refused.status_code == 422
    assert "2 texts of this version were taken back" in refused.text
    assert not Run.objects.exists()

    assert ask(client, frozen, base, recalled="2").status_code == 302
    run = Run.objects.get()
    asked = Event.objects.get(kind="run.requested", subject_id=run.pk)
    assert asked.data["recalled"] == 2


def test_one_more_since_is_asked_for_again(client, curator, frozen, base, texts):
    take_back(*texts[:3])
    client.force_login(curator)

    refused = ask(client, frozen, base, recalled="2")

    assert refused.status_code == 422
    assert 'name="recalled" value="3"' in refused.text


@pytest.mark.parametrize("sent", ["", "many", "-1", "9" * 400])
def test_other_words_confirm_nothing(client, curator, frozen, base, texts, sent):
    take_back(texts[0])
    client.force_login(curator)

    assert ask(client, frozen, base, recalled=sent).status_code == 422
    assert not Run.objects.exists()


def test_where_nothing_was_taken_back_nothing_is_asked(client, curator, frozen, base):
    client.force_login(curator)

    page = client.get(reverse("trainer:launch"), {"version": frozen.pk}).text

    assert 'name="recalled"' not in page
    assert ask(client, frozen, base).status_code == 302


def test_destroyed_words_refuse_every_run(client, curator, frozen, base, texts):
    erase(texts[0])
    client.force_login(curator)

    refused = ask(client, frozen, base, recalled="9")

    assert refused.status_code == 409
    assert "Freeze a new version" in refused.text
    assert not Run.objects.exists()
    version = reverse("curation:version", args=[frozen.dataset.slug, frozen.number])
    assert "Fine-tune a model on this" not in client.get(version).text


def test_the_newest_whole_version_is_chosen_first(client, curator, frozen, base, texts):
    erase(texts[0])
    client.force_login(curator)

    page = client.get(reverse("trainer:launch")).text
    assert "not whole any more" in page


def test_a_run_that_waited_fails_and_says_why(request_run, texts, folders):
    run = request_run()
    erase(texts[0])

    tasks.execute_run(run_id=run.pk)

    run.refresh_from_db()
    assert run.state == "failed"
    assert "are destroyed" in run.problem or "is destroyed" in run.problem
    assert not list(folders.glob("*/prompts.jsonl"))
    with pytest.raises(Exception, match="Freeze a new version"):
        runs.retry(run_id=run.pk, by=run.requested_by)


def test_a_run_under_way_ends_before_it_keeps_destroyed_prompts(
    request_run, texts, folders, monkeypatch
):
    """Its child has read the prompts by then; what it answered is not kept."""
    run = request_run()
    monkeypatch.setattr(launch._Phases, "tune", lambda work: None)
    monkeypatch.setattr(launch._Phases, "evaluate", lambda work: erase(texts[0]))

    with pytest.raises(TrainingFailed, match="Freeze a new version"):
        launch.train(runs.claim(run.pk, "here:1"))

    assert not run.samples.exists()


def test_files_that_go_away_under_a_run_are_told_as_what_they_are(
    request_run, texts, folders, monkeypatch
):
    run = request_run()

    def tune(work):
        erase(texts[0])
        (work.data / "train.jsonl").read_text()

    monkeypatch.setattr(launch._Phases, "tune", tune)

    with pytest.raises(TrainingFailed, match="Freeze a new version"):
        launch.train(runs.claim(run.pk, "here:1"))


def test_the_command_asks_as_well(frozen, base, curator, texts, monkeypatch):
    take_back(texts[0])
    asked = [f"{frozen.dataset.slug}/{frozen.number}", "--by", curator.email]
    monkeypatch.setattr("trainer.management.commands.train.ring", lambda *a, **k: None)

    with pytest.raises(CommandError, match="1 text of this version was taken back"):
        call_command("train", *asked)
    call_command("train", *asked, "--recalled", "1")

    assert Run.objects.count() == 1


def test_the_rule_is_the_actions_own(frozen, base, curator, texts):
    take_back(texts[0])
    config = RunConfig(steps=10).as_json()
    asked = {"version_id": frozen.pk, "base_id": base.pk, "config": config, "by": curator}

    with pytest.raises(NotConfirmed):
        runs.request(**asked)
    assert runs.request(**asked, recalled=1)


class TestMarks:
    def test_run_and_list_say_how_many_and_since_when(
        self, client, curator, request_run, frozen, texts
    ):
        run = request_run()
        take_back(*texts[:2])
        client.force_login(curator)

        page = client.get(reverse("trainer:run", args=[run.pk])).text
        assert "2 texts of its version were taken back by their authors since" in page
        assert "2 texts taken back" in client.get(reverse("trainer:runs")).text
        told = handoff.recalled(frozen.pk)
        assert (told.texts, told.erased) == (2, 0) and told.since is not None

    def test_other_runs_are_not_marked(self, client, curator, request_run):
        run = request_run()
        client.force_login(curator)

        assert 'id="recalled"' not in client.get(reverse("trainer:run", args=[run.pk])).text
        assert "taken back" not in client.get(reverse("trainer:runs")).text
