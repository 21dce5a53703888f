"""Reward models as judges: probed, named beside their marks, and warned of."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation.models import Message
from tests.factories import ContributorFactory
from trainer import evaluation, judges, launch, tasks, wins
from trainer.actions import jobs, promotions, runs, scores
from trainer.errors import TrainerError
from trainer.judging import judge_choices
from trainer.models import Evaluation, ExampleScore, Job, Run, Sample
from trainer.recipes.intervals import means
from trainer.wins import Met

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """No heartbeat comes from another thread, which would not see what a test wrote."""
    monkeypatch.setattr("trainer.watch.SECONDS", 600.0)


@pytest.fixture(autouse=True)
def ranker(dataset):
    return ContributorFactory(member=dataset)


def done(job):
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.fixture
def finished(request_run, fake):
    """`finished("reward")`: a run with a model, which nobody has trained."""

    def finished(method="sft"):
        claimed = runs.claim(request_run().pk, "gpu-1:42")
        runs.publish(claimed, path=f"{claimed.pk}/adapter", sha256="ab" * 32, size=1024)
        runs.finish(claimed)
        Run.objects.filter(pk=claimed.pk).update(method=method)
        return Run.objects.for_page().get(pk=claimed.pk)

    return finished


@pytest.fixture
def writer(finished):
    return finished()


@pytest.fixture
def judge(finished):
    run = finished("reward")
    Evaluation.objects.create(run=run, pairs=40, accuracy=0.7, accuracy_low=0.6,
                              accuracy_high=0.8, margin=0.5)  # fmt: skip
    return Run.objects.for_page().get(pk=run.pk)


@pytest.fixture
def ask(writer, curator):
    def ask(kind, run=writer, **config):
        return jobs.request(kind=kind, run=run, config=config, by=curator)

    return ask


# ---- probes ----------------------------------------------------------------------------


def test_a_judge_that_likes_filler_is_told_so_in_words(ask, judge, client, curator):
    job = done(ask("probes", run=judge))

    assert (job.state, job.problem) == ("finished", "")
    told = judges.told(judge)
    (gamed,) = told.probed.gamed
    said = "It prefers the longer one where filler is all that differs in 72% of prompts."
    assert (gamed.name, gamed.said) == ("padded", said)
    assert said in told.warnings
    client.force_login(curator)
    for page in (reverse("trainer:evaluation", args=[judge.pk]),
                 reverse("trainer:job", args=[job.pk])):  # fmt: skip
        shown = client.get(page).text
        assert said in shown and "61 … 83" in shown and "Holds" in shown


def test_a_judge_that_holds_is_not_warned_of(ask, judge, fake):
    fake(wise=True)
    done(ask("probes", run=judge))
    assert judges.told(judge).warnings == []


def test_marks_that_depend_on_their_neighbours_are_warned_of(ask, judge, fake):
    fake(wise=True, flips=0.25)
    done(ask("probes", run=judge))
    assert judges.told(judge).warnings == [
        "Its marks depend on what is marked beside them."
    ]


def test_unprobed_and_at_chance_it_is_read_with_care(judge):
    Evaluation.objects.filter(run=judge).update(accuracy_low=0.45)
    first, second = judges.told(Run.objects.get(pk=judge.pk)).warnings
    assert "not above chance" in first
    assert "Nobody has probed" in second


def test_only_reward_models_are_probed(ask, client, curator, writer):
    with pytest.raises(TrainerError, match="Only reward models"):
        ask("probes")
    client.force_login(curator)
    there = reverse("trainer:run_probes", args=[writer.pk])
    assert client.post(there).status_code == 404


def test_a_curator_asks_for_probes_and_nobody_else(judge, client, curator, dataset):
    there = reverse("trainer:run_probes", args=[judge.pk])
    client.force_login(ContributorFactory(member=dataset))
    assert client.post(there).status_code == 404
    page = client.get(reverse("trainer:evaluation", args=[judge.pk])).text
    assert "Nobody has tried yet" in page and "Try it" not in page

    client.force_login(curator)
    assert client.get(there).status_code == 405
    assert client.post(there).status_code == 302
    assert Job.objects.get(kind="probes").run == judge


# ---- win rate --------------------------------------------------------------------------


def test_its_answers_are_marked_beside_the_bases_and_peoples(ask, judge, writer):
    job = done(ask("wins", judge=judge.pk))

    assert (job.state, job.problem) == ("finished", "")
    found = {row["who"]: row for row in job.result["against"]}
    # By the fake recipes the longer answer has the higher mark.
    assert found.keys() == {"base", "people"}
    assert (found["base"]["value"], found["base"]["longer_won"]) == (1.0, 1.0)
    assert 0 <= found["people"]["value"] <= 1
    assert job.result["prompts"] == found["people"]["prompts"] == 4
    assert found["base"]["low"] is None  # four conversations say nothing for sure
    assert [one["who"] for one in job.result["answers"]] == ["mine", "base"]


def test_no_words_are_left_behind(ask, judge):
    job = done(ask("wins", judge=judge.pk))

    told = [
        p.read_text() for p in launch.folder_of_job(job).rglob("*.jsonl") if p.is_file()
    ]
    words = Message.objects.filter(role="assistant").first().text
    assert told and not any(words in text or "apples" in text for text in told)


def test_it_meets_the_champion_too(ask, judge, writer, finished, curator):
    promotions.promote(run_id=writer.pk, by=curator, reason="The first.")
    challenger = finished()

    job = done(ask("wins", run=challenger, judge=judge.pk))

    found = {row["who"]: row for row in job.result["against"]}
    assert found["champion"]["run"] == writer.pk
    assert found["champion"]["value"] == 0.5  # as long
    assert found["champion"]["ties"] == 4


@pytest.mark.parametrize("number", [None, 0, "1", True, 10**9])
def test_a_judge_that_is_none_is_refused(ask, judge, number):
    with pytest.raises(TrainerError, match="reward model"):
        ask("wins", judge=number)


def test_a_judge_of_another_dataset_is_refused(ask, judge, writer):
    with pytest.raises(TrainerError, match="reward model"):
        ask("wins", judge=writer.pk)


def test_the_page_tells_who_judged_and_how_far_to_trust_it(
    ask, judge, writer, client, curator
):
    done(ask("wins", judge=judge.pk))
    client.force_login(curator)
    page = reverse("trainer:evaluation", args=[writer.pk])

    said = client.get(page).text

    assert f"run {judge.pk}</a>" in said and "held-out pairs in people’s order" in said
    assert "Nobody has probed yet" in said
    assert "How often the judge prefers" in said
    client.post(reverse("trainer:run_wins", args=[writer.pk]), {"judge": judge.pk})
    assert Job.objects.filter(kind="wins").count() == 2


@pytest.mark.parametrize("sent", [{}, {"judge": ""}, {"judge": "²"}, {"judge": "-1"}])
def test_a_form_without_a_judge_is_answered_with_a_sentence(writer, client, curator, sent):
    client.force_login(curator)
    there = reverse("trainer:run_wins", args=[writer.pk])
    answer = client.post(there, sent, follow=True)
    assert "Name a reward model" in answer.text
    assert not Job.objects.filter(kind="wins").exists()


def test_a_tie_is_half_and_no_mark_loses():
    one = Met("a", 1.0, [1.0, None], 5, [5, 0])
    two = Met("b", None, [2.0], 0, [7])
    none = Met("c", 1.0, [], 3, [])
    found = wins.tally([one, two, none])
    assert (found["value"], found["prompts"], found["ties"]) == (0.375, 2, 0)
    assert found["longer_won"] == 1.0
    assert wins.tally([none]) is None
    assert wins.won(None, None) == 0.5


def test_nothing_but_wins_is_not_for_certain():
    always = wins.tally([Met(n, 1.0, [0.0], 1, [1]) for n in range(8)])
    assert always["value"] == 1.0 and 0.5 < always["low"] < 0.8 and always["high"] == 1.0
    few = wins.tally([Met(n % 2, 1.0, [0.0], 1, [1]) for n in range(8)])
    assert few["low"] is None


def test_prompts_of_one_conversation_are_drawn_together():
    met = [Met(n % 6, n % 6 < 3, [0.5], 1, [1]) for n in range(60)]
    apart = [one._replace(group=n) for n, one in enumerate(met)]
    wide, narrow = wins.tally(met), wins.tally(apart)
    assert wide["value"] == narrow["value"] == 0.5
    assert wide["high"] - wide["low"] > narrow["high"] - narrow["low"]
    assert means([1], {"share": ([1.0], [1.0])})["share"].low is None


# ---- marks where answers are made, and where they surprise ------------------------------


def test_of_varied_answers_the_best_by_its_marks_is_kept(ask, judge):
    job = done(ask("generate", prompts=2, made=4, kept=1, choice="held_out",
                   judge=judge.pk))  # fmt: skip

    assert (job.state, job.problem) == ("finished", "")
    assert job.result["judge"] == judge.pk
    texts = [one.text for one in Message.objects.filter(origin=Message.Origin.MODEL)]
    # The longest of apples, apples, bridges, candles; the first of as long ones.
    assert len(texts) == 2 and all(text.endswith("bridges") for text in texts)


def test_without_a_judge_the_order_is_as_before(ask):
    job = done(ask("generate", prompts=2, made=4, kept=1, choice="held_out"))
    assert job.result["judge"] is None
    texts = [one.text for one in Message.objects.filter(origin=Message.Origin.MODEL)]
    assert all(text.endswith("apples") for text in texts)


def test_the_form_offers_the_datasets_judges(writer, judge, client, curator):
    client.force_login(curator)
    there = reverse("trainer:run_ask", args=[writer.pk])
    page = client.get(there).text
    assert f'value="{judge.pk}" selected' in page

    Evaluation.objects.filter(run=judge).update(accuracy_low=0.45)
    page = client.get(there).text
    assert f'value="{judge.pk}" selected' not in page and "not above chance" in page

    sent = {"prompts": 2, "kept": 1, "choice": "held_out", "temperature": 0.9,
            "max_new_tokens": 8, "judge": judge.pk}  # fmt: skip
    client.post(there, sent)
    assert Job.objects.get(kind="generate").config["judge"] == judge.pk
    assert client.post(there, sent | {"judge": "x"}).status_code == 422


def test_the_champion_judges_before_a_newer_one(judge, finished, curator):
    dataset_id = judge.dataset_id
    assert judges.of_dataset(dataset_id) == judge
    newer = finished("reward")
    assert judges.of_dataset(dataset_id) == newer
    promotions.promote(run_id=judge.pk, by=curator, reason="Tried longest.")
    assert judges.of_dataset(dataset_id) == judge


def test_what_is_disliked_says_who_dislikes_it(writer, judge, client, curator, frozen):
    reply = Message.objects.filter(role="assistant").first()
    ExampleScore.objects.create(
        run=writer, version=frozen, message_uid=reply.uid, category="", tokens=3,
        loss_base=1, loss_tuned=1, loss_alone=1, reward=0.5, rewarded_by=judge,
    )  # fmt: skip
    scores.list_surprises(writer)
    client.force_login(curator)
    there = reverse("trainer:surprising", args=[frozen.dataset.slug])
    assert "Nobody has probed yet" in client.get(there).text
    assert "Nobody has probed yet" not in client.get(there, {"kind": "known"}).text


# ---- how answers end -------------------------------------------------------------------


def test_how_many_answers_ended_by_themselves_is_told_where_it_is_known(writer):
    prompts = Message.objects.filter(role="prompter")[:4]
    for place, (prompt, ended) in enumerate(
        zip(prompts, [True, False, None, False], strict=True)
    ):
        Sample.objects.create(
            run=writer, position=place, prompt_uid=prompt.uid, prompt_text="?",
            base_text="so", tuned_text="so", tuned_ended=ended,
        )  # fmt: skip

    run = Run.objects.get(pk=writer.pk)
    by_who = {told.who: told.habits for told in evaluation.answers_of(run)}

    assert by_who["tuned"].ended == pytest.approx(1 / 3)
    assert by_who["base"].ended is by_who["people"].ended is None


def test_a_list_of_judges_costs_one_query(finished, dataset, django_assert_num_queries):
    for _number in range(3):
        finished("reward")

    with django_assert_num_queries(1):
        assert len(judge_choices(dataset.pk)) == 3
