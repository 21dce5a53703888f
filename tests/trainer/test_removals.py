"""A model that saw a withdrawn text is trained again without it, compared, and replaced."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation import handoff, renewal
from curation.actions import erasure, versions
from curation.errors import NotAllowed
from curation.models import Event
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together
from tests.trainer.removing import (
    crown,
    fresh,
    replaced,
    ring_at_once,
    take_back,
    train_unseen,
    uids,
)
from trainer import tasks
from trainer.actions import removals, replacements, runs
from trainer.errors import TrainerError
from trainer.models import Champion, Promotion, Removal, Run, Score

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch):
    return ring_at_once(monkeypatch)


# ---- one button ------------------------------------------------------------------------


def test_it_learns_the_same_but_for_the_text_and_takes_the_place(
    trained, texts, curator, rung
):
    old = trained(learning_rate=0.001)
    crown(old, curator)
    take_back(texts[-1])

    removal = replaced(old, curator)

    new = removal.made
    assert (removal.state, new.state, new.replaces) == ("done", "finished", old)
    assert uids(old.version) - uids(new.version) == {texts[-1].pk}
    assert not uids(new.version) - uids(old.version)
    assert (new.config, new.method, new.base) == (old.config, old.method, old.base)
    assert handoff.recalled(new.version_id).texts == 0
    assert Champion.objects.get().run == new
    decision = Promotion.objects.latest("pk")
    assert (decision.run, decision.replaced, decision.by) == (new, old, curator)
    assert "taken back" in decision.reason and decision.evidence["recalled"] == 0
    assert fresh(old).retired_at is not None


def test_where_nothing_was_taken_back_it_is_refused(trained, curator):
    with pytest.raises(TrainerError, match="No text"):
        removals.ask(run_id=trained().pk, by=curator)
    assert not Removal.objects.exists()


def test_only_curators_may_ask(trained, texts, dataset):
    run = trained()
    take_back(texts[-1])

    with pytest.raises(NotAllowed):
        removals.ask(run_id=run.pk, by=ContributorFactory(member=dataset))


def test_a_run_without_a_model_has_nothing_to_replace(request_run, texts, curator):
    run = request_run()
    take_back(texts[-1])

    with pytest.raises(TrainerError, match="no model yet"):
        removals.ask(run_id=run.pk, by=curator)


def test_two_at_once_are_one_row_and_one_run(trained, texts, curator, rung):
    run = trained()
    take_back(texts[-1])

    together(*[lambda: removals.ask(run_id=run.pk, by=curator).pk] * 4)
    [due] = replacements.due()
    together(*[lambda: replacements.carry_out(due)] * 4)

    removal = Removal.objects.get()
    assert removal.state == "started"
    assert Run.objects.count() == 2
    assert Event.objects.filter(kind="run.removal_asked").count() == 1


def test_two_settle_it_once(trained, texts, curator, rung):
    run = trained()
    crown(run, curator)
    take_back(texts[-1])
    removals.ask(run_id=run.pk, by=curator)
    train_unseen(replacements.carry_out(replacements.due()[0]))

    together(*[replacements.settle] * 4)

    assert Removal.objects.get().state == "done"
    assert Promotion.objects.filter(replaced=run).count() == 1
    assert Event.objects.filter(kind="run.retired").count() == 1


# ---- a text that is taken back meanwhile -------------------------------------------------


def test_between_freezing_and_training_it_is_frozen_once_more(
    trained, texts, curator, rung, monkeypatch
):
    run = trained()
    take_back(texts[-1])
    real, seen = renewal.carry_on, []

    def carry_on(asked):
        made = real(asked)
        if not seen:
            take_back(texts[-2])
        seen.append(made.version_id)
        return made

    monkeypatch.setattr(renewal, "carry_on", carry_on)

    removal = replaced(run, curator)
    assert (removal.state, removal.made) == ("due", None)
    tasks.follow_removals()

    removal.refresh_from_db()
    assert removal.state == "done"
    assert uids(run.version) - uids(removal.made.version) == {t.pk for t in texts[-2:]}
    assert len(set(seen)) == 2


def test_while_it_trains_the_new_one_is_marked_and_can_be_asked_for_again(
    trained, texts, curator, rung
):
    run = trained()
    take_back(texts[-1])
    removals.ask(run_id=run.pk, by=curator)
    made = replacements.carry_out(replacements.due()[0])
    claimed = runs.claim(made.pk, "here:1")
    take_back(texts[-2])
    runs.fence.lose(claimed)
    tasks.execute_run(run_id=made.pk)

    assert Removal.objects.get(run=run).state == "done"
    assert handoff.recalled(made.version_id).texts == 1
    again = replaced(made, curator)
    assert again.state == "done"
    assert handoff.recalled(again.made.version_id).texts == 0


def test_destroyed_words_stop_it_and_asked_again_it_leaves_them_out(
    trained, texts, curator, rung
):
    run = trained()
    take_back(texts[-1])
    removals.ask(run_id=run.pk, by=curator)
    made = replacements.carry_out(replacements.due()[0])
    erasure.erase(person_id=texts[-2].author_id, by=ContributorFactory(is_staff=True))
    tasks.execute_run(run_id=made.pk)
    tasks.follow_removals()

    removal = Removal.objects.get(run=run)
    assert removal.state == "failed" and "destroyed" in removal.said()
    again = replaced(run, curator)
    assert again.state == "done"
    assert texts[-2].pk not in uids(again.made.version)


def test_started_again_by_hand_it_still_takes_the_place(
    trained, texts, curator, rung, fake
):
    run = trained()
    take_back(texts[-1])
    fake(at_step=3, trouble="No.")
    removal = replaced(run, curator)
    tasks.follow_removals()
    removal.refresh_from_db()
    assert removal.state == "failed"

    fake()
    runs.retry(run_id=removal.made_id, by=curator)
    tasks.execute_run(run_id=removal.made_id)

    removal.refresh_from_db()
    assert removal.state == "done"


# ---- compared --------------------------------------------------------------------------


@pytest.fixture
def large(frozen, dataset, curator):
    """A version with enough held-out conversations for intervals."""
    category = CategoryFactory(dataset=dataset, slug="more")
    for _ in range(8):
        conversation = ConversationFactory(
            dataset=dataset, category=category, split="held_out"
        )
        ReplyFactory(
            parent=MessageFactory(conversation=conversation, accepted=True), accepted=True
        )
    return versions.freeze(dataset_id=dataset.pk, by=curator)


@pytest.fixture
def compared(trained, large, texts, curator, rung):
    """`compared(9.0)`: a removal whose new model has that loss on each answer."""

    def compared(loss):
        old = trained(version=large)
        crown(old, curator)
        take_back(texts[-1])
        removal = removals.ask(run_id=old.pk, by=curator)
        made = replacements.carry_out(replacements.due()[0])
        train_unseen(made)
        for number, score in enumerate(Score.objects.filter(run=made).order_by("pk")):
            score.loss_after = loss + number / 1000
            score.save()
        replacements.settle()
        removal.refresh_from_db()
        return removal

    return compared


def test_one_that_is_no_worse_takes_the_place_by_itself(compared, client, curator):
    removal = compared(0.9)

    assert removal.state == "done"
    whole = removal.comparison["lines"][0]
    assert whole["examples"] == 12 and whole["change"][0] < 0 and not whole["is_worse"]
    client.force_login(curator)
    for run in (removal.run, removal.made):
        page = client.get(reverse("trainer:run", args=[run.pk])).text
        assert "Held-out loss, new against old" in page
        assert "No category is worse beyond chance" in page


def test_a_worse_one_waits_for_a_click_and_no_rule_blocks_that(compared, client, curator):
    removal = compared(3.0)

    assert removal.state == "compared"
    assert Champion.objects.get().run == removal.run
    assert fresh(removal.run).retired_at is None
    client.force_login(curator)
    page = client.get(reverse("trainer:run", args=[removal.run_id])).text
    assert "Worse beyond chance" in page and "Put it in place all the same" in page

    answer = client.post(reverse("trainer:removal_place", args=[removal.pk]))

    assert answer.status_code == 302
    assert Champion.objects.get().run == removal.made
    assert "gain" in Promotion.objects.latest("pk").unmet
    with pytest.raises(TrainerError, match="nothing to decide"):
        removals.put_in_place(removal_id=removal.pk, by=curator)


# ---- what becomes of the old one -------------------------------------------------------


# ---- all of a dataset ------------------------------------------------------------------


def test_all_at_once_the_champion_first(trained, texts, client, curator, dataset, rung):
    old, champion = trained(), trained(seed=2)
    later = trained(seed=3)
    crown(champion, curator)
    take_back(texts[-1])
    client.force_login(curator)
    address = reverse("trainer:removals", args=[dataset.slug])

    page = client.get(address).text
    order = [page.index(f"/runs/{run.pk}/") for run in (champion, later, old)]
    assert order == sorted(order)
    assert client.post(address).status_code == 302

    asked = Removal.objects.order_by("pk").values_list("run", "state")
    assert list(asked) == [(run.pk, "done") for run in (champion, later, old)]
    assert "No model in use has learned" in client.get(address).text


def test_where_none_saw_any_the_page_says_so(trained, client, curator, dataset):
    trained()
    client.force_login(curator)
    page = client.get(reverse("trainer:removals", args=[dataset.slug])).text
    assert "No model in use has learned" in page


@pytest.mark.parametrize(
    ("name", "args"),
    [("run_without", "run"), ("weights_delete", "run"), ("removals", "dataset")],
)
def test_writers_have_no_such_buttons(trained, client, dataset, name, args):
    run = trained()
    client.force_login(ContributorFactory(member=dataset))
    address = reverse(f"trainer:{name}", args=[run.pk if args == "run" else dataset.slug])
    assert client.post(address).status_code == 404


def test_the_button_is_on_the_page_of_a_marked_model_alone(
    trained, texts, client, curator, rung
):
    run = trained()
    client.force_login(curator)
    address = reverse("trainer:run", args=[run.pk])
    assert "Train again without them" not in client.get(address).text
    take_back(texts[-1])
    assert "Train again without them" in client.get(address).text

    client.post(reverse("trainer:run_without", args=[run.pk]))

    page = client.get(address).text
    assert "Train again without them" not in page and "took its place" in page
    assert Removal.objects.get().state == "done"
