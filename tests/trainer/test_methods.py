"""Reward models, preferences, single judgements: what each needs, does, and leaves."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation import handoff
from curation.actions import erasure, versions, withdrawals
from curation.errors import NotAllowed
from curation.models import Membership, Message, ModelReport, Notification
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MembershipFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.trainer.methods import execute, trainer_of
from trainer import evidence, launch, methods
from trainer.actions import promotions, results, runs
from trainer.errors import TrainerError
from trainer.models import BaseModel, PromotionPolicy, Run

pytestmark = pytest.mark.django_db
OF_PREFERENCES = ["reward", "dpo", "unpaired"]


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """No heartbeat comes from another thread, which would not see what a test wrote."""
    monkeypatch.setattr("trainer.watch.SECONDS", 600.0)


@pytest.fixture
def tuned(request_run, fake):
    """A finished fine-tuning, to go on from."""
    return execute(request_run())


@pytest.fixture
def trained(request_run, preferred, tuned):
    return trainer_of(request_run, preferred, tuned)


# ---- what comes of them --------------------------------------------------------------


@pytest.mark.parametrize("method", OF_PREFERENCES)
def test_each_tells_in_how_many_held_out_pairs_it_agrees(trained, preferred, method):
    run = trained(method)

    assert (run.state, run.problem) == ("finished", "")
    found = run.evaluation
    assert found.pairs == handoff.row_counts(preferred.pk)["pairs_held_out"] > 0
    assert (found.accuracy, found.accuracy_low, found.accuracy_high) == (0.75, 0.55, 0.9)
    assert found.is_above_chance
    assert found.pair_categories()[0]["category"] == "thanks"
    names = set(run.metrics.values_list("name", flat=True))
    assert {"accuracy", "margin", "held_out_accuracy", "held_out_margin"} <= names


def test_a_reward_model_answers_nothing(trained):
    run = trained("reward")

    assert run.gives_marks
    assert (run.evaluation.has_loss, run.offered, run.samples.count()) == (False, None, 0)
    assert not Message.objects.filter(generator=f"test-base, run {run.pk}").exists()


@pytest.mark.parametrize("method", ["dpo", "unpaired"])
def test_the_others_have_a_held_out_loss_and_offer_answers(trained, method):
    run = trained(method)

    assert (run.evaluation.loss_before, run.evaluation.loss_after) == (2.0, 1.0)
    assert run.evaluation.report["retention"]["after"]["loss"] == 0.75
    assert run.samples.count() == run.offered + run.offer_refused == 4


def test_it_goes_on_with_the_adapter_of_its_parent(trained, tuned, folders):
    run = trained("dpo")

    assert run.parent == tuned
    manifest = launch.read_manifest(launch.folder_of(run))
    assert manifest["parent"] == str(launch.folder_of(tuned) / "adapter")


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_all_weights_make_a_model_that_stands_by_itself(
    request_run, preferred, fake, method
):
    run = execute(request_run(method=method, version=preferred, tuning="full"))

    assert (run.state, run.problem) == ("finished", "")
    (made,) = run.checkpoints.all()
    assert (made.kind, made.path) == ("model", f"{run.pk}/model")
    assert made.size == 2 * len(b"weights")
    assert made.sha256 == run.adapter_sha256
    assert (run.evaluation.loss_before, run.evaluation.loss_after) == (2.0, 1.0)
    assert run.samples.count() == 4
    found = launch.model(run.base, run)
    assert found == {
        "base": str(launch.folder_of(run) / "model"), "revision": None, "adapter": None,
    }  # fmt: skip


def test_weights_in_several_files_have_one_hash_whatever_their_order():
    one, other = {"a": "1" * 64, "b": "2" * 64}, {"b": "2" * 64, "a": "1" * 64}

    assert launch.hash_of(one) == launch.hash_of(other)
    assert launch.hash_of(one) != launch.hash_of({"a": "2" * 64, "b": "1" * 64})
    assert launch.hash_of({"a": "1" * 64}) == "1" * 64


def test_those_who_ranked_are_told_as_well(trained):
    run = trained("reward")

    report = ModelReport.objects.get(source=f"run-{run.pk}")
    assert (report.method, report.held_out_accuracy) == ("Reward model", 0.75)
    told = Notification.objects.filter(data__model=report.name)
    ballots = set(told.values_list("data__ballots", flat=True))
    assert ballots - {None}
    only_ranked = told.filter(data__texts=0)
    assert only_ranked.exists()


def test_a_fine_tuning_tells_nobody_of_their_ballots(tuned):
    told = Notification.objects.filter(kind=Notification.Kind.MODEL)

    assert told.exists()
    assert not told.filter(data__has_key="ballots").exists()


# ---- what is refused -----------------------------------------------------------------


@pytest.mark.parametrize("method", OF_PREFERENCES)
def test_a_version_without_preferences_is_refused_with_a_way_out(request_run, method):
    with pytest.raises(TrainerError, match="Preference pairs from rankings"):
        request_run(method=method)


def test_preferences_on_one_side_only_are_not_enough(request_run, preferred, monkeypatch):
    counts = {"pairs_train": 5, "pairs_held_out": 0}
    monkeypatch.setattr(handoff, "row_counts", lambda version_id: counts)
    with pytest.raises(TrainerError, match="no preference for the evaluation"):
        request_run(method="dpo", version=preferred)

    counts |= {"pairs_train": 0, "pairs_held_out": 5}
    with pytest.raises(TrainerError, match="no preference to learn from"):
        request_run(method="dpo", version=preferred)


@pytest.mark.parametrize(
    ("method", "settings", "words"),
    [
        ("sft", {"beta": 0.1}, "no setting “beta”"),
        ("reward", {"offer": True}, "no setting “offer”"),
        ("dpo", {"replay_share": 0.1}, "no setting “replay_share”"),
        ("dpo", {"beta": 0}, "“Beta” must be from 0.001 to 10"),
        ("dpo", {"beta": "much"}, "“Beta” must be a number"),
        ("dpo", {"tuning": "half"}, "one of the names offered"),
        ("dpo", {"tuning": 4}, "one of the names offered"),
        ("sft", {"dtype": "fp16"}, "one of the names offered"),
        ("reward", {"max_length": 16}, "at least 32"),
        ("guess", {}, "no method “guess”"),
    ],
)
def test_settings_of_another_method_are_unknown(
    frozen, base, curator, method, settings, words
):
    with pytest.raises(TrainerError, match=words):
        runs.request(
            version_id=frozen.pk, base_id=base.pk, config=settings, by=curator,
            method=method,
        )  # fmt: skip
    assert not Run.objects.exists()


@pytest.mark.parametrize("is_starter", [True, False])
@pytest.mark.parametrize("method", methods.METHODS.values(), ids=lambda one: one.name)
def test_what_is_chosen_for_a_version_and_a_base_may_be_given_by_hand(method, is_starter):
    fitting = methods.defaults(
        method.name, train_count=400, is_starter=is_starter, is_long=True
    )

    assert method.config.parse(fitting.as_json()) == fitting


class TestParents:
    def test_a_run_that_is_not_done_is_none(self, request_run, preferred):
        waiting = request_run()

        with pytest.raises(TrainerError, match="no finished fine-tuning"):
            request_run(method="dpo", version=preferred, parent=waiting)

    def test_a_reward_model_is_none(self, request_run, preferred, trained):
        with pytest.raises(TrainerError, match="is a reward model"):
            request_run(method="dpo", version=preferred, parent=trained("reward"))

    def test_a_whole_model_is_none(self, request_run, preferred, fake):
        whole = execute(request_run(tuning="full"))

        with pytest.raises(TrainerError, match="Add its folder as a base model"):
            request_run(method="dpo", version=preferred, parent=whole)

    def test_one_of_another_base_is_none(self, preferred, tuned, curator):
        other = BaseModel.objects.create(
            name="Other", slug="other", kind="local", location="/else", state="ready"
        )

        with pytest.raises(TrainerError, match="stands on Test base"):
            runs.request(
                version_id=preferred.pk, base_id=other.pk, config={}, by=curator,
                method="dpo", parent_id=tuned.pk,
            )  # fmt: skip

    def test_one_of_others_is_not_there(self, tuned, base, preferred):
        stranger = ContributorFactory()

        with pytest.raises(TrainerError, match="There is no run"):
            runs.require_parent(tuned.pk, base=base, by=stranger)

    def test_one_whose_words_are_destroyed_is_none(
        self, request_run, dataset, preferred, tuned, curator
    ):
        waiting = request_run(method="dpo", version=preferred, parent=tuned)
        Run.objects.filter(pk=tuned.pk).update(version=destroyed(dataset, curator))

        with pytest.raises(Exception, match="Freeze a new version"):
            request_run(method="dpo", version=preferred, parent=tuned)
        assert "destroyed" in execute(waiting).problem

    def test_nor_one_that_goes_on_from_such(self, request_run, dataset, tuned, curator):
        middle = execute(request_run(parent=tuned))
        waiting = request_run(parent=middle)
        Run.objects.filter(pk=tuned.pk).update(version=destroyed(dataset, curator))

        with pytest.raises(Exception, match="Freeze a new version"):
            request_run(parent=middle)
        assert "destroyed" in execute(waiting).problem
        with pytest.raises(Exception, match="Freeze a new version"):
            runs.retry(run_id=waiting.pk, by=curator)

    def test_of_a_dataset_that_one_only_takes_part_in_none_is(
        self, client, dataset, base, tuned
    ):
        person = ContributorFactory(member=dataset)
        with pytest.raises(NotAllowed, match="Only a curator of its dataset"):
            runs.require_parent(tuned.pk, base=base, by=person)

        own = DatasetFactory()
        MembershipFactory(contributor=person, dataset=own, role="curator")
        client.force_login(person)
        assert f"Run {tuned.pk}" not in client.get(reverse("trainer:launch")).text

    def test_started_again_it_needs_the_same_right_to_its_parent(
        self, request_run, preferred, tuned, curator
    ):
        """Who may steer the run, but not what it goes on from, does not get at that."""
        run = request_run(method="dpo", version=preferred, parent=tuned)
        runs.cancel(run_id=run.pk, by=curator)
        elsewhere = DatasetFactory()
        ConversationFactory(dataset=elsewhere)
        keeper = ContributorFactory(member=elsewhere, member__roles=["curator"])
        prompt = MessageFactory(conversation__dataset=elsewhere, accepted=True)
        ReplyFactory(parent=prompt, accepted=True)
        theirs = versions.freeze(dataset_id=elsewhere.pk, by=keeper)
        Run.objects.filter(pk=tuned.pk).update(version=theirs)

        with pytest.raises(TrainerError, match=f"There is no run {tuned.pk}"):
            runs.retry(run_id=run.pk, by=curator)
        MembershipFactory(contributor=curator, dataset=elsewhere, role="writer")
        with pytest.raises(NotAllowed, match="Only a curator of its dataset can go on"):
            runs.retry(run_id=run.pk, by=curator)

        Membership.objects.filter(contributor=curator, dataset=elsewhere).update(
            role="curator"
        )
        assert runs.retry(run_id=run.pk, by=curator).state == "queued"


class TestWhatItLearnedByWayOfOthers:
    @pytest.fixture
    def other(self, dataset, frozen, curator):
        """A version of jokes alone; one of them is by somebody who is in `frozen`, too."""
        category = CategoryFactory(dataset=dataset, slug="jokes")
        both = Message.objects.filter(role="assistant", conversation__split="train").first()
        for split in ("train", "train", "held_out"):
            conversation = ConversationFactory(
                dataset=dataset, category=category, split=split
            )
            prompt = MessageFactory(conversation=conversation, accepted=True)
            ReplyFactory(parent=prompt, accepted=True, author=both.author)
        recipe = {"categories": ["jokes"]}
        return versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)

    def test_it_is_told_of_under_each_version_and_to_each_person_once(
        self, request_run, other, frozen, tuned
    ):
        Notification.objects.all().delete()
        run = execute(request_run(version=other, parent=tuned))

        told = ModelReport.objects.filter(name=run.signature)
        assert set(told.values_list("version", "source", "examples")) == {
            (other.pk, f"run-{run.pk}", 2),
            (frozen.pk, f"run-{run.pk}/{frozen.pk}", 6),
        }
        assert told.get(version=frozen).held_out_loss is None
        news = Notification.objects.filter(kind="model", data__model=run.signature)
        people = list(news.values_list("person", flat=True))
        writers = Message.objects.filter(
            conversation__split="train", state="accepted", author__isnull=False
        )
        assert sorted(people) == sorted(set(writers.values_list("author", flat=True)))
        results.tell_finished()
        assert told.count() == 2

    def test_a_text_taken_back_of_its_parents_version_counts_and_names_it(
        self, request_run, other, frozen, tuned, curator, client, dataset
    ):
        run = execute(request_run(version=other, parent=tuned))
        promotions.promote(run_id=run.pk, by=curator, reason="x")
        text = Message.objects.filter(
            conversation__category__slug="thanks", author__isnull=False
        ).last()
        withdrawals.take_back(message_id=text.pk, by=text.author)

        assert evidence.gathered(run, None, PromotionPolicy())["recalled"] == 1
        client.force_login(curator)
        standing = client.get(reverse("trainer:standing", args=[dataset.slug])).text
        assert "was taken back. Promote a model that learned without it." in standing
        news = Notification.objects.get(person=curator, kind="withdrawn")
        assert run.signature in news.data["models"]


def destroyed(dataset, curator):
    """A version of one text, whose words are gone."""
    conversation = ConversationFactory(dataset=dataset, split="train")
    prompt = MessageFactory(conversation=conversation, accepted=True)
    reply = ReplyFactory(parent=prompt, accepted=True)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)
    erasure.erase(person_id=reply.author_id, by=ContributorFactory(is_staff=True))
    return version
