"""Benchmarks: uploaded, put to models without what they learned from, compared."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from curation import overlap
from curation.actions import versions
from curation.errors import CurationError, NotAllowed
from curation.models import Event, Membership
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.trainer.benchmark_lines import CHOICE, OPEN, file
from trainer import benchmarking, launch, tasks
from trainer.actions import benchmarks, jobs, runs
from trainer.benchmark_files import Question, read
from trainer.errors import TrainerError
from trainer.jobs.benchmark import spread
from trainer.models import Benchmark, BenchmarkScore, Job, Run


def lines(count, *, right=None, exact=None, loss=10.0):
    return [
        {"id": str(n), "loss": loss, "tokens": 5,
         "is_exact": None if exact is None else n in exact,
         "is_right": None if right is None else n in right}
        for n in range(count)
    ]  # fmt: skip


def questions(count, options=(), category=""):
    return {str(n): Question(f"Q{n}", "a", options, category) for n in range(count)}


# ---- figures ---------------------------------------------------------------------------


def test_both_figures_are_told_with_and_without_what_was_learned():
    found = benchmarking.figures(
        lines(10, exact={0, 1, 2, 3}), questions(10), {"0", "1", "2", "3"}
    )
    assert found["all"]["exact"]["value"] == 0.4
    none = found["clean"]["exact"]  # none of six is not “never”
    assert (none["value"], none["low"]) == (0.0, 0.0) and 0.3 < none["high"] < 0.5
    assert (found["all"]["questions"], found["clean"]["questions"]) == (10, 6)
    assert found["clean"]["loss"]["value"] == 2.0
    assert "right" not in found["clean"] and found["clean"]["chance"] is None


def test_where_all_was_learned_nothing_is_claimed():
    found = benchmarking.figures(lines(2, exact={0}), questions(2), {"0", "1"})
    assert found["clean"] is None and found["categories"] == []


def test_options_are_told_beside_guessing():
    asked = questions(8, options=("a", "b", "c", "d"))
    found = benchmarking.figure(lines(8, right={0, 1, 2, 3}), asked)
    assert (found["right"]["value"], found["chance"]) == (0.5, 0.25)
    assert found["right"]["low"] < 0.5 < found["right"]["high"]
    assert "exact" not in found


def test_what_could_not_be_read_counts_for_no_loss():
    found = benchmarking.figure(lines(4, exact=set(), loss=None), questions(4))
    assert found["unread"] == 4 and "loss" not in found


def test_categories_are_told_apart():
    asked = questions(2) | {"2": Question("Q2", "a", (), "maths")}
    found = benchmarking.figures(lines(3, exact={2}), asked, set())
    assert [(one["category"], one["exact"]["value"]) for one in found["categories"]] == [
        ("", 0.0), ("maths", 1.0),
    ]  # fmt: skip


def test_every_model_is_asked_the_same_questions():
    assert spread(7, 500) == list(range(7))
    assert spread(1000, 4) == [0, 250, 500, 750]


# ---- models ----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """No heartbeat comes from another thread, which would not see what a test wrote."""
    monkeypatch.setattr("trainer.watch.SECONDS", 600.0)


LONG = "Which of the many old maps in the long hall shows the river before the flood?"
SHORT = "Where does the ferry land?"
HELD_OUT = "Who wound up the clock in the tower on every single Sunday of that long winter?"


@pytest.fixture
def told(dataset, curator):
    """A version of two prompts to learn from, and one that is held out."""
    for prompt, split in ((LONG, "train"), (SHORT, "train"), (HELD_OUT, "held_out")):
        conversation = ConversationFactory(dataset=dataset, split=split)
        asked = MessageFactory(conversation=conversation, accepted=True, text=prompt)
        ReplyFactory(parent=asked, accepted=True, text="Eight.")
    return versions.freeze(dataset_id=dataset.pk, by=curator)


@pytest.fixture
def finished(request_run, fake, told):
    claimed = runs.claim(request_run(version=told).pk, "gpu-1:42")
    runs.publish(claimed, path=f"{claimed.pk}/adapter", sha256="ab" * 32, size=1024)
    runs.finish(claimed)
    return Run.objects.for_page().get(pk=claimed.pk)


@pytest.fixture
def added(dataset, curator):
    def added(*found, name="Legs", by=curator):
        return benchmarks.add(
            dataset_id=dataset.pk, name=name, questions=read(file(*found)), by=by
        )

    return added


@pytest.fixture
def ask(curator):
    def ask(benchmark, by=curator, **more):
        config = {"benchmark": benchmark.pk}
        job = jobs.request(kind="benchmark", by=by, config=config, **more)
        tasks.execute_job(job_id=job.pk)
        job.refresh_from_db()
        return job

    return ask


@pytest.mark.django_db(transaction=True)
def test_what_a_model_has_learned_from_is_taken_out_and_counted(finished, added, ask):
    said = LONG.lower().replace("?", ", please") + " Tell me."
    known = [{"prompt": said, "answer": "The third."}, {"prompt": SHORT, "answer": "Here."}]
    # "Eight." is a reply in the version: so short a text gives nothing away.
    unknown = [OPEN, CHOICE, {"prompt": HELD_OUT, "answer": "Her aunt."}]
    set_ = added(*known, *unknown)

    job = ask(set_, run=finished)

    assert (job.state, job.problem) == ("finished", "")
    (score,) = BenchmarkScore.objects.all()
    assert (score.run, score.base, score.digest) == (finished, finished.base, set_.digest)
    assert (score.asked, score.contaminated) == (5, 2)
    assert score.figures["all"]["questions"] == 5
    assert score.figures["clean"]["questions"] == 3
    assert not list(launch.folder_of_job(job).rglob("questions.jsonl"))

    # Asked again it has one row, and its base alone has learned nothing of it.
    ask(set_, run=finished)
    ask(set_, base=finished.base, version_id=finished.version_id)
    told = BenchmarkScore.objects.for_listing().values_list("run", "contaminated")
    assert list(told) == [(None, 0), (finished.pk, 2)]


@pytest.mark.django_db(transaction=True)
def test_what_it_goes_on_from_counts_as_learned(finished, added, ask, frozen):
    Run.objects.filter(pk=finished.pk).update(version=frozen)
    set_ = added({"prompt": LONG, "answer": "The third."})
    other = Run.objects.get(pk=finished.pk)
    assert overlap.contaminated(other.learned_from(), [LONG], ["The third."]) == set()
    assert overlap.contaminated([frozen.pk, finished.version_id], [LONG], ["x"]) == {0}
    assert ask(set_, run=other).result["figures"]["clean"] is not None


@pytest.mark.django_db(transaction=True)
def test_where_words_are_destroyed_nobody_can_tell(finished, added, ask, monkeypatch):
    def refuse(*_):
        raise CurationError("The words of 1 text are destroyed.")

    monkeypatch.setattr(overlap, "contaminated", refuse)
    job = ask(added(OPEN), run=finished)
    assert job.state == "failed"
    assert "are destroyed, so nobody can tell" in job.problem


@pytest.mark.django_db(transaction=True)
def test_a_set_that_was_removed_meanwhile_says_so(finished, added, ask, curator):
    set_ = added(OPEN)
    job = jobs.request(
        kind="benchmark", by=curator, run=finished, config={"benchmark": set_.pk}
    )
    benchmarks.remove(benchmark_id=set_.pk, by=curator)
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.problem == "Somebody has removed this benchmark."


@pytest.mark.django_db
@pytest.mark.parametrize("number", [None, 0, "1", True, 10**12])
def test_a_benchmark_that_is_none_is_refused(finished, curator, number):
    with pytest.raises(TrainerError, match="no such benchmark"):
        jobs.request(
            kind="benchmark", run=finished, config={"benchmark": number}, by=curator
        )


@pytest.mark.django_db
def test_the_database_holds_one_score_a_model(added, finished):
    set_ = added(OPEN)
    row = {"benchmark": set_, "digest": set_.digest, "base": finished.base, "asked": 1,
           "contaminated": 0, "figures": {"all": {}}}  # fmt: skip
    BenchmarkScore.objects.create(**row)
    with pytest.raises(IntegrityError):
        BenchmarkScore.objects.create(**row)


@pytest.mark.django_db
def test_curators_alone_add_and_remove(added, dataset, curator):
    member = ContributorFactory(member=dataset)
    with pytest.raises(NotAllowed):
        added(OPEN, by=member)
    set_ = added(OPEN)
    with pytest.raises(TrainerError, match="with this name already"):
        added(CHOICE)
    with pytest.raises(TrainerError, match="as “Legs”"):
        added(OPEN, name="Other")
    with pytest.raises(NotAllowed):
        benchmarks.remove(benchmark_id=set_.pk, by=member)
    benchmarks.remove(benchmark_id=set_.pk, by=curator)
    with pytest.raises(TrainerError, match="removed this set already"):
        benchmarks.remove(benchmark_id=set_.pk, by=curator)
    kinds = Event.objects.filter(kind__startswith="benchmark").values_list(
        "kind", flat=True
    )
    assert list(kinds.order_by("pk")) == ["benchmark.added", "benchmark.removed"]


# ---- the page --------------------------------------------------------------------------


@pytest.fixture
def there(dataset):
    return reverse("trainer:benchmarks", args=[dataset.slug])


def upload(data, name="Legs"):
    return {"name": name, "file": SimpleUploadedFile("set.jsonl", data)}


@pytest.mark.django_db
def test_a_curator_uploads_a_set_and_asks_a_model(
    client, curator, there, finished, dataset
):
    client.force_login(curator)
    assert "No benchmark yet" in client.get(there).text
    assert client.post(there, upload(file(OPEN, CHOICE))).status_code == 302
    page = client.get(there).text
    assert "2 questions" in page and "1 with options" in page
    assert f'value="base-{finished.pk}"' in page

    set_ = Benchmark.objects.get()
    sent = {"benchmark": set_.pk, "model": finished.pk, "at_most": 5, "max_new_tokens": 8}
    ask = reverse("trainer:benchmark_ask", args=[dataset.slug])
    assert client.post(ask, sent | {"model": "base-0"}).status_code == 422
    assert client.post(ask, sent | {"benchmark": "x"}).status_code == 422
    assert client.post(ask, sent | {"at_most": 0}).status_code == 422
    assert client.post(ask, sent | {"max_new_tokens": 64}).status_code == 409
    assert client.post(ask, sent).status_code == 302
    assert client.post(ask, sent | {"model": f"base-{finished.pk}"}).status_code == 302
    alone, tuned = Job.objects.order_by("-pk")
    assert (tuned.run, alone.run, alone.base) == (finished, None, finished.base)
    assert alone.config == tuned.config


@pytest.mark.django_db
def test_each_bad_line_is_named_on_the_page_and_nothing_is_kept(client, curator, there):
    client.force_login(curator)
    answer = client.post(there, upload(file(OPEN, {"prompt": "x"}, CHOICE, 7)))
    assert answer.status_code == 422
    assert "Line 2: “answer” is missing or empty." in answer.text
    assert "Line 4: it is no object in braces." in answer.text
    assert client.post(there, {"name": "x"}).status_code == 422
    assert client.post(there, upload(file(OPEN), name=" ")).status_code == 422
    assert not Benchmark.objects.exists()
    client.post(there, upload(file(OPEN)))
    assert client.post(there, upload(file(CHOICE))).status_code == 409


@pytest.mark.django_db
def test_a_file_that_is_too_large_is_not_read(client, curator, there, monkeypatch):
    monkeypatch.setattr("trainer.benchmark_forms.MEGABYTES_AT_MOST", 0)
    client.force_login(curator)
    answer = client.post(there, upload(file(OPEN)))
    assert answer.status_code == 422 and "larger than 0 MB" in answer.text


@pytest.mark.django_db
def test_names_are_shown_as_text(client, curator, there, added):
    added(OPEN, name="<script>alert(1)</script>")
    client.force_login(curator)
    page = client.get(there).text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


@pytest.mark.django_db
def test_members_look_and_strangers_do_not(client, dataset, there, added, finished):
    set_ = added(OPEN)
    BenchmarkScore.objects.create(
        benchmark=set_, digest=set_.digest, base=finished.base, run=finished, asked=2,
        contaminated=1, figures=benchmarking.figures(
            lines(2, exact={0}), questions(2), {"0"}
        ),
    )  # fmt: skip
    client.force_login(ContributorFactory(member=dataset))
    page = client.get(there).text
    assert finished.signature in page and "50% with them" in page
    assert "Add a benchmark" not in page and "Ask a model" not in page
    assert client.post(there, upload(file(OPEN))).status_code == 404
    remove = reverse("trainer:benchmark_remove", args=[set_.pk])
    assert client.post(remove).status_code == 404
    evaluation = client.get(reverse("trainer:evaluation", args=[finished.pk])).text
    assert "Legs" in evaluation and "50% with them" in evaluation

    client.force_login(ContributorFactory())
    assert client.get(there).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_only_a_set_of_its_own_dataset_is_asked_of_a_model(finished, base, ask, curator):
    """By whatever door it is asked."""
    elsewhere = DatasetFactory()
    here = ContributorFactory(member=elsewhere, member__roles=["curator"])
    theirs = benchmarks.add(
        dataset_id=elsewhere.pk, name="Theirs", questions=read(file(OPEN)), by=here
    )
    version = finished.version_id

    for more in ({"run": finished}, {"base": base, "version_id": version}):
        with pytest.raises(TrainerError, match="no such benchmark"):
            ask(theirs, **more)
    Membership.objects.create(dataset=elsewhere, contributor=curator, role="curator")
    with pytest.raises(TrainerError, match="no such benchmark"):
        ask(theirs, run=finished)
