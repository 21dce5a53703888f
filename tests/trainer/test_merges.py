"""Adapters of several runs are made into one, which is a model as others are."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from curation.actions import versions, withdrawals
from curation.errors import NotAllowed
from curation.models import Message, ModelReport, Notification
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer import saw, tasks
from trainer.actions import contests, jobs, merges, promotions, removals, runs
from trainer.errors import TrainerError
from trainer.launch import folder_of
from trainer.models import Job, Removal, Run, ancestry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """No heartbeat comes from another thread, which would not see what a test wrote."""
    monkeypatch.setattr("trainer.watch.SECONDS", 600.0)


@pytest.fixture
def finished(request_run, fake):
    def finish(**settings) -> Run:
        run = request_run(**settings)
        tasks.execute_run(run_id=run.pk)
        run.refresh_from_db()
        assert (run.state, run.problem) == ("finished", "")
        return run

    return finish


@pytest.fixture
def later(frozen, dataset, curator):
    """A second version, with one more answer by somebody who had written nothing."""
    conversation = ConversationFactory(dataset=dataset, split="train")
    prompt = MessageFactory(conversation=conversation, accepted=True)
    ReplyFactory(parent=prompt, accepted=True)
    return versions.freeze(dataset_id=dataset.pk, by=curator)


@pytest.fixture
def merge(curator):
    def merge(*parts, way="cat", by=curator):
        made = merges.request(run_ids=[run.pk for run in parts], way=way, by=by)
        tasks.execute_run(run_id=made.pk)
        return Run.objects.get(pk=made.pk)

    return merge


@pytest.fixture
def as_curator(client, curator):
    client.force_login(curator)
    return client


def page(name, *args):
    return reverse(f"trainer:{name}", args=args)


def card(answer):
    found = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    (name,) = [one for one in found.namelist() if one.endswith("README.md")]
    return found.read(name).decode()


# ---- it is a model ---------------------------------------------------------------------


def test_it_is_merged_measured_and_sampled_as_a_run_of_its_own(finished, as_curator):
    one, other = finished(seed=1), finished(seed=2)
    form = page("run_merge", one.pk)
    assert f'value="{other.pk}"' in as_curator.get(form).text

    answer = as_curator.post(form, {"runs": [other.pk], "way": "ties"})

    made = Run.objects.get(method="merge")
    assert answer.url == page("run", made.pk)
    assert "Merged of" in as_curator.get(answer.url).text  # before it has begun, too
    tasks.execute_run(run_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.problem) == ("finished", "")
    assert made.adapter_sha256 == made.checkpoints.get().sha256
    assert (folder_of(made) / "adapter" / "adapter_model.safetensors").is_file()
    assert made.evaluation.loss_after == 1.0
    assert made.samples.count() == 4
    assert made.offered is None  # people are asked when somebody wants it
    said = as_curator.get(answer.url).text
    for part in (one, other):
        assert page("run", part.pk) in said
        assert page("run", made.pk) in as_curator.get(page("run", part.pk)).text
    assert "By sign (ties)" in said
    assert "kind of machine give the same bytes" in said
    assert "?like=" not in said  # nothing to train like it


def test_it_goes_to_the_arena_to_export_and_becomes_a_champion(
    finished, merge, curator, as_curator
):
    made = merge(finished(seed=1), finished(seed=2))

    contest = contests.begin(run_id=made.pk, by=curator, rival=None)
    promotion = promotions.promote(run_id=made.pk, by=curator, reason="It is good.")
    as_curator.post(page("run_export", made.pk))
    tasks.execute_job(job_id=Job.objects.get(kind="export").pk)

    assert contest.names[0] == made.signature
    assert promotion.run == made
    job = Job.objects.get(kind="export")
    assert (job.state, job.problem) == ("finished", "")
    for there in ("run", "promotion", "evaluation", "arena_begin", "run_ask"):
        assert as_curator.get(page(there, made.pk)).status_code == 200
    assert as_curator.get(page("runs")).text.count("Merge of adapters") == 1


def test_its_card_names_each_part_and_all_data(finished, merge, frozen, later, as_curator):
    one, other = finished(seed=1), finished(seed=2, version=later)
    made = merge(one, other)

    text = card(as_curator.get(page("run_adapter", made.pk)))

    for part in (one, other):
        assert f"run-{part.pk} (cat): {part.adapter_sha256}" in text.replace("\\", "")
    for version in (frozen, later):
        assert version.digest in text
    # Ten answers are in both versions, and one more in the later: each person counts once.
    assert "| thanks | 10 |" in text
    assert f"Contributors: {2 * 11}" in text


# ---- what is in it ---------------------------------------------------------------------


def test_a_withdrawal_from_any_part_marks_it(
    finished, merge, frozen, later, as_curator, curator
):
    one, other = finished(seed=1), finished(seed=2, version=later)
    made = merge(one, other)
    assert set(made.learned_from()) == {frozen.pk, later.pk}
    assert "taken back" not in as_curator.get(page("runs")).text
    written = Message.objects.filter(role="assistant", author__isnull=False)
    text = written.order_by("-pk").first()
    assert not frozen.items.filter(reply=text).exists()

    withdrawals.take_back(message_id=text.pk, by=text.author)

    listed = as_curator.get(page("runs")).text
    assert listed.count("1 text taken back") == 2  # the later one, and what it went into
    said = as_curator.get(page("run", made.pk)).text
    assert f'<a href="{page("run", other.pk)}">run {other.pk}</a>' in said
    behind = ModelReport.objects.get(source=f"run-{made.pk}")
    address = reverse("curation:model-lineage", args=[behind.pk])
    told = as_curator.get(address).text
    assert "1 text that it may have learned from was taken back" in told
    assert "All versions in its weights" in told


def test_news_of_its_promotion_reach_writers_of_all_parts(
    finished, merge, frozen, later, curator
):
    made = merge(finished(seed=1), finished(seed=2, version=later))
    newcomer = (
        later.items.exclude(reply__in=frozen.items.values("reply")).get().reply.author
    )

    promotions.promote(run_id=made.pk, by=curator, reason="It is good.")

    told = Notification.objects.filter(kind="promoted")
    assert told.filter(person=newcomer).count() == 1
    assert told.count() == told.values("person").distinct().count()
    # Six answers and six questions to train on are in both, two more in the later one.
    assert sum(one.data["texts"] for one in told) == 14


def test_a_run_of_a_run_is_found_at_any_depth(finished, merge, frozen, preferred):
    first = finished()
    second = finished(method="dpo", version=preferred, parent=first)
    made = merge(second, finished(seed=2))

    assert [one.pk for one in made.ancestors()][-1] == first.pk
    assert set(made.learned_from()) == {frozen.pk, preferred.pk}
    assert ancestry.versions([made.pk, first.pk])[first.pk] == [frozen.pk]
    with CaptureQueriesContext(connection) as asked:
        made.ancestors()
    assert len(asked) == 2
    with CaptureQueriesContext(connection) as asked:
        Run.objects.get(pk=first.pk).ancestors()
    assert len(asked) == 1  # the row itself


def test_the_list_costs_the_same_however_many_runs_went_into_others(
    finished, merge, as_curator
):
    one, other = finished(seed=1), finished(seed=2)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            as_curator.get(page("runs"))
        return len(asked)

    before = queries()
    made = merge(one, other)
    for _ in range(3):
        made = merge(made, one)

    assert queries() == before
    assert len(made.ancestors()) == 5


def test_it_is_merged_anew_and_its_parts_come_first(finished, merge, curator, frozen):
    one, other = finished(seed=1), finished(seed=2)
    made = merge(one, other)
    text = frozen.items.filter(split="train").order_by("pk").first().reply
    withdrawals.take_back(message_id=text.pk, by=text.author)

    shown = {found.run: found.may_ask for found in saw.texts_taken_back(frozen.dataset_id)}
    assert shown == {one: True, other: True, made: True}
    removal = removals.ask(run_id=made.pk, by=curator)
    assert set(Removal.objects.exclude(pk=removal.pk).values_list("run", flat=True)) == {
        one.pk, other.pk,
    }  # fmt: skip
    Run.objects.filter(pk=one.pk).update(retired_at=now())
    with pytest.raises(TrainerError, match="taken back"):
        merges.request(run_ids=[one.pk, other.pk], way="cat", by=curator)


# ---- who may, and what -----------------------------------------------------------------


@pytest.mark.parametrize("sent", [{}, {"runs": ["999999"]}, {"runs": ["x"]}])
def test_an_odd_merge_is_refused_on_its_page(finished, as_curator, sent):
    run, _other = finished(seed=1), finished(seed=2)
    form = page("run_merge", run.pk)

    assert as_curator.post(form, {"way": "cat", **sent}).status_code == 422
    assert as_curator.post(form, {"way": "linear", **sent}).status_code == 422
    assert not Run.objects.filter(method="merge").exists()


def test_a_merge_asked_for_by_other_doors_is_checked_too(finished, request_run, curator):
    one, other, unfinished = finished(), finished(seed=2), request_run()
    for numbers, way in (
        ([one.pk], "cat"),
        ([one.pk, one.pk], "cat"),
        ([one.pk, 999999], "cat"),
        ([one.pk, unfinished.pk], "cat"),
        ([one.pk, other.pk], "linear"),
    ):
        with pytest.raises(TrainerError):
            merges.request(run_ids=numbers, way=way, by=curator)
    assert not Run.objects.filter(method="merge").exists()


def test_reward_models_and_other_bases_stay_apart(finished, preferred, base, as_curator):
    one = finished()
    marks = finished(method="reward", version=preferred)
    assert as_curator.get(page("run_merge", marks.pk)).status_code == 404
    assert f'value="{marks.pk}"' not in as_curator.get(page("run_merge", one.pk)).text
    with pytest.raises(TrainerError, match="reward model"):
        merges.request(run_ids=[one.pk, marks.pk], way="cat", by=one.requested_by)

    other = finished(seed=2)
    base.pk, base.slug, base.location = None, "other", "/elsewhere"
    base.save()
    Run.objects.filter(pk=other.pk).update(base=base)
    with pytest.raises(TrainerError, match="different base models"):
        merges.request(run_ids=[one.pk, other.pk], way="cat", by=one.requested_by)


def test_a_merge_is_for_those_who_may_take_each_part(finished, merge, curator, as_curator):
    """One of the two learned from another dataset, which the person does not curate."""
    one, other = finished(seed=1), finished(seed=2)
    made = merge(one, other)
    failed = merges.request(run_ids=[one.pk, other.pk], way="cat", by=curator)
    runs.cancel(run_id=failed.pk, by=curator)
    job = jobs.request(kind="export", run=made, by=curator)
    tasks.execute_job(job_id=job.pk)
    taken = [page("run_adapter", made.pk), page("job_files", job.pk)]
    assert [as_curator.get(there).status_code for there in taken] == [200, 200]

    elsewhere = DatasetFactory()
    theirs = ConversationFactory(dataset=elsewhere, split="train")
    prompt = MessageFactory(conversation=theirs, accepted=True)
    ReplyFactory(parent=prompt, accepted=True)
    keeper = ContributorFactory(member=elsewhere, member__roles=["curator"])
    Run.objects.filter(pk=other.pk).update(
        version=versions.freeze(dataset_id=elsewhere.pk, by=keeper)
    )

    assert [as_curator.get(there).status_code for there in taken] == [404, 404]
    assert as_curator.post(page("run_export", made.pk)).status_code == 404
    for ask in (
        lambda: merges.request(run_ids=[one.pk, other.pk], way="cat", by=curator),
        lambda: runs.retry(run_id=failed.pk, by=curator),
    ):
        with pytest.raises(NotAllowed, match="can take run"):
            ask()
