"""The evaluation page: losses with intervals, regressions, how answers read."""

from __future__ import annotations

from itertools import cycle

import pytest
from django.urls import reverse

from curation.models import Message
from tests.factories import ContributorFactory
from trainer import evaluation
from trainer.habits import habits, repetition
from trainer.models import BaseModel, Evaluation, Run, Sample, Score

pytestmark = pytest.mark.django_db

ROW = {"category": "thanks", "examples": 4, "tokens": 40, "loss_before": 2, "loss_after": 1}


@pytest.fixture
def held_out(frozen):
    return list(Message.objects.filter(role="assistant").order_by("pk"))


@pytest.fixture
def finished(request_run, held_out):
    """`finished(1.0)`: a model with these losses after training, from 2."""

    def finished(*losses, **fields):
        run = request_run()
        Run.objects.filter(pk=run.pk).update(
            state="finished", finished_at=run.queued_at, adapter_sha256="a" * 64, **fields
        )
        for message, loss in zip(held_out, cycle(losses), strict=False):
            Score.objects.create(run=run, message_uid=message.uid, category="thanks",
                                 tokens=10, loss_before=2.0, loss_after=loss)  # fmt: skip
        Evaluation.objects.create(run=run, loss_before=2, loss_after=1, tokens=40,
                                  examples=4, by_category=[ROW])  # fmt: skip
        return Run.objects.for_page().get(pk=run.pk)

    return finished


def test_a_gain_beyond_chance_is_told(finished):
    whole, thanks = evaluation.own(finished(1.0, 1.2, 0.9, 1.1))
    assert (whole.is_all, thanks.category, whole.examples) == (True, "thanks", 10)
    assert whole.change.value == pytest.approx(-0.94)
    assert whole.is_better
    assert not whole.is_worse
    assert whole.before.low == whole.before.high == 2.0


def test_what_may_be_chance_is_not_called_a_change(finished):
    (whole, _) = evaluation.own(finished(1.0, 3.2, 1.5, 2.4))
    assert not whole.is_better
    assert not whole.is_worse


def test_worse_than_the_run_before_it_is_flagged(finished):
    first, second = finished(1.0), finished(1.3, 1.4, 1.2, 1.3)
    assert evaluation.opponent(first) is None
    other, what = evaluation.opponent(second)
    assert (other.pk, what) == (first.pk, "before")
    (whole, _) = evaluation.beside(second, other)
    assert whole.is_worse
    assert whole.change.value == pytest.approx(0.31)


def test_its_parent_is_nearer_than_the_run_before(finished):
    parent, _ = finished(1.0), finished(1.1)
    child = finished(1.2, parent=parent.pk)
    assert evaluation.opponent(child) == (parent, "parent")


def test_on_another_base_losses_are_not_compared(finished):
    other = BaseModel.objects.create(
        name="Other", slug="other", kind="local", location="/other", state="ready"
    )
    first, second = finished(1.0, base=other.pk), finished(1.2)
    assert evaluation.beside(second, first) == []


def test_answers_are_drawn_with_their_conversation(finished, held_out):
    run = finished(1.0, 2.5, 1.1, 2.4)
    apart = evaluation.own(run)[0].change
    Message.objects.filter(pk__in=[m.pk for m in held_out]).update(
        conversation=held_out[0].conversation
    )
    together = evaluation.own(run)[0].change
    assert apart.low is not None
    assert together.low is None
    assert together.value == apart.value


def test_the_page_shows_all_of_it(finished, folders, client, curator, held_out):
    first, run = finished(1.0), finished(1.3)
    Sample.objects.create(
        run=run, position=0, prompt_uid=held_out[0].parent.uid, prompt_text="?",
        base_text="", tuned_text="so so so so",
    )  # fmt: skip
    kept = {"before": {"loss": 0.391}, "after": {"loss": 0.452}}
    Evaluation.objects.filter(run=run).update(report={"retention": kept})
    client.force_login(curator)

    page = reverse("trainer:evaluation", args=[run.pk])
    said = client.get(page).text
    assert f"Beside the run before, {first.pk}" in said
    assert "Worse" in said
    assert f"Worse than run {first.pk}, beyond chance" in said  # before all else
    assert "Better" in said  # than the base
    assert "went from 0.391 to 0.452" in said
    assert "50 %" in said  # of the runs of three words are the same
    assert page in client.get(reverse("trainer:run", args=[run.pk])).text


def test_before_it_has_run_the_page_says_so(request_run, folders, client, curator):
    client.force_login(curator)
    page = reverse("trainer:evaluation", args=[request_run().pk])
    said = client.get(page).text
    assert "Not evaluated yet" in said
    assert "It has answered none yet" in said
    assert "Have it judged" not in said  # it has no model yet
    assert "How its answers read" not in said


def test_no_worse_than_another_it_says_so(finished, client, curator, folders):
    finished(1.0)
    client.force_login(curator)
    page = reverse("trainer:evaluation", args=[finished(0.9).pk])
    assert "In no category worse than run" in client.get(page).text


def test_other_people_do_not_see_it(finished, client):
    client.force_login(ContributorFactory())
    page = reverse("trainer:evaluation", args=[finished(1.0).pk])
    assert client.get(page).status_code == 404


def test_how_answers_read():
    found = habits(["one two three", "one two one two one two", ""])
    assert (found.answers, found.words, found.empty) == (3, 3.0, 1)
    assert found.distinct == pytest.approx(3 / 7)
    assert repetition(["a", "b", "c", "a", "b", "c"]) == 0.25
    assert repetition(["a"]) == 0.0
    assert habits([]) is None
    assert found.ended is None
    assert habits(["a", "b", "c"], [True, False, None]).ended == 0.5
