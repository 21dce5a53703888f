"""A model answers prompts, and people are asked what they think of it."""

from __future__ import annotations

import json
import threading
import time

import httpx
import pytest
from django.urls import reverse
from django.utils.timezone import now

from config.env import BadEnvironment, env_address
from curation import handoff
from curation.models import Event, Message
from tests.factories import ContributorFactory
from trainer import launch, served, tasks
from trainer.actions import jobs, runs
from trainer.errors import TrainerError
from trainer.jobs import generate
from trainer.models import Job, Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(request_run):
    found = request_run()
    claimed = runs.claim(found.pk, "gpu-1:42")
    runs.publish(claimed, path=f"{found.pk}/adapter", sha256="ab" * 32, size=1024)
    runs.finish(claimed)
    found.refresh_from_db()
    return found


@pytest.fixture(autouse=True)
def ranker(dataset):
    return ContributorFactory(member=dataset)


@pytest.fixture
def ask(run, curator):
    def ask(by=curator, **config):
        return jobs.request(kind="generate", run=run, config=config, by=by)

    return ask


class Halted(Exception):
    pass


def done(job):
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    return job


def offered():
    return Message.objects.filter(origin=Message.Origin.MODEL).order_by("pk")


def test_its_answers_stand_before_people_signed_and_blind(ask, fake, run):
    job = done(ask(prompts=3, kept=2, made=4, choice="held_out", seed=5))

    assert (job.state, job.problem) == ("finished", "")
    found = list(offered())
    assert len(found) == 6
    assert {one.generator for one in found} == {f"test-base, run {run.pk}"}
    assert {one.state for one in found} == {"submitted"}
    assert {one.parent.conversation.split for one in found} == {"held_out"}
    assert all("\x00" not in one.text for one in found)
    assert {one.parent.conversation.state for one in found} == {"ranking"}


def test_near_duplicates_are_not_shown_twice(ask, fake):
    done(ask(prompts=1, kept=4, made=4, choice="held_out"))

    texts = [one.text for one in offered()]
    assert len(texts) == len(set(texts)) == 3  # of four, two are the same


def test_how_they_were_made_is_kept_and_their_words_are_only_in_the_record(ask, fake, run):
    job = done(ask(prompts=2, seed=5, temperature=1.1, choice="held_out"))

    (side,) = job.result["sides"]
    assert len(job.result["prompts"]) == 2
    assert (side["seed"], side["temperature"], side["engine"]) == (5, 1.1, "transformers")
    assert side["adapter_sha256"] == "ab" * 32
    assert (side["made"], side["kept"], side["offered"], side["refused"]) == (8, 2, 2, 0)
    words = offered().first().text
    assert words not in json.dumps(job.result)
    kept = [p.read_text() for p in launch.folder_of_job(job).rglob("*") if p.is_file()]
    assert not any("tuned" in text and "apples" in text for text in kept)
    assert all(one.source_key.startswith(f"job-{job.pk}-0:") for one in offered())


def test_prompts_that_it_has_answered_are_left_out(ask, fake):
    first = done(ask(prompts=2, choice="held_out"))
    second = done(ask(prompts=9, choice="held_out"))

    assert not set(first.result["prompts"]) & set(second.result["prompts"])
    assert len(second.result["prompts"]) == 2  # of four
    third = done(ask(prompts=9, choice="held_out"))
    assert third.state == "failed" and "no prompt" in third.problem


def test_no_more_are_asked_than_people_can_rank(ask, fake, dataset):
    dataset.policy.open_conversations = 3
    dataset.policy.save()

    job = done(ask(prompts=50, choice="fewest"))
    assert len(job.result["prompts"]) == 3
    assert done(ask(prompts=50, choice="fewest")).state == "failed"


def test_a_rival_answers_the_same_prompts(ask, fake):
    job = done(ask(prompts=2, rivals=[None], choice="held_out"))

    by_prompt = {}
    for one in offered():
        by_prompt.setdefault(str(one.parent.uid), set()).add(one.generator)
    assert [side["generator"] for side in job.result["sides"]][1] == "test-base"
    assert set(by_prompt) == set(job.result["prompts"])
    assert all(len(signed) == 2 for signed in by_prompt.values())


def test_where_one_model_has_nothing_to_show_neither_is_shown(ask, fake, client, curator):
    job = ask(prompts=3, rivals=[None], choice="held_out")
    sides = [
        {"generator": name, "kept": 3, "answers": answers}
        for name, answers in (("one", [["a"], ["b"], []]), ("two", [["c"], ["b"], ["d"]]))
    ]
    prompts = handoff.prompts_to_answer(
        job.dataset_id, choice="held_out", answers=2, at_most=3
    )
    uids = [prompt.uid for prompt in prompts]
    result = {"prompts": uids, "sides": sides}

    generate.keep(job, result)

    assert [(one.generator, one.text) for one in offered()] == [("one", "a"), ("two", "c")]
    assert result["missed"] == uids[1:]
    assert [(side["offered"], side["refused"]) for side in sides] == [(1, 2), (1, 2)]
    sides = [side | {"made": 3} for side in sides]
    Job.objects.filter(pk=job.pk).update(
        result=result | {"sides": sides}, state="finished", finished_at=now()
    )
    client.force_login(curator)
    shown = client.get(reverse("trainer:job", args=[job.pk])).text
    assert "On 2 prompts one of the models had nothing to show" in shown


@pytest.mark.parametrize(
    "config",
    [
        {"prompts": 0}, {"prompts": 10_000}, {"kept": 5}, {"kept": 3, "made": 2},
        {"choice": "all"}, {"temperature": 9}, {"temperature": 0}, {"teperature": 1},
        {"prompts": True}, {"max_new_tokens": 600},
    ],
)  # fmt: skip
def test_odd_settings_are_refused_at_the_door(ask, config):
    with pytest.raises(TrainerError):
        ask(**config)
    assert not Job.objects.exists()


# ---- vLLM --------------------------------------------------------------------------------


@pytest.fixture
def vllm(monkeypatch, settings, run):
    """A server with this run loaded. Returns what it was asked."""
    asked = []

    def answer(request):
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": run.signature}]})
        wanted = json.loads(request.content)
        asked.append(wanted)
        texts = [f" {word} of {len(asked)}" for word in ("Apples", "Bridges", "Candles")]
        said = [{"message": {"content": text}} for text in texts]
        return httpx.Response(200, json={"choices": said})

    settings.VLLM_URL = "http://127.0.0.1:8000"
    monkeypatch.setattr(served, "transport", httpx.MockTransport(answer))
    return asked


def test_where_a_server_has_the_model_it_answers(ask, folders, vllm, run):
    job = done(ask(prompts=2, made=3, choice="held_out", seed=4, temperature=0.8))

    assert (job.state, job.problem) == ("finished", "")
    assert job.result["sides"][0]["engine"] == "vLLM"
    assert [one["n"] for one in vllm] == [3, 3]
    assert vllm[0]["model"] == run.signature
    assert (vllm[0]["seed"], vllm[0]["temperature"]) == (4, 0.8)
    assert vllm[0]["messages"][-1]["role"] == "user"
    assert offered().count() == 2


def test_stopped_it_does_not_wait_for_answers_that_nobody_wants(monkeypatch, settings):
    slow = threading.Event()

    def answer(request):
        if json.loads(request.content)["messages"] != ["first"]:
            slow.wait(30)
        return httpx.Response(200, json={"choices": [{"message": {"content": "x"}}]})

    def stop(done):
        raise Halted

    settings.VLLM_URL = "http://127.0.0.1:8000"
    monkeypatch.setattr(served, "transport", httpx.MockTransport(answer))
    shape = {"answers": 1, "temperature": 1, "max_new_tokens": 4, "seed": 1}
    prompts = [handoff.Prompt(uid, "", [uid]) for uid in ("first", "second")]
    started = time.monotonic()
    try:
        with pytest.raises(Halted):
            served.answers("m", prompts, tell=stop, **shape)
        assert time.monotonic() - started < 10
    finally:
        slow.set()


def test_what_it_has_not_is_answered_here(ask, fake, vllm):
    job = done(ask(prompts=1, rivals=[None], choice="held_out"))

    assert [side["engine"] for side in job.result["sides"]] == ["vLLM", "transformers"]


@pytest.mark.parametrize("code", [302, 500])
def test_a_broken_server_parks_the_job_with_a_sentence(
    ask, folders, vllm, monkeypatch, code
):
    broken = httpx.MockTransport(lambda request: httpx.Response(code, json={}))
    monkeypatch.setattr(served, "transport", broken)

    job = done(ask(choice="held_out"))

    assert job.state == "failed" and "WINNOW_VLLM_URL" in job.problem
    assert not offered().exists()


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("http://127.0.0.1:8000", True), ("http://localhost:8000/", True),
        ("http://gpu-1:8000", True), ("http://elsewhere:8000", False),
        ("file:///etc/passwd", False), ("gpu-1:8000", False),
        ("http://127.0.0.1@elsewhere/", False),
    ],
)  # fmt: skip
def test_prompts_are_sent_to_named_machines_only(monkeypatch, address, is_taken):
    monkeypatch.setenv("WINNOW_VLLM_URL", address)
    if is_taken:
        assert env_address("WINNOW_VLLM_URL", hosts=["gpu-1"]) == address.rstrip("/")
    else:
        with pytest.raises(BadEnvironment):
            env_address("WINNOW_VLLM_URL", hosts=["gpu-1"])


# ---- the page ----------------------------------------------------------------------------


def test_a_curator_asks_people_by_a_form(client, curator, run, fake):
    client.force_login(curator)
    page = reverse("trainer:run_ask", args=[run.pk])
    assert "room for 20 more prompts" in client.get(page).text

    given = {
        "prompts": 2, "kept": 1, "choice": "held_out", "temperature": "0.9",
        "max_new_tokens": 16,
    }  # fmt: skip
    answer = client.post(page, given)

    job = Job.objects.get()
    assert answer.url == reverse("trainer:job", args=[job.pk])
    done(job)
    shown = client.get(answer.url).text
    assert run.signature in shown and "Given to people" in shown
    assert Event.objects.filter(kind="job.offered").exists()


def test_odd_input_comes_back_with_a_reason(client, curator, run):
    client.force_login(curator)
    page = reverse("trainer:run_ask", args=[run.pk])

    for given in ({}, {"prompts": "x"}, {"prompts": -1, "choice": "all"}):
        assert client.post(page, given).status_code == 422
    longer = {
        "prompts": 2, "kept": 1, "choice": "held_out", "temperature": "0.9",
        "max_new_tokens": 64,
    }  # fmt: skip
    refused = client.post(page, longer)  # the run reads 64 tokens in all
    assert refused.status_code == 409
    assert refused.text.count("must leave room") == 1


def test_who_does_not_curate_asks_nobody(client, dataset, run):
    page = reverse("trainer:run_ask", args=[run.pk])
    for person in (ContributorFactory(), ContributorFactory(member=dataset)):
        client.force_login(person)
        assert client.get(page).status_code == 404
        assert client.post(page, {}).status_code == 404


@pytest.mark.parametrize("change", [{"state": "cancelled"}, {"method": "reward"}])
def test_what_cannot_answer_is_not_asked(client, curator, run, change):
    Run.objects.filter(pk=run.pk).update(**change)
    client.force_login(curator)
    assert client.get(reverse("trainer:run_ask", args=[run.pk])).status_code == 404
