"""Schedules, champions and decisions on them, for programs."""

from __future__ import annotations

import pytest

from tests.programs import Program, hostile, refused_fields
from tests.trainer.promoting import champion, vote
from trainer.actions import promotions
from trainer.models import Champion, Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def wish(dataset, base):
    return {"name": "Each night", "dataset": dataset.slug, "base": base.slug}


# ---- schedules ---------------------------------------------------------------------------


def test_what_is_left_out_is_as_the_page_proposes(program, wish, curator):
    answer = program.post("schedules/", wish | {"config": {"steps": 20}})

    assert answer.status_code == 201, answer.content
    schedule = Schedule.objects.get()
    told = answer.json()
    assert (told["id"], told["when"], told["hour"]) == (schedule.pk, "nightly", 2)
    assert (told["start"], told["time_zone"]) == ("base", "UTC")
    assert (told["config"]["steps"], told["config"]["offer"]) == (20, True)
    assert "lora_r" not in told["config"]  # it is chosen each time
    assert (schedule.owner, told["due_at"] is not None) == (curator, True)


def test_a_plan_is_changed_field_by_field(program, wish, finished):
    number = program.post("schedules/", wish | {"config": {"steps": 20}}).json()["id"]
    there = f"schedules/{number}/"

    told = program.patch(there, {
        "hour": 4, "quiet_from": 22, "quiet_to": 6, "quiet_days": "daily",
        "time_zone": "Europe/Berlin", "config": {"lora_r": 4, "steps": None},
    }).json()  # fmt: skip

    assert (told["name"], told["hour"], told["quiet_days"]) == (
        "Each night", 4, [0, 1, 2, 3, 4, 5, 6],
    )  # fmt: skip
    assert (told["config"]["lora_r"], told["config"]["offer"]) == (4, True)
    assert "steps" not in told["config"]
    told = program.patch(there, {"parent": finished.pk}).json()
    assert (told["start"], told["parent"]) == ("run", finished.pk)
    told = program.patch(there, {"start": "newest", "when": "waiting", "wanted_ballots": 9})
    assert told.json()["parent"] is None, told.content
    assert (told.json()["wanted_ballots"], told.json()["due_at"]) == (9, None)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"hour": 24}, "hour"),
        ({"hour": "soon"}, "hour"),
        ({"weekday": 7}, "weekday"),
        ({"when": "sometimes"}, "when"),
        ({"when": "waiting"}, "wanted_messages"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"quiet_from": 3}, "quiet_to"),
        ({"config": {"steps": 0}}, "config.steps"),
        ({"config": {"beta": 1}}, "config.beta"),
        ({"parent": 999}, "start"),
        ({"start": "run"}, "start"),
        ({"cron": "* * *"}, "cron"),
        ({"base": "none"}, "base"),
        ({"name": ""}, "name"),
        ({"name": {"a": 1}}, "name"),
    ],
)
def test_odd_plans_are_told_by_field(program, wish, more, field):
    answer = program.post("schedules/", wish | more)

    assert (answer.status_code, refused_fields(answer)) == (400, {field})
    assert not Schedule.objects.exists()


def test_a_plan_comes_after_another_of_its_dataset(program, wish):
    first = program.post("schedules/", wish).json()["id"]

    answer = program.post("schedules/", wish | {"when": "after", "after": first})
    assert answer.json()["after"] == first, answer.content
    odd = program.post("schedules/", wish | {"when": "after", "after": 10**9})
    assert refused_fields(odd) == {"after"}
    assert program.delete(f"schedules/{first}/").status_code == 409
    assert program.delete(f"schedules/{answer.json()['id']}/").status_code == 204


def test_a_plan_is_paused_resumed_and_fired(program, plan, frozen):
    there = f"schedules/{plan().pk}/"

    assert program.post(f"{there}pause/").json()["state"] == "paused"
    assert program.post(f"{there}resume/").json()["state"] == "active"
    assert program.post(f"{there}fire/").status_code == 200
    again = program.post(f"{there}fire/")
    assert (again.status_code, "not over yet" in again.text) == (409, True)


def test_plans_are_seen_by_curators_alone(program, writer, stranger, plan, wish, curator):
    there = f"schedules/{plan().pk}/"

    for other in (writer, stranger):
        assert other.get("schedules/").json()["results"] == []
        for method, path in [("get", ""), ("patch", ""), ("delete", ""), ("post", "fire/")]:
            assert other.ask(method, there + path, {}).status_code == 404
        assert other.post("schedules/", wish).status_code == 404
    assert Program(curator, "read", "curate").delete(there).status_code == 403
    for body in hostile("name"):
        assert program.post("schedules/", body).status_code == 400


def test_plans_are_listed_at_the_same_cost(program, plan, dataset):
    plan(name="B")
    program.get("schedules/")  # when a key was used is noted once a minute
    before = program.queries("schedules/")
    plan(name="A")

    # The key with its owner, whose datasets, the schedules.
    assert (before, program.queries("schedules/")) == (3, 3)
    listed = program.get(f"schedules/?dataset={dataset.slug}&state=active").json()
    assert [one["name"] for one in listed["results"]] == ["A", "B"]
    assert program.get("schedules/?when=nightly").status_code == 400


# ---- champions ---------------------------------------------------------------------------


def test_a_run_becomes_the_champion(program, writer, stranger, finish, policy, dataset):
    policy()
    run = finish(loss=1.0)

    answer = program.post("promotions/", {"run": run.pk})

    assert (answer.status_code, champion()) == (201, run.pk), answer.content
    assert answer.json()["evidence"]["held_out"]["is_better"] is True
    (told,) = writer.get(f"champions/?dataset={dataset.slug}").json()["results"]
    assert (told["run"], told["method"]) == (run.pk, "sft")
    assert told["decision"] == answer.json()["id"]
    assert stranger.get("champions/").json()["results"] == []
    assert stranger.get(f"promotions/{told['decision']}/").status_code == 404
    assert stranger.post("promotions/", {"run": run.pk}).status_code == 404
    assert program.post("promotions/", {"run": run.pk}).status_code == 409  # it is already


def test_unmet_it_takes_a_reason(program, writer, curator, finish):
    run = finish(loss=3.0)
    wish = {"run": run.pk}

    refused = program.post("promotions/", wish)
    assert (refused.status_code, "Held-out loss" in refused.json()["detail"]) == (409, True)
    assert program.post("promotions/", wish | {"reason": "x" * 1001}).status_code == 400
    assert program.post("promotions/", wish | {"why": "x"}).status_code == 400
    assert writer.post("promotions/", wish | {"reason": "Mine"}).status_code == 403
    assert Program(curator, "read").post("promotions/", wish).status_code == 403
    assert not Champion.objects.exists()

    answer = program.post("promotions/", wish | {"reason": "It is kinder."})
    assert (answer.json()["reason"], bool(answer.json()["unmet"])) == (
        "It is kinder.",
        True,
    )


def test_what_a_few_ballots_say_is_for_curators_alone(
    program, writer, finish, policy, curator, dataset
):
    policy(asks_people=True, least_ballots=5)
    run = finish(loss=1.0)
    vote(run.signature, "test-base", 4, dataset)
    promotions.promote(run_id=run.pk, by=curator, reason="x")

    (told,) = writer.get("promotions/").json()["results"]
    (whole,) = program.get("promotions/").json()["results"]

    assert (told["evidence"]["people"], told["evidence"]["is_early"]) == (None, True)
    assert whole["evidence"]["people"]["ballots"] == 4
    # The key with its owner, what the person curates, the policies, the decisions.
    assert program.queries("promotions/") == 4
