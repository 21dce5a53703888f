"""Work on models, and the files of what came of it, for programs."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.utils.timezone import now

from tests.factories import DatasetFactory
from tests.programs import Program, hostile, refused_fields
from trainer.actions import jobs
from trainer.folders import folder_of, folder_of_job
from trainer.models import Benchmark, Job, Run
from trainer.recipes.common import MANIFEST

pytestmark = pytest.mark.django_db


def ask(program, run, kind, config=None):
    return program.post("jobs/", {"kind": kind, "run": run.pk, "config": config or {}})


# ---- jobs --------------------------------------------------------------------------------


def test_work_is_asked_for_as_on_the_pages(
    program, finished, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr("trainer.tasks.execute_job.delay", lambda **ids: rung.append(ids))

    with django_capture_on_commit_callbacks(execute=True):
        answer = ask(program, finished, "generate", {"prompts": 2})

    assert answer.status_code == 201, answer.content
    job = Job.objects.get()
    assert rung == [{"job_id": job.pk}]
    assert answer.json()["config"] == job.config
    assert (job.config["prompts"], job.config["max_length"]) == (2, 64)
    assert ask(program, finished, "generate", {"prompts": 2}).json()["id"] == job.pk


@pytest.mark.parametrize("kind", ["export", "influence", "score", "forecast"])
def test_other_kinds_take_what_their_pages_take(program, finished, kind):
    answer = ask(program, finished, kind)

    # Of six examples nothing can be foretold: the rule of the page.
    assert answer.status_code == (409 if kind == "forecast" else 201), answer.content
    assert refused_fields(ask(program, finished, kind, {"x": 1})) == {"config.x"}


def test_what_is_left_out_is_named(program, finished):
    answer = ask(program, finished, "effect", {"what": "category:thanks", "seeds": 2})
    assert answer.status_code in (201, 409), answer.content

    for config in ({"what": "category:none"}, {"seeds": 99}, {"what": ["a"]}):
        odd = ask(program, finished, "effect", config)
        assert odd.status_code == 400
        assert all(name.startswith("config.") for name in refused_fields(odd))


def test_a_benchmark_is_one_of_the_runs_own_dataset(program, finished, dataset, curator):
    def made(of):
        return Benchmark.objects.create(
            name="Sums", dataset=of, questions=1, with_options=0, packed=b"",
            digest="a" * 64, added_by=curator,
        )  # fmt: skip

    there, other = made(dataset), made(DatasetFactory())

    wish = {"benchmark": there.pk, "max_new_tokens": 16}
    assert ask(program, finished, "benchmark", wish).status_code == 201
    odd = ask(program, finished, "benchmark", {"benchmark": other.pk})
    assert (odd.status_code, refused_fields(odd)) == (400, {"config.benchmark"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "talk"}, "kind"),
        ({"kind": "wins"}, "config.judge"),
        ({"kind": "generate", "config": {"contest": 1}}, "config.contest"),
        ({"kind": "generate", "config": {"prompts": 0}}, "config.prompts"),
        ({"kind": "export", "rum": 1}, "rum"),
        ({"kind": "export", "run": "x"}, "run"),
    ],
)
def test_odd_wishes_are_told_by_field(program, finished, body, field):
    answer = program.post("jobs/", {"run": finished.pk} | body)

    assert (answer.status_code, refused_fields(answer)) == (400, {field})
    assert not Job.objects.exists()


def test_hostile_json_is_a_400(program):
    for body in hostile("kind"):
        assert program.post("jobs/", body).status_code == 400


def test_who_does_not_curate_asks_for_nothing(writer, stranger, curator, finished):
    for kind in ("generate", "export", "score", "effect", "probes", "wins"):
        for program in (writer, stranger):
            config = {"judge": 1} if kind == "wins" else {}
            assert ask(program, finished, kind, config).status_code == 404
    assert ask(Program(curator, "read"), finished, "export").status_code == 403
    assert not Job.objects.exists()


def test_a_reward_model_answers_nothing_and_no_other_is_probed(program, finished):
    assert ask(program, finished, "probes").status_code == 404
    Run.objects.update(method="reward")
    assert ask(program, finished, "generate").status_code == 404
    assert ask(program, finished, "probes").status_code == 201


def test_a_member_sees_that_there_is_work_and_not_what(
    program, writer, stranger, finished, curator
):
    job = jobs.request(kind="export", run=finished, by=curator)
    Job.objects.update(result={"bytes": 7})

    assert program.get(f"jobs/{job.pk}/").json()["result"] == {"bytes": 7}
    told = writer.get(f"jobs/{job.pk}/").json()
    assert (told["kind"], told["result"], told["config"]) == ("export", None, None)
    assert stranger.get(f"jobs/{job.pk}/").status_code == 404
    assert writer.post(f"jobs/{job.pk}/cancel/").status_code == 403
    assert program.post(f"jobs/{job.pk}/cancel/").json()["state"] == "cancelled"
    assert program.post(f"jobs/{job.pk}/retry/").json()["state"] == "queued"


def test_jobs_are_listed_at_the_same_cost(program, stranger, finished, curator):
    first = jobs.request(kind="export", run=finished, by=curator)
    program.get("jobs/")  # when a key was used is noted once a minute
    before = program.queries("jobs/")
    second = jobs.request(kind="score", run=finished, by=curator)
    jobs.cancel(job_id=first.pk, by=curator)

    # The key with its owner, what the person steers, the jobs.
    assert (before, program.queries("jobs/")) == (3, 3)

    def found(query):
        return [one["id"] for one in program.get(f"jobs/{query}").json()["results"]]

    assert found("") == [second.pk, first.pk]
    assert found("?kind=score") == found("?state=queued") == [second.pk]
    assert found(f"?run={finished.pk}&order=oldest") == [first.pk, second.pk]
    assert program.get("jobs/?of=1").status_code == 400
    assert stranger.get("jobs/").json()["results"] == []


# ---- files -------------------------------------------------------------------------------


@pytest.fixture
def weights(finished, folders):
    folder = folder_of(finished) / "adapter"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 4)
    (folder / "optimizer.pt").write_bytes(b"runs code where it is opened")
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_adapter_comes_by_name_and_in_parts(program, finished, weights):
    there = f"runs/{finished.pk}/files/"
    sha = hashlib.sha256(weights).hexdigest()

    told = {one["name"]: one for one in program.get(there).json()["results"]}
    assert list(told) == ["adapter_config.json", "adapter_model.safetensors"]
    name = "adapter_model.safetensors"
    assert told[name] == {"name": name, "bytes": 1024, "sha256": sha}

    whole = program.get(f"{there}{name}/")
    assert (b"".join(whole), whole["ETag"]) == (weights, f'"{sha}"')
    part = program.get(
        f"{there}{name}/", range="bytes=1000-", **{"if-range": whole["ETag"]}
    )
    assert (part.status_code, b"".join(part)) == (206, weights[1000:])
    known = program.get(f"{there}{name}/", **{"if-none-match": whole["ETag"]})
    assert known.status_code == 304


def test_whole_weights_come_as_the_adapter_does(
    program, writer, stranger, finished, curator, folders
):
    job = jobs.request(kind="export", run=finished, by=curator)
    there, name = f"jobs/{job.pk}/files/", "model.safetensors"
    assert program.get(there).json()["results"] == []  # it waits
    made = folder_of_job(job) / "export"
    made.mkdir(parents=True)
    (made / name).write_bytes(b"weights")
    done = {"state": "finished", "finished_at": now(), "result": {"files": [name]}}
    Job.objects.update(**done)
    sha = hashlib.sha256(b"weights").hexdigest()

    assert program.get(there).json()["results"] == [
        {"name": name, "bytes": 7, "sha256": sha}
    ]
    assert b"".join(program.get(f"{there}{name}/")) == b"weights"
    for other in (writer, stranger):
        assert other.get(there).status_code == other.get(f"{there}{name}/").status_code
        assert other.get(there).status_code == 404
    (made / MANIFEST).write_text(json.dumps({"files": {name: "ab" * 32}}))
    assert program.get(there).json()["results"][0]["sha256"] == "ab" * 32
    (made / name).unlink()
    assert program.get(f"{there}{name}/").status_code == 404


def test_nothing_else_of_the_folder_comes(program, finished, weights):
    for name in ("optimizer.pt", "manifest.json", "..", "%2e%2e", "adapter%2Fx"):
        assert program.get(f"runs/{finished.pk}/files/{name}/").status_code == 404


def test_a_model_is_taken_away_by_curators_of_all_that_it_learned_from(
    writer, stranger, finished, weights
):
    for program in (writer, stranger):
        for path in ("", "adapter_config.json/"):
            assert program.get(f"runs/{finished.pk}/files/{path}").status_code == 404


def test_a_retired_model_is_not_taken_away(program, finished, weights, request_run):
    from django.utils.timezone import now

    other = request_run()
    Run.objects.filter(pk=other.pk).update(replaces=finished)
    Run.objects.filter(pk=finished.pk).update(retired_at=now())

    assert program.get(f"runs/{finished.pk}/files/").status_code == 409


def test_a_model_whose_files_are_gone_has_none(program, finished, folders):
    assert program.get(f"runs/{finished.pk}/files/").json() == {"results": []}
    name = "adapter_model.safetensors"
    assert program.get(f"runs/{finished.pk}/files/{name}/").status_code == 404
