"""Base models, champions, contests, benchmarks, merges and removals, for programs."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation.actions import withdrawals
from curation.models import Event, Message
from tests.factories import ContributorFactory
from tests.programs import Program, refused_fields
from tests.trainer.promoting import vote
from trainer.folders import folder_of
from trainer.models import BaseModel, Benchmark, BenchmarkScore, Contest, Removal, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(monkeypatch):
    """What workers were rung for, by the module that rang."""
    rung = []
    for name in ("bases", "contests", "removals", "making"):
        monkeypatch.setattr(
            f"trainer.api.{name}.ring",
            lambda task, name=name, **ids: rung.append((name, ids)),
        )
    return rung


def test_an_admin_adds_a_base_and_tries_it_again(program, calls):
    admin = Program(ContributorFactory(is_staff=True))
    sent = {"name": "Small", "location": "owner/small", "revision": "a" * 40}

    made = admin.post("bases/", sent, key="k")

    assert (made.status_code, made.json()["state"]) == (201, "building"), made.content
    assert admin.post("bases/", sent, key="k").json() == made.json()
    added = BaseModel.objects.get(slug=made.json()["slug"])
    assert calls == [("bases", {"base_id": added.pk})]
    assert admin.post("bases/", sent).status_code == 409  # it is there
    assert admin.post("bases/", {**sent, "revision": "main"}).status_code == 409
    assert refused_fields(admin.post("bases/", {"name": "x"})) == {"location"}
    BaseModel.objects.filter(pk=added.pk).update(state="failed", problem="Gone.")
    again = admin.post(f"bases/{added.slug}/build/")
    assert again.json()["state"] == "building"
    assert admin.post("bases/starter/").status_code == 202
    assert calls[2:] == [("bases", {})]
    for path in ("bases/", "bases/starter/", f"bases/{added.slug}/build/"):
        assert program.post(path, sent).status_code == 403


def test_a_champion_goes_back_to_the_one_before(program, writer, stranger, finish, policy):
    policy(least_gain=0)
    first, second = finish(loss=1.0), finish(loss=0.5)
    for run in (first, second):
        sent = {"run": run.pk, "reason": "It is what there is."}
        assert program.post("promotions/", sent).status_code == 201
    there = {"dataset": first.version.dataset.slug, "method": "sft", "run": second.pk}
    for other in (writer, stranger):
        assert other.post("promotions/rollback/", there).status_code == 404
    stale = program.post("promotions/rollback/", {**there, "run": first.pk})
    assert stale.status_code == 409

    back = program.post("promotions/rollback/", there)

    assert back.status_code == 201, back.content
    assert (back.json()["what"], back.json()["run"]) == ("rolled_back", first.pk)
    (champion,) = program.get("champions/").json()["results"]
    assert champion["run"] == first.pk


def test_how_models_fare_is_told_of_those_with_enough_ballots(
    program, writer, stranger, finish, dataset, policy
):
    policy(least_ballots=3)
    first, second = finish(), finish()
    vote(first.signature, second.signature, 2, dataset)
    there = f"champions/board/?dataset={dataset.slug}"

    best, other = program.get(there).json()["results"]

    assert (best["place"], best["run"], best["ballots"]) == (1, first.pk, 2)
    assert best["strength"] > other["strength"] and other["run"] == second.pk
    assert writer.get(there).json()["results"] == []
    policy(least_ballots=2)
    assert len(writer.get(there).json()["results"]) == 2
    assert stranger.get(there).status_code == 404


def test_a_policy_is_read_and_changed_by_curators(program, writer, stranger, dataset):
    path = f"promotion-policies/{dataset.slug}/"
    assert program.get(path).json()["least_ballots"] == 20

    changed = program.patch(path, {"least_ballots": 5, "most_forgotten": None})

    assert changed.json() == {**program.get(path).json(), "least_ballots": 5}
    assert changed.json()["asks_people"] is True
    assert refused_fields(program.patch(path, {"confidence": 2})) == {"confidence"}
    assert refused_fields(program.patch(path, {"least": 2})) == {"least"}
    for other in (writer, stranger):
        assert other.get(path).status_code == other.patch(path, {}).status_code == 404


def test_two_models_meet_until_somebody_stops_it(
    program, writer, stranger, finished, dataset, calls
):
    sent = {"run": finished.pk, "budget": 20, "choice": "fewest"}

    begun = program.post("contests/", sent, key="k")

    assert begun.status_code == 201, begun.content
    told = begun.json()
    assert (told["rival"], told["state"], told["asked"]) == (None, "open", 0)
    assert program.post("contests/", sent, key="k").json() == begun.json()
    assert [name for name, _ids in calls] == ["contests"]
    assert program.post("contests/", sent).status_code == 409
    assert refused_fields(program.post("contests/", {**sent, "rival": 9**9})) == {"rival"}
    for odd in ({"budget": 0}, {"confidence": 1}, {"choice": "x"}):
        assert refused_fields(program.post("contests/", sent | odd)) == odd.keys()
    one = f"contests/{begun.json()['id']}/"
    assert writer.get(one).json()["result"] == {}
    assert writer.post(f"{one}stop/").status_code == 404
    assert writer.post("contests/", sent).status_code == 404
    assert stranger.get(one).status_code == 404
    stopped = program.post(f"{one}stop/").json()
    assert stopped["state"] == "stopped" and stopped["ended_at"]
    listed = program.get(f"contests/?dataset={dataset.slug}&state=stopped").json()
    assert [row["id"] for row in listed["results"]] == [Contest.objects.get().pk]
    assert "result" not in listed["results"][0]


def test_a_benchmark_is_added_read_and_removed(
    program, writer, stranger, finished, dataset
):
    questions = [
        {"prompt": "How many legs has a spider?", "answer": "Eight."},
        {"prompt": "What is blue?", "options": ["Grass", "The sky"], "answer": 1},
    ]
    sent = {"dataset": dataset.slug, "name": "  Plain  facts", "questions": questions}

    made = program.post("benchmarks/", sent)

    assert made.status_code == 201, made.content
    facts = {"name": "Plain facts", "questions": 2, "with_options": 1, "scores": []}
    assert made.json().items() >= facts.items()
    assert program.post("benchmarks/", sent).status_code == 409
    broken = [{"prompt": "Why?"}, questions[0], {"prompt": "Who?", "name": 1}]
    refused = program.post("benchmarks/", {**sent, "questions": broken})
    assert refused_fields(refused) == {"questions"}
    assert [one["detail"].partition(":")[0] for one in refused.json()["errors"]] == [
        "Line 1", "Line 3",
    ]  # fmt: skip
    there = Benchmark.objects.get()
    BenchmarkScore.objects.create(
        benchmark=there, digest=there.digest, base=finished.base, run=finished, asked=2,
        contaminated=0, figures={"all": {"score": 0.5}, "clean": {"score": 0.5}},
    )  # fmt: skip
    one = f"benchmarks/{there.pk}/"
    (score,) = writer.get(one).json()["scores"]
    assert (score["run"], score["base"]) == (finished.pk, finished.base.slug)
    listed = writer.get(f"benchmarks/?dataset={dataset.slug}").json()["results"]
    assert [row["id"] for row in listed] == [there.pk]
    for path, other in ((one, stranger), (one, writer)):
        assert other.delete(path).status_code == 404
    assert stranger.get(one).status_code == writer.post("benchmarks/", sent).status_code
    assert program.delete(one).status_code == 204
    assert not Benchmark.objects.exists()


def test_runs_are_merged_into_one(program, writer, finished, request_run, calls):
    other = request_run()
    Run.objects.filter(pk=other.pk).update(
        state="finished", finished_at=now(), adapter_sha256="b" * 64
    )
    there, sent = f"runs/{finished.pk}/merge/", {"runs": [other.pk], "way": "ties"}

    merged = program.post(there, sent, key="k")

    assert merged.status_code == 201, merged.content
    assert (merged.json()["method"], merged.json()["made_of"]) == (
        "merge", [finished.pk, other.pk],
    )  # fmt: skip
    assert program.post(there, sent, key="k").json()["id"] == merged.json()["id"]
    assert calls == [("making", {"run_id": merged.json()["id"]})]
    for odd, field in (({"runs": [finished.pk]}, "runs"), ({"way": "x"}, "way")):
        assert refused_fields(program.post(there, sent | odd)) == {field}
    assert writer.post(there, sent).status_code == 404


def test_a_model_is_trained_again_without_what_was_taken_back(
    program, writer, stranger, finished, frozen, dataset, calls
):
    assert program.post("removals/", {"run": finished.pk}).status_code == 409  # nothing was
    text = Message.objects.filter(frozen_in__version=frozen).first()
    withdrawals.take_back(message_id=text.pk, by=text.author)
    (due,) = program.get(f"removals/due/?dataset={dataset.slug}").json()["results"]
    assert due.items() >= {"run": finished.pk, "texts": 1, "removal": None}.items()

    asked = program.post("removals/", {"dataset": dataset.slug})

    assert asked.status_code == 202, asked.content
    (removal,) = asked.json()["results"]
    assert (removal["run"], removal["state"], removal["texts"]) == (finished.pk, "due", 1)
    assert calls == [("removals", {})]
    by_run = program.post("removals/", {"run": finished.pk}).json()
    assert by_run == {"results": [removal], "refused": []}
    one = f"removals/{removal['id']}/"
    assert program.get(one).json() == removal
    assert program.post(f"{one}place/").status_code == 409
    for other in (writer, stranger):
        assert other.get(one).status_code == other.post(f"{one}place/").status_code == 404
        assert other.get("removals/").json()["results"] == []
        assert other.post("removals/", {"run": finished.pk}).status_code == 404
    for odd in ({}, {"run": finished.pk, "dataset": dataset.slug}):
        assert program.post("removals/", odd).status_code == 400
    assert Event.objects.filter(kind="run.removal_asked").count() == 1
    assert Removal.objects.count() == 1


def test_weights_of_a_model_in_use_stay_and_its_log_is_read(
    program, writer, stranger, finished, folders
):
    there = f"runs/{finished.pk}/"
    assert program.post(f"{there}delete-weights/").status_code == 409
    assert writer.post(f"{there}delete-weights/").status_code == 404
    assert writer.get(f"{there}log/").status_code == 404  # there is none
    folder_of(finished).mkdir()
    (folder_of(finished) / "log.txt").write_text("Step 1…")

    log = writer.get(f"{there}log/", accept="text/plain")

    assert (log.status_code, log.content.decode()) == (200, "Step 1…")
    assert stranger.get(f"{there}log/").status_code == 404
