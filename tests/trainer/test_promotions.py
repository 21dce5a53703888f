"""One champion: promoted on evidence, overridden with a reason, rolled back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation.errors import NotAllowed
from curation.models import Message, Notification
from tests.factories import ContributorFactory, ReplyFactory
from tests.races import together
from tests.trainer.promoting import UIDS, champion, vote
from trainer import duels, evidence, gains
from trainer.actions import promotions
from trainer.errors import TrainerError
from trainer.models import (
    BaseModel,
    Champion,
    Evaluation,
    Promotion,
    PromotionPolicy,
    Run,
    Score,
)

pytestmark = pytest.mark.django_db


# ---- by what is met ----------------------------------------------------------------------


def test_what_meets_all_is_promoted_and_the_evidence_is_kept(finish, policy, curator):
    policy()
    run = finish(loss=1.0)

    decision = promotions.promote(run_id=run.pk, by=curator)

    assert champion() == run.pk
    assert (decision.unmet, decision.replaced) == ([], None)
    held_out = decision.evidence["held_out"]
    assert held_out["high"] < 0 and held_out["examples"] == 30
    assert decision.evidence["against"] == {"run": None, "name": "test-base"}
    assert [row["category"] for row in decision.evidence["categories"]] == [
        "maths", "poems",
    ]  # fmt: skip


def test_forgetting_is_evidence_with_its_interval(finish, policy, curator):
    policy()
    decision = promotions.promote(run_id=finish(risen=0.2).pk, by=curator)
    found = decision.evidence["forgotten"]
    assert found["value"] == pytest.approx(0.2)
    assert 0.19 < found["low"] < 0.2 < found["high"] < 0.21
    assert (found["before"], found["after"]) == (0.5, 0.7)


def test_who_forgets_too_much_is_not_promoted(finish, policy, curator, client):
    policy(most_forgotten=0.2)
    run = finish(risen=0.198)  # the end of its interval lies above
    with pytest.raises(promotions.Unmet, match=r"must not be above 0\.2"):
        promotions.promote(run_id=run.pk, by=curator)
    client.force_login(curator)
    page = client.get(reverse("trainer:promotion", args=[run.pk])).text
    assert "+0.198 nats a token" in page and "from 0.500 to 0.698" in page

    policy(most_forgotten=0.25)
    assert promotions.promote(run_id=run.pk, by=curator).unmet == []


def test_where_forgetting_was_not_measured_it_is_not_taken_for_none(
    finish, policy, curator
):
    policy(most_forgotten=5)
    with pytest.raises(promotions.Unmet, match="was not measured"):
        promotions.promote(run_id=finish().pk, by=curator)
    Run.objects.update(method="reward")  # a judge is not asked for it
    found = evidence.gathered(Run.objects.get(), None, evidence.policy_of(
        Run.objects.get().dataset_id))  # fmt: skip
    assert found["gives_marks"]
    names = [one.name for one in evidence.conditions(
        found, PromotionPolicy(most_forgotten=5))]  # fmt: skip
    assert "forgetting" not in names


def test_an_older_evaluation_knows_no_interval_of_forgetting(finish, policy, curator):
    policy(most_forgotten=0.25)
    run = finish(risen=0.2)
    old = {"retention": {"before": {"loss": 0.5}, "after": {"loss": 0.7}}}
    Evaluation.objects.filter(run=run).update(report=old)
    run = Run.objects.get(pk=run.pk)
    found = evidence.forgotten(run)
    assert (found["value"], found["low"]) == (pytest.approx(0.2), None)
    assert promotions.promote(run_id=run.pk, by=curator).unmet == []


def test_a_challenger_is_measured_against_the_champion(finish, policy, curator):
    policy()
    promotions.promote(run_id=finish(loss=1.0).pk, by=curator)

    with pytest.raises(promotions.Unmet, match="Held-out loss"):
        promotions.promote(run_id=finish(loss=1.1).pk, by=curator)
    better = finish(loss=0.8)
    decision = promotions.promote(run_id=better.pk, by=curator)

    assert champion() == better.pk
    assert decision.replaced_id == decision.before.run_id


def test_who_reads_less_of_an_answer_does_not_win_by_it(finish, policy, curator):
    policy()
    first = finish(loss=1.0)
    promotions.promote(run_id=first.pk, by=curator)
    short = finish(loss=1.0)
    Score.objects.filter(run=short, message_uid__in=UIDS[:25]).update(tokens=5)

    found = evidence.gathered(short, first, PromotionPolicy())
    assert (found["held_out"]["examples"], found["left_out"]) == (5, 25)
    with pytest.raises(promotions.Unmet, match="Held-out loss"):
        promotions.promote(run_id=short.pk, by=curator)


def test_of_models_with_other_tokens_no_answer_counts_that_may_have_been_cut(finish):
    first, other = finish(loss=1.0), finish(loss=0.9)
    other.base = BaseModel(pk=0, slug="other")
    other.config["max_length"] = 13  # of which a cut answer has ten

    assert evidence.gathered(other, first, PromotionPolicy())["left_out"] == 30
    other.config["max_length"] = 64
    assert evidence.gathered(other, first, PromotionPolicy())["left_out"] == 0


def test_the_replies_of_one_conversation_count_as_one(finish, dataset):
    run = finish(loss=1.0)
    prompt = Message.objects.filter(parent=None, conversation__dataset=dataset).first()
    for uid in UIDS[:27]:
        ReplyFactory(parent=prompt, uid=uid)

    held_out = evidence.gathered(run, None, PromotionPolicy())["held_out"]
    assert (held_out["examples"], held_out["low"]) == (30, None)  # in four


def test_a_page_draws_nothing_again(finish, monkeypatch, dataset):
    run = finish(loss=1.0)
    vote(run.signature, "test-base", 3, dataset)
    first = evidence.gathered(run, None, PromotionPolicy())

    for module, name in ((gains, "change"), (duels, "duel")):
        monkeypatch.setattr(module, name, lambda *given, **also: pytest.fail("drawn anew"))
    assert evidence.gathered(run, None, PromotionPolicy()) == first


def test_each_unmet_condition_is_said(finish, policy, curator):
    policy(asks_people=True, least_gain=60)
    run = finish(loss=1.0, worse_in="poems")

    with pytest.raises(promotions.Unmet) as refusal:
        promotions.promote(run_id=run.pk, by=curator)

    assert [one.name for one in refusal.value.conditions] == [
        "gain",
        "categories",
        "people",
    ]
    for words in ("below -60%", "poems", "Nobody has compared"):
        assert words in str(refusal.value)
    assert not Champion.objects.exists()


def test_a_curator_overrides_with_a_reason_that_is_kept(finish, curator):
    run = finish(loss=3.0)

    decision = promotions.promote(run_id=run.pk, by=curator, reason="It speaks German.")

    assert champion() == run.pk
    assert decision.reason == "It speaks German."
    assert decision.unmet == ["gain", "categories", "people"]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_no_reason_is_no_override(finish, curator, reason):
    with pytest.raises(promotions.Unmet):
        promotions.promote(run_id=finish(loss=3.0).pk, by=curator, reason=reason)


def test_people_decide_where_the_policy_asks_them(finish, policy, curator, dataset):
    policy(asks_people=True, least_ballots=12)
    run = finish(loss=1.0)
    vote(run.signature, "test-base", 10, dataset)

    with pytest.raises(promotions.Unmet, match="12 ballots"):
        promotions.promote(run_id=run.pk, by=curator)
    vote(run.signature, "test-base", 4, dataset)
    decision = promotions.promote(run_id=run.pk, by=curator)

    people = decision.evidence["people"]
    assert (people["ballots"], people["people"]) == (14, 14)
    assert people["raw"][0] == 1.0 and people["corrected"][1] > 0.5


def test_only_curators_promote_and_only_finished_runs(
    finish, dataset, curator, request_run
):
    run = finish()
    with pytest.raises(NotAllowed):
        promotions.promote(run_id=run.pk, by=ContributorFactory(member=dataset), reason="x")
    with pytest.raises(TrainerError, match="no model yet"):
        promotions.promote(run_id=request_run().pk, by=curator, reason="x")
    promotions.promote(run_id=run.pk, by=curator, reason="x")
    with pytest.raises(TrainerError, match="champion already"):
        promotions.promote(run_id=run.pk, by=curator, reason="x")


# ---- by itself ---------------------------------------------------------------------------


def test_a_policy_promotes_by_itself_what_meets_all(finish, policy):
    run = finish(loss=1.0)
    policy(is_automatic=False)
    assert promotions.consider_all() == 0

    policy(is_automatic=True)
    assert promotions.consider_all() == 1
    assert promotions.consider_all() == 0  # it is the champion already

    decision = Promotion.objects.get()
    assert (decision.run_id, decision.by, decision.unmet) == (run.pk, None, [])


def test_by_itself_it_overrides_nothing(finish, policy):
    policy(is_automatic=True)
    finish(loss=3.0)

    assert promotions.consider_all() == 0
    assert not Promotion.objects.exists()


def test_what_a_curator_rolled_back_is_not_promoted_by_itself(
    finish, policy, curator, dataset
):
    promotions.promote(run_id=finish(loss=1.5).pk, by=curator, reason="x")
    better = finish(loss=1.0)
    policy(is_automatic=True)
    assert promotions.consider_all() == 1
    promotions.roll_back(dataset_id=dataset.pk, method="sft", run_id=better.pk, by=curator)

    assert promotions.consider_all() == 0
    assert champion() != better.pk
    promotions.promote(run_id=better.pk, by=curator)  # by hand it stands again
    assert champion() == better.pk


def test_by_itself_it_looks_at_the_first_ballots_and_at_twice_as_many(
    finish, policy, dataset
):
    run = finish(loss=1.0)
    policy(asks_people=True, least_ballots=10, is_automatic=True)
    vote("test-base", run.signature, 6, dataset)
    vote(run.signature, "test-base", 13, dataset)
    rules = PromotionPolicy.objects.get()

    seen = evidence.gathered(run, None, rules, is_watched=True)["people"]
    assert (seen["ballots"], round(seen["raw"][0], 2)) == (10, 0.4)
    assert promotions.consider_all() == 0
    vote(run.signature, "test-base", 1, dataset)
    seen = evidence.gathered(run, None, rules, is_watched=True)["people"]
    assert seen["ballots"] == 20
    assert seen["confidence"] == pytest.approx(0.9875)


# ---- back --------------------------------------------------------------------------------


def test_rolled_back_the_one_before_stands_again_and_that_is_a_decision(
    finish, dataset, curator
):
    made = [finish(), finish(), finish()]
    for run in made:
        promotions.promote(run_id=run.pk, by=curator, reason="Because.")

    def back(run):
        return promotions.roll_back(
            dataset_id=dataset.pk, method="sft", run_id=run.pk, by=curator
        )

    with pytest.raises(TrainerError, match="another champion"):
        back(made[0])
    decision = back(made[2])
    assert (champion(), decision.what) == (made[1].pk, "rolled_back")
    assert decision.replaced_id == made[2].pk
    back(made[1])
    assert champion() == made[0].pk
    with pytest.raises(TrainerError, match="no champion before"):
        back(made[0])
    assert Promotion.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_promoted_twice_at_once_one_is_champion_and_both_decisions_follow_each_other(
    finish, curator
):
    made = [finish(), finish(), finish()]

    together(
        *[
            lambda run=run: promotions.promote(run_id=run.pk, by=curator, reason="Mine.")
            for run in made
        ]
    )

    decisions = list(Promotion.objects.order_by("pk"))
    assert len(decisions) == 3
    assert [one.before_id for one in decisions] == [None, decisions[0].pk, decisions[1].pk]
    assert champion() == decisions[2].run_id


@pytest.mark.django_db(transaction=True)
def test_one_run_promoted_from_two_tabs_is_promoted_once(finish, curator):
    run = finish()

    together(*[lambda: promotions.promote(run_id=run.pk, by=curator, reason="x")] * 2)

    assert Promotion.objects.count() == Champion.objects.count() == 1


# ---- who is told -------------------------------------------------------------------------


def test_those_whose_words_it_learned_are_told_once(finish, dataset, curator, client):
    for _ in range(2):
        run = finish()
        promotions.promote(run_id=run.pk, by=curator, reason="x")
    promotions.roll_back(dataset_id=dataset.pk, method="sft", run_id=run.pk, by=curator)

    news = Notification.objects.filter(kind="promoted")
    writer = news.first().person
    assert news.filter(person=writer).count() == 2  # two models, each once
    client.force_login(writer)
    shown = client.get(reverse("curation:notifications")).text
    assert f"stands on {run.signature} now: 1 of your texts is in it." in shown


def test_they_read_how_often_it_wins(finish, policy, curator, dataset, client):
    policy(asks_people=True, least_ballots=1)
    first = finish(loss=1.5)
    promotions.promote(run_id=first.pk, by=curator, reason="x")
    run = finish(loss=1.0)
    vote(run.signature, first.signature, 12, dataset)
    promotions.promote(run_id=run.pk, by=curator)

    notice = Notification.objects.filter(kind="promoted").last()
    client.force_login(notice.person)
    shown = client.get(reverse("curation:notifications")).text
    assert f"It beats {first.signature} in {notice.data['percent']}%" in shown
    assert notice.data["percent"] > 80
