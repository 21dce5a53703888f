"""Models of a dataset's versions on the answers that all versions hold out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation import handoff
from curation.actions import versions
from curation.models import VersionItem
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer import learning
from trainer.models import ExampleScore, Job, Run, Score

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def grown(frozen, dataset, curator):
    """A second version: five examples more to learn from, and two more held out."""
    for number in range(7):
        split = "held_out" if number < 2 else "train"
        talk = ConversationFactory(dataset=dataset, split=split)
        ReplyFactory(parent=MessageFactory(conversation=talk, accepted=True), accepted=True)
    return versions.freeze(dataset_id=dataset.pk, by=curator)


@pytest.fixture
def tune(request_run):
    """`tune(version, 1.5)`: a finished run that loses so much on each held-out answer."""

    def tune(version, loss=None, **more):
        run = request_run(version=version, **more)
        Run.objects.filter(pk=run.pk).update(
            state="finished", adapter_sha256="0" * 64, finished_at=now() + timedelta(0, 1)
        )
        if loss is not None:
            Score.objects.bulk_create(
                Score(run=run, message_uid=uid, tokens=10, loss_before=3, loss_after=loss)
                for uid in held_out(version)
            )
        return run

    return tune


def held_out(version):
    kept = VersionItem.objects.filter(version=version, split="held_out")
    return list(kept.values_list("reply__uid", flat=True))


@pytest.fixture
def page(client, curator, dataset):
    def page(who=curator, **asked):
        client.force_login(who)
        return client.get(reverse("trainer:curve", args=[dataset.slug]), asked)

    return page


def test_models_are_compared_on_what_all_versions_hold_out(frozen, grown, tune):
    first, second = tune(frozen, 1.5), tune(grown, 1.0)

    found = learning.curve(frozen.dataset_id, "sft")

    assert [point.run for point in found.points] == [first, second]
    assert [point.examples for point in found.points] == [6, 11]
    assert [point.loss.value for point in found.points] == [1.5, 1.0]
    assert found.points[0].change is None
    assert found.points[1].change.value == -0.5
    assert (found.answers, found.conversations) == (4, 4)
    assert set(handoff.held_out_in_all([frozen.pk, grown.pk])) == set(held_out(frozen))


def test_the_newest_model_of_a_version_stands_for_it(frozen, grown, tune):
    tune(frozen, 2.0)
    newer = tune(frozen, 1.5)
    tune(grown, 1.0)

    assert learning.curve(frozen.dataset_id, "sft").points[0].run == newer
    assert learning.curve(frozen.dataset_id, "dpo") is None


def test_what_was_scored_later_counts_where_the_evaluation_kept_nothing(
    frozen, grown, tune
):
    first = tune(frozen)
    tune(grown, 1.0)
    ExampleScore.objects.bulk_create(
        ExampleScore(
            run=first, version=frozen, message_uid=uid, tokens=10, loss_base=3,
            loss_tuned=1.25, loss_alone=2,
        )
        for uid in held_out(frozen)
    )  # fmt: skip

    found = learning.curve(frozen.dataset_id, "sft")

    assert [point.loss.value for point in found.points] == [1.25, 1.0]


def test_one_without_scores_is_scored_by_one_click(
    frozen, grown, tune, page, client, curator, dataset
):
    first, _second = tune(frozen), tune(grown, 1.0)
    there = reverse("trainer:run_score", args=[first.pk])
    member = ContributorFactory(member=dataset)
    assert there not in page(who=member).content.decode()
    assert client.post(there).status_code == 404

    said = page().content.decode()
    assert "Not scored on these answers." in said
    assert there in said
    answer = client.post(there)

    job = Job.objects.get()
    assert (job.kind, job.run, job.version) == ("score", first, frozen)
    assert answer.url == reverse("trainer:job", args=[job.pk])


def test_the_page_draws_two_versions_with_a_table_beside(frozen, grown, tune, page):
    tune(frozen, 1.5)
    tune(grown, 1.0)

    said = page().content.decode()

    assert 'id="versions-title"' in said
    assert "1.500 with 6 examples; 1.000 with 11 examples" in said
    assert "On 4 held-out answers, in 4 conversations." in said
    assert "-0.500" in said


def test_one_version_is_no_curve_yet(frozen, tune, page):
    tune(frozen, 1.5)
    said = page().content.decode()
    assert "A curve begins with the second." in said
    assert 'id="versions-title"' not in said


def test_a_page_without_models_says_what_comes_first(frozen, page, dataset):
    assert "No such model is finished yet" in page().content.decode()
    assert page(method="reward").status_code == 404
    assert page(method="dpo", base="x" * 9).status_code == 200
    assert page(who=ContributorFactory()).status_code == 404


def test_models_on_another_base_have_a_curve_of_their_own(frozen, grown, tune, page, base):
    tune(frozen, 1.5)
    tune(grown, 1.0)
    other = type(base).objects.create(
        name="Other base", slug="other", kind="local", location="/there", state="ready"
    )
    run = tune(grown, 0.5)
    Run.objects.filter(pk=run.pk).update(base=other)

    found = learning.curve(frozen.dataset_id, "sft")
    assert found.base == base
    assert [one.name for one in found.bases] == ["Test base", "Other base"]
    beside = learning.curve(frozen.dataset_id, "sft", other.pk)
    assert [point.run for point in beside.points] == [run]
    assert "Other base" in page().content.decode()
