"""A model that saw a withdrawn text is trained again without it, compared, and replaced."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation import handoff, renewal
from curation.actions import erasure, freezing, versions, withdrawals
from curation.errors import NotAllowed
from curation.models import Event, Membership, Message, ModelReport, Withdrawal
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together
from trainer import tasks
from trainer.actions import contests, jobs, promotions, removals, replacements, runs
from trainer.errors import TrainerError
from trainer.folders import folder_of
from trainer.models import Champion, Promotion, Removal, Run, Score

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def texts(frozen):
    """The answers of the version, those to learn from last."""
    return list(Message.objects.filter(frozen_in__version=frozen).order_by("pk"))


@pytest.fixture
def rung(monkeypatch):
    """What is rung for happens at once, as an idle worker's."""
    done = []

    def at_once(task, **ids):
        done.append((task.__name__.rpartition(".")[2], *ids.values()))
        task(**ids)

    for name in ("execute_run", "remove", "follow_removals"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", lambda task=task, **ids: at_once(task, **ids))
    return done


@pytest.fixture
def trained(request_run, fake):
    """`trained(method="dpo", parent=…)`: a finished run."""

    def trained(**settings):
        run = request_run(**settings)
        tasks.execute_run(run_id=run.pk)
        run.refresh_from_db()
        assert run.state == "finished", run.problem
        return run

    return trained


def take_back(text):
    return withdrawals.take_back(message_id=text.pk, by=text.author)


def fresh(run):
    return Run.objects.select_related("version__dataset", "base").get(pk=run.pk)


def uids(version):
    return set(version.items.values_list("reply", flat=True))


def train_unseen(made):
    """To its end, and nobody is rung for that."""
    old = made.replaces
    Run.objects.filter(pk=made.pk).update(replaces=None)
    tasks.execute_run(run_id=made.pk)
    Run.objects.filter(pk=made.pk).update(replaces=old)


def crown(run, curator):
    promotions.promote(run_id=run.pk, by=curator, reason="The first one.")


def replaced(run, curator):
    """Asked for, and all of it done."""
    removal = removals.ask(run_id=run.pk, by=curator)
    tasks.follow_removals()
    removal.refresh_from_db()
    return removal


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


# ---- chains ----------------------------------------------------------------------------


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


@pytest.fixture
def done(trained, texts, curator, rung):
    first = trained()
    crown(first, curator)
    take_back(texts[-1])
    return replaced(first, curator)


def test_the_retired_one_is_offered_nowhere(done, client, curator):
    old, new = done.run, done.made
    assert old not in Run.objects.parents() and new in Run.objects.parents()
    refused = pytest.raises(TrainerError, match=f"run {new.pk} took its place")
    with refused:
        jobs.request(kind="generate", run=fresh(old), by=curator)
    with refused:
        promotions.promote(run_id=old.pk, by=curator, reason="I like it.")
    with refused:
        contests.begin(run_id=new.pk, rival=old.pk, by=curator)
    with refused:
        removals.ask(run_id=old.pk, by=curator)
    client.force_login(curator)
    assert client.get(reverse("trainer:run_ask", args=[old.pk])).status_code == 404
    assert client.get(reverse("trainer:run_adapter", args=[old.pk])).status_code == 409
    assert client.get(reverse("trainer:run_adapter", args=[new.pk])).status_code == 200
    page = client.get(reverse("trainer:run", args=[old.pk])).text
    assert "is retired" in page and "Download the adapter" not in page


def test_no_rollback_leads_to_it(done, client, curator, dataset):
    with pytest.raises(TrainerError, match="Use that one"):
        promotions.roll_back(
            dataset_id=dataset.pk, method="sft", run_id=done.made_id, by=curator
        )
    client.force_login(curator)
    page = client.get(reverse("trainer:standing", args=[dataset.slug])).text
    assert f"Run {done.run_id} does not come back" in page
    assert "Roll back" not in page


def test_its_files_go_and_its_row_stays(done, client, curator):
    folder = folder_of(done.run)
    assert (folder / "adapter").is_dir()
    client.force_login(curator)

    client.post(reverse("trainer:weights_delete", args=[done.run_id]))

    run = fresh(done.run)
    assert not (folder / "adapter").exists() and (folder / "manifest.json").exists()
    assert run.weights_deleted_at and run.adapter_sha256 and run.checkpoints.exists()
    page = client.get(reverse("trainer:run", args=[run.pk])).text
    assert "Its weights were deleted on" in page
    assert (folder_of(done.made) / "adapter").is_dir()


def test_a_model_in_use_keeps_its_files(done, curator):
    with pytest.raises(TrainerError, match="in use"):
        removals.delete_weights(run_id=done.made_id, by=curator)
    assert (folder_of(done.made) / "adapter").is_dir()


def test_who_took_it_back_reads_what_became_of_it(done, client, texts):
    asked = Withdrawal.objects.get(message=texts[-1])
    client.force_login(texts[-1].author)

    page = client.get(reverse("curation:withdrawal", args=[asked.pk])).text

    new = ModelReport.objects.get(source=f"run-{done.made_id}")
    assert f"It was replaced by {new.name}, which never saw it." in page


def test_of_a_new_one_that_saw_it_that_is_not_said(done, client, texts, rung, curator):
    """A later text: the first replacement has it, and only the second has not."""
    asked = take_back(texts[-2])
    client.force_login(texts[-2].author)
    address = reverse("curation:withdrawal", args=[asked.pk])
    assert "which never saw it" not in client.get(address).text

    again = replaced(done.made, curator)

    page = client.get(address).text
    assert f"run {again.made_id}, which never saw it" in page


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
