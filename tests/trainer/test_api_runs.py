"""Runs and base models, for programs."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.utils.timezone import now

from curation.models import Recall, Withdrawal
from tests.programs import Program, hostile, refused_fields
from trainer.actions import runs
from trainer.models import BaseModel, Run, Sample

pytestmark = pytest.mark.django_db


def wish(frozen, base, **more):
    return {"version": frozen.digest, "base": base.slug, **more}


def named(path, **query):
    return f"{path}?{urlencode(query)}"


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


# ---- base models -------------------------------------------------------------------------


def test_base_models_are_listed_without_where_they_lie(program, base):
    BaseModel.objects.create(name="Other", slug="other", kind="starter")

    found = program.get("bases/?state=ready").json()["results"]

    assert [one["slug"] for one in found] == ["test-base"]
    assert "/nowhere" not in program.get("bases/test-base/").text
    assert program.get("bases/none/").status_code == 404


# ---- launch ------------------------------------------------------------------------------


def test_settings_that_are_left_out_fit(
    program, frozen, base, curator, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr("trainer.tasks.execute_run.delay", lambda **ids: rung.append(ids))

    with django_capture_on_commit_callbacks(execute=True):
        answer = program.post("runs/", wish(frozen, base, config={"steps": 20}))

    assert answer.status_code == 201, answer.content
    run = Run.objects.get()
    told = answer.json()
    assert (told["id"], told["state"], told["dataset"]) == (
        run.pk, "queued", frozen.dataset.slug,
    )  # fmt: skip
    assert told["config"] == run.config
    assert (run.config["steps"], run.config["learning_rate"]) == (20, 2e-4)
    assert run.config["offer"] is True
    assert (run.requested_by, rung) == (curator, [{"run_id": run.pk}])


def test_the_same_request_twice_starts_one_run(program, frozen, base):
    first = program.post("runs/", wish(frozen, base), key="once")
    again = program.post("runs/", wish(frozen, base), key="once")

    assert (again.json(), again.status_code) == (first.json(), 201)
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"methd": "dpo"}, "methd"),
        ({"method": "merge"}, "method"),
        ({"base": "none"}, "base"),
        ({"version": "latest"}, "version"),
        ({"config": {"stepz": 3}}, "config"),
        ({"config": {"steps": "many"}}, "config"),
        ({"config": {"steps": 0}}, "config"),
        ({"config": []}, "config"),
        ({"parent": 10**30}, "parent"),
        ({"recalled": -1}, "recalled"),
    ],
)
def test_odd_wishes_are_told_by_field(program, frozen, base, more, field):
    answer = program.post("runs/", wish(frozen, base) | more)

    assert answer.status_code == 400
    assert refused_fields(answer) == {field}
    assert not Run.objects.exists()


def test_a_version_of_others_does_not_exist(stranger, frozen, base):
    assert stranger.post("runs/", wish(frozen, base)).status_code == 404


def test_only_curators_start_runs_and_only_with_a_key_for_it(writer, curator, frozen, base):
    assert writer.post("runs/", wish(frozen, base)).status_code == 403
    reading = Program(curator, "read", "curate").post("runs/", wish(frozen, base))
    assert (reading.status_code, "train" in reading.json()["detail"]) == (403, True)
    assert not Run.objects.exists()


def test_texts_that_were_taken_back_are_to_be_known(program, frozen, base):
    text = frozen.items.order_by("pk").first().reply
    asked = {"person": text.author, "asked_by": text.author, "message": text}
    withdrawal = Withdrawal.objects.create(state="finished", finished_at=now(), **asked)
    Recall.objects.create(version=frozen, message=text, withdrawal=withdrawal)

    refused = program.post("runs/", wish(frozen, base))

    assert (refused.status_code, "1 text" in refused.json()["detail"]) == (409, True)
    assert program.post("runs/", wish(frozen, base, recalled=1)).status_code == 201


# ---- lists -------------------------------------------------------------------------------


def test_the_list_is_narrowed_and_ordered(program, request_run, preferred, frozen):
    first, second = request_run(), request_run(method="reward", version=preferred)
    runs.cancel(run_id=first.pk, by=first.requested_by)

    assert ids(program.get("runs/")) == [second.pk, first.pk]
    assert ids(program.get("runs/?order=oldest")) == [first.pk, second.pk]
    for wanted, found in [
        ({"state": "cancelled"}, [first.pk]),
        ({"method": "reward"}, [second.pk]),
        ({"version": frozen.digest}, [first.pk]),
        ({"dataset": frozen.dataset.slug, "base": "test-base"}, [second.pk, first.pk]),
        ({"dataset": "none"}, []),
    ]:
        assert ids(program.get(named("runs/", **wanted))) == found


@pytest.mark.parametrize(
    "query", [{"status": "queued"}, {"state": "asleep"}, {"order": "priority"}]
)
def test_a_filter_that_is_not_known_is_told(program, request_run, query):
    answer = program.get(named("runs/", **query))

    assert (answer.status_code, refused_fields(answer)) == (400, set(query))
    if "status" in query:
        assert "state, dataset, base, order, method, version" in answer.text


def test_other_peoples_runs_do_not_exist(stranger, request_run):
    run = request_run()

    assert ids(stranger.get("runs/")) == []
    for path in ("", "metrics/", "evaluation/", "samples/", "files/"):
        assert stranger.get(f"runs/{run.pk}/{path}").status_code == 404
    for verb in ("cancel", "pause", "retry"):
        assert stranger.post(f"runs/{run.pk}/{verb}/").status_code == 404


def test_a_list_costs_the_same_however_long(program, request_run):
    request_run()
    program.get("runs/")  # when a key was used is noted once a minute
    before = program.queries("runs/")
    for _ in range(4):
        request_run()

    # The key with its owner, the runs.
    assert (before, program.queries("runs/")) == (2, 2)


# ---- steering ----------------------------------------------------------------------------


def test_a_run_is_paused_gone_on_with_and_cancelled(program, request_run):
    run = request_run()
    there = f"runs/{run.pk}/"

    assert program.post(f"{there}pause/").json()["state"] == "paused"
    assert program.post(f"{there}retry/").json()["state"] == "queued"
    runs.claim(run.pk, "gpu-1:42")
    told = program.post(f"{there}cancel/").json()
    assert (told["state"], told["stopping"]) == ("running", "cancel")
    assert program.get(there).json()["stopping"] == "cancel"
    assert program.post(f"{there}cancel/", {"now": True}).status_code == 400


def test_what_cannot_be_is_refused(program, writer, request_run):
    run = request_run()

    assert writer.get(f"runs/{run.pk}/").status_code == 200
    assert writer.post(f"runs/{run.pk}/cancel/").status_code == 403
    assert program.post(f"runs/{run.pk}/retry/").status_code == 409


def test_a_waiting_run_says_what_for(program, request_run):
    run = request_run()

    assert "worker" in program.get(f"runs/{run.pk}/").json()["waits_for"]


# ---- what came of it ---------------------------------------------------------------------


def test_points_of_the_curves_come_by_step(program, writer, request_run):
    run = runs.claim(request_run().pk, "gpu-1:42")
    points = [runs.Point("loss", step, 3 / (step + 1)) for step in range(8)]
    runs.report(run, [*points, runs.Point("held_out_loss", 5, 2.0)], step=8)
    there = f"runs/{run.pk}/metrics/"

    def steps(**query):
        found = writer.get(named(there, **query)).json()["results"]
        return [(one["name"], one["step"]) for one in found]

    assert len(steps()) == 9
    assert steps(since_step=6) == [("loss", 6), ("loss", 7)]
    assert steps(name="held_out_loss") == [("held_out_loss", 5)]
    assert refused_fields(writer.get(f"{there}?name=luck")) == {"name"}
    assert writer.get(f"{there}?cursor=x").status_code in (200, 404)


def test_thousands_of_points_come_in_pages(program, request_run):
    run = runs.claim(request_run().pk, "gpu-1:42")
    runs.report(run, [runs.Point("loss", step, 1.0) for step in range(1500)], step=8)

    first = program.get(f"runs/{run.pk}/metrics/").json()
    second = program.get(first["next"].partition("/api/v1/")[2]).json()

    found = [one["step"] for one in first["results"] + second["results"]]
    assert (found, second["next"]) == (list(range(1500)), None)


def test_members_read_the_evaluation_and_curators_alone_whose_answers_are_whose(
    program, writer, finish, request_run
):
    run = finish(loss=0.5)
    texts = {"prompt_text": "Hi?", "base_text": "uh", "tuned_text": "Hi there."}
    Sample.objects.create(run=run, position=0, prompt_uid="0" * 32, **texts)

    told = writer.get(f"runs/{run.pk}/evaluation/").json()
    assert told["loss_before"] == 2.0
    assert told["by_category"][0]["category"] == "maths"
    assert writer.get(f"runs/{run.pk}/").json()["held_out"]["loss_before"] == 2.0
    refused = writer.get(f"runs/{run.pk}/samples/")
    assert (refused.status_code, "Hi there" in refused.text) == (403, False)
    (sample,) = program.get(f"runs/{run.pk}/samples/").json()["results"]
    assert sample["tuned_text"] == "Hi there."
    assert program.get(f"runs/{request_run().pk}/evaluation/").status_code == 404


def test_hostile_json_is_a_400(program):
    for body in hostile("version"):
        assert program.post("runs/", body).status_code == 400
