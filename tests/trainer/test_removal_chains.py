"""Models that stand on each other are trained anew from the first."""

from __future__ import annotations

import pytest

from curation import handoff
from curation.actions import freezing
from curation.models import Membership
from tests.trainer.removing import fresh, replaced, ring_at_once, take_back
from trainer import tasks
from trainer.actions import removals, replacements
from trainer.models import Removal, Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch):
    return ring_at_once(monkeypatch)


def test_what_it_goes_on_from_comes_first(trained, texts, preferred, curator, rung):
    parent = trained()
    child = trained(method="dpo", version=preferred, parent=parent)
    take_back(texts[-1])  # in both of their versions

    removals.ask(run_id=child.pk, by=curator)
    tasks.follow_removals()
    tasks.follow_removals()

    first, second = Removal.objects.order_by("pk")
    assert (first.run, second.run, second.after) == (parent, child, first)
    assert (first.state, second.state) == ("done", "done")
    assert second.made.parent == first.made
    assert second.made.learned_from() == [second.made.version_id, first.made.version_id]
    assert not handoff.recalled_in_all(second.made.learned_from()).texts


def test_a_clean_version_of_its_own_is_kept(trained, texts, curator, rung, request):
    parent = trained()
    take_back(texts[-1])
    preferred = request.getfixturevalue("preferred")  # frozen since, without it
    child = trained(method="dpo", version=preferred, parent=parent)

    removals.ask(run_id=child.pk, by=curator)
    tasks.follow_removals()
    tasks.follow_removals()

    made = Removal.objects.get(run=child).made
    assert made.version == preferred
    assert made.parent == Removal.objects.get(run=parent).made


def test_a_second_child_stands_on_the_same_new_parent(
    trained, texts, preferred, curator, rung
):
    parent = trained()
    children = [trained(method="dpo", version=preferred, parent=parent) for _ in range(2)]
    take_back(texts[-1])

    removals.ask(run_id=children[0].pk, by=curator)
    tasks.follow_removals()
    tasks.follow_removals()
    removals.ask(run_id=children[1].pk, by=curator)
    tasks.follow_removals()

    assert Removal.objects.filter(run=parent).count() == 1
    one, other = Removal.objects.filter(run__in=children)
    assert one.made.parent == other.made.parent == Removal.objects.get(run=parent).made


def test_where_the_first_fails_the_second_says_so(
    trained, texts, preferred, curator, rung, fake
):
    parent = trained()
    child = trained(method="dpo", version=preferred, parent=parent)
    take_back(texts[-1])
    fake(at_step=3, trouble="No.")

    removals.ask(run_id=child.pk, by=curator)
    for _ in range(3):
        tasks.follow_removals()

    first, second = Removal.objects.order_by("pk")
    assert (first.state, second.state) == ("failed", "failed")
    assert "failed: No." in first.said()
    assert "was not trained again" in second.said()
    assert fresh(parent).retired_at is None


def test_killed_in_the_middle_of_a_chain_it_goes_on(
    trained, texts, preferred, curator, rung, fake
):
    """The child process dies once; the worker that freezes dies with its lease taken."""
    parent = trained()
    child = trained(method="dpo", version=preferred, parent=parent)
    take_back(texts[-1])
    removals.ask(run_id=child.pk, by=curator)
    [first] = replacements.due()
    assert replacements._claim(first)  # and then it is gone
    assert replacements.due() == []
    Removal.objects.filter(pk=first).update(lease_until="2020-01-01T00:00Z")
    fake(at_step=7, killed="once")

    for _ in range(4):
        tasks.follow_removals()
        for run in Run.objects.filter(state="queued"):
            tasks.execute_run(run_id=run.pk)

    assert set(Removal.objects.values_list("state", flat=True)) == {"done"}
    assert Run.objects.count() == 4
    assert max(Run.objects.values_list("attempt", flat=True)) > 1


def test_it_waits_while_another_version_is_made(trained, texts, curator, dataset, rung):
    run = trained()
    take_back(texts[-1])
    other = freezing.ask(dataset_id=dataset.pk, by=curator, recipe={})

    removal = replaced(run, curator)
    assert (removal.state, removal.freezing) == ("due", None)
    freezing.run(other.pk)
    tasks.follow_removals()

    removal.refresh_from_db()
    assert removal.state == "done"


def test_who_asked_and_is_no_curator_any_more_gets_no_version(
    trained, texts, curator, rung
):
    run = trained()
    take_back(texts[-1])
    removals.ask(run_id=run.pk, by=curator)
    Membership.objects.filter(contributor=curator).delete()

    tasks.follow_removals()

    removal = Removal.objects.get()
    assert removal.state == "failed" and "no curator" in removal.said()
