"""What speaks for models, and what more examples would bring, by programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation.models import Event, Review
from tests.factories import ContributorFactory
from tests.programs import Program, refused_fields
from tests.trainer.promoting import vote
from trainer import evaluation, evidence, learning, surprising
from trainer.models import Attempt, BaseModel, Influence, Job, Run, Sample, Score, Surprise

pytestmark = pytest.mark.django_db


@pytest.fixture
def sampled(finish):
    """A run with one answer, which a text made likelier."""
    run = finish()
    sample = Sample.objects.create(
        run=run, position=0, prompt_uid=run.version.items.first().reply.parent.uid,
        prompt_text="Why?", base_text="So so.", tuned_text="So.",
    )  # fmt: skip
    said = run.version.items.first().reply
    Influence.objects.create(
        run=run, sample=sample, message_uid=said.uid, score=2.0, share=0.25
    )
    return run, said


# ---- a run beside others ---------------------------------------------------------------
def test_runs_are_compared_on_the_answers_that_both_were_asked(finish, writer, stranger):
    first, second = finish(loss=1.0), finish(loss=1.5)

    told = writer.get(f"runs/{second.pk}/comparison/").json()

    assert told["other"] == first.pk  # the one before
    (all_of_them, *_) = told["beside"]
    page = evaluation.beside(second, first)[0]
    assert all_of_them["is_all"] and all_of_them["examples"] == 30
    assert all_of_them["change"]["value"] == pytest.approx(page.change.value)
    assert all_of_them["change"]["value"] == pytest.approx(0.5)
    assert [line["category"] for line in told["own"]] == ["", "maths", "poems"]
    mirrored = writer.get(f"runs/{first.pk}/comparison/?run={second.pk}").json()
    assert mirrored["beside"][0]["change"]["value"] == pytest.approx(-0.5)
    assert stranger.get(f"runs/{first.pk}/comparison/").status_code == 404
    hidden = writer.get(f"runs/{first.pk}/comparison/?run=999")
    assert hidden.status_code == 404


def test_the_evidence_is_that_of_the_page_and_first_ballots_are_for_curators(
    finish, policy, dataset, program, writer, stranger, request_run
):
    policy(asks_people=True, least_ballots=5)
    run = finish(loss=1.0)
    vote(run.signature, "test-base", 4, dataset)

    told = program.get(f"runs/{run.pk}/evidence/").json()
    case = evidence.case_for(run, is_curated=True)
    assert told["evidence"]["people"]["ballots"] == 4
    assert [one["is_met"] for one in told["conditions"]] == [
        one.is_met for one in case["conditions"]
    ]
    assert (told["champion"], told["is_champion"]) == (None, False)
    early = writer.get(f"runs/{run.pk}/evidence/").json()
    assert early["evidence"]["people"] is None and early["evidence"]["is_early"]
    assert "4" not in early["conditions"][-1]["said"]
    program.post("promotions/", {"run": run.pk, "reason": "It is kinder."})
    after = program.get(f"runs/{run.pk}/evidence/").json()
    assert (after["champion"], after["is_champion"]) == (run.pk, True)
    assert program.get(f"runs/{request_run().pk}/evidence/").status_code == 404
    assert stranger.get(f"runs/{run.pk}/evidence/").status_code == 404


def test_what_shaped_answers_is_for_curators_and_ones_own_part_for_oneself(
    sampled, program, writer, stranger
):
    run, said = sampled

    (answer,) = program.get(f"runs/{run.pk}/influence/").json()["results"]
    assert answer["helped"] == [{"percent": 25.0, "uid": str(said.uid), "text": said.text}]
    assert answer["hindered"] == []
    assert writer.get(f"runs/{run.pk}/influence/").status_code == 403
    assert stranger.get(f"runs/{run.pk}/influence/").status_code == 404
    (mine,) = Program(said.author, "read").get("me/influence/").json()["results"]
    assert (mine["answers"], mine["of"], mine["texts"]) == (1, 1, 1)
    assert stranger.get("me/influence/").json()["results"] == []


# ---- before a run ----------------------------------------------------------------------
def test_a_run_is_estimated_by_earlier_ones_and_nothing_begins(
    request_run, frozen, base, program, writer, stranger
):
    run = request_run()
    Run.objects.filter(pk=run.pk).update(
        state="finished", finished_at=now(), adapter_sha256="a" * 64, seconds_per_step=1.0
    )
    Attempt.objects.create(
        kind="run", subject=run.pk, number=1, dataset=run.version.dataset, devices=1,
        began_at=now() - timedelta(seconds=40), ended_at=now(), seconds=40,
    )  # fmt: skip
    sent = {"version": frozen.digest, "base": base.slug, "config": run.config}

    told = program.post("runs/estimate/", sent).json()

    assert told["seconds"] == pytest.approx(40)
    assert (told["of_runs"], told["refused"]) == (1, "")
    assert Run.objects.count() == 1
    assert writer.post("runs/estimate/", sent).status_code == 404
    assert stranger.post("runs/estimate/", sent).status_code == 404
    odd = program.post("runs/estimate/", {**sent, "config": {"steps": "many"}})
    assert refused_fields(odd) == {"config"}
    read_only = Program(run.requested_by, "read")
    assert read_only.post("runs/estimate/", sent).status_code == 403


# ---- what more examples bring ----------------------------------------------------------
def test_the_learning_curve_has_the_points_of_the_page(
    request_run, frozen, dataset, base, writer, stranger
):
    here = f"learning-curves/{dataset.slug}/"
    assert writer.get(here).status_code == 404  # no such model is finished
    run = request_run()
    Run.objects.filter(pk=run.pk).update(
        state="finished", finished_at=now(), adapter_sha256="0" * 64
    )
    held_out = frozen.items.filter(split="held_out").values_list("reply__uid", flat=True)
    for uid in held_out:
        Score.objects.create(
            run=run, message_uid=uid, tokens=10, loss_before=3, loss_after=1.5
        )

    told = writer.get(f"{here}?base={base.slug}").json()

    curve = learning.curve(dataset.pk, "sft")
    assert (told["base"], told["answers"]) == (base.slug, curve.answers) == ("test-base", 4)
    (point,) = told["points"]
    assert (point["run"], point["examples"], point["change"]) == (run.pk, 6, None)
    assert point["loss"]["value"] == 1.5
    assert writer.get(f"{here}?method=dpo").status_code == 404
    other = BaseModel.objects.get(pk=base.pk)
    other.pk, other.slug, other.location = None, "never-tried", "/elsewhere"
    other.save()
    answer = writer.get(f"{here}?base={other.slug}")
    assert (answer.status_code, "is finished here" in answer.json()["detail"]) == (
        404,
        True,
    )
    for odd in ("method=reward", "base=none"):
        assert writer.get(f"{here}?{odd}").status_code == 400
    assert stranger.get(here).status_code == 404


def test_the_newest_forecast_is_told_to_curators(
    request_run, frozen, dataset, base, program, writer
):
    here = f"forecasts/{dataset.slug}/"
    assert program.get(here).status_code == 404
    run = request_run()
    loss = [1.0, 0.9, 1.1]
    prospect = {
        "category": "thanks", "examples": 6, "held_out": 4, "sizes": [3, 6],
        "losses": [loss, loss], "change": [-0.1, -0.2, 0.0], "why": "",
    }  # fmt: skip
    job = Job.objects.create(
        kind="forecast", run=run, version=frozen, base=base, key="f", state="finished",
        finished_at=now(), requested_by=run.requested_by,
        result={"more": 100, "prospects": [prospect]},
    )  # fmt: skip

    told = program.get(here).json()

    assert (told["job"], told["more"]) == (job.pk, 100)
    (row,) = told["results"]
    assert (row["category"], row["sizes"]) == ("thanks", [3, 6])
    assert row["change"] == {"value": -0.1, "low": -0.2, "high": 0.0}
    assert writer.get(here).status_code == 404


# ---- surprises -------------------------------------------------------------------------
@pytest.fixture
def strange(request_run, frozen):
    """An accepted answer that surprised the newest model."""
    run = request_run()
    reply = frozen.items.filter(split="train").first().reply
    run.example_scores.create(
        version=frozen, message_uid=reply.uid, category="thanks", tokens=3, loss_base=4,
        loss_tuned=9, loss_alone=9,
    )  # fmt: skip
    Surprise.objects.create(
        run=run, message_uid=reply.uid, kind="unlearned", strength=3,
        facts={"tuned": 9, "usual": 1, "fall": 0.1, "usual_fall": 0.8},
    )  # fmt: skip
    return reply


def test_what_surprised_a_model_is_found_fine_and_does_not_come_again(
    strange, dataset, program, writer
):
    here = f"surprises/?dataset={dataset.slug}&kind=unlearned"

    told = program.get(here).json()

    (one,) = told["results"]
    assert (one["uid"], one["text"]) == (str(strange.uid), strange.text)
    assert one["prompt"] == strange.parent.text
    assert "its loss is 9.00 a token" in one["reasons"][0]
    assert {"kind": "unlearned", "waiting": 1} in told["kinds"]
    assert writer.get(here).status_code == 404
    sent = {"dataset": dataset.slug, "text": str(strange.uid)}
    assert writer.post("surprises/fine/", sent).status_code == 404
    for _ in range(2):  # twice is once
        assert program.post("surprises/fine/", sent).status_code == 204
    assert Event.objects.filter(kind="surprise.dismissed").count() == 1
    assert program.get(here).json()["results"] == []


def test_what_surprised_a_model_comes_page_by_page(
    strange, dataset, program, frozen, monkeypatch
):
    monkeypatch.setattr(surprising, "ON_A_PAGE", 1)
    first = Surprise.objects.get()
    other = frozen.items.exclude(reply=strange).first().reply
    Surprise.objects.create(
        run=first.run, message_uid=other.uid, kind="unlearned", strength=2,
        facts=first.facts,
    )  # fmt: skip
    here = f"surprises/?dataset={dataset.slug}&kind=unlearned"

    pages = [program.get(f"{here}&page={number}").json() for number in (1, 2, 3)]

    assert [page["pages"] for page in pages] == [2, 2, 2]
    uids = [one["uid"] for page in pages for one in page["results"]]
    assert uids == [str(strange.uid), str(other.uid), str(other.uid)]
    assert program.get(f"surprises/?dataset={dataset.slug}").json()["pages"] == 0
    assert refused_fields(program.get(f"{here}&page=0")) == {"page"}


def test_what_surprised_a_model_is_judged_again(strange, dataset, program):
    review = Review.objects.create(
        message=strange, reviewer=ContributorFactory(), verdict="accept"
    )
    sent = {"dataset": dataset.slug, "text": str(strange.uid)}
    assert refused_fields(program.post("surprises/again/", sent)) == {"kind"}

    answer = program.post("surprises/again/", {**sent, "kind": "unlearned"})

    assert answer.status_code == 204, answer.content
    strange.refresh_from_db()
    review.refresh_from_db()
    assert strange.state == "submitted" and review.set_aside_at is not None
    assert "unlearned" in Event.objects.get(kind="review.set_aside").data["why"]
    other = {**sent, "text": "00000000-0000-0000-0000-000000000000", "kind": "unlearned"}
    assert program.post("surprises/again/", other).status_code == 409
