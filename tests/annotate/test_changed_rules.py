"""A curator changes what a dataset asks for: what is there already is looked at again."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate import planner
from annotate.models import Plan
from curation.actions import conversations, datasets, judgements, messages
from curation.models import Conversation, Event
from tests.annotate.test_rank import ranked_soon
from tests.annotate.work import planned, slots
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


def change(dataset, **rules):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    datasets.set_policy(dataset=dataset, by=curator, **rules)
    planner.plan_changed()


def wanted(message):
    there = slots(state="open", conversation=message.conversation).order_by("kind")
    return [slot.kind for slot in there]


def of(message):
    return Conversation.objects.get(pk=message.conversation_id)


def test_with_fewer_answers_wanted_those_that_are_there_are_ranked():
    prompt = ranked_soon(
        2, dataset=DatasetFactory(policy__replies_wanted=3, policy__max_depth=2)
    )
    assert (of(prompt).state, wanted(prompt)) == ("growing", ["answer"])

    change(prompt.conversation.dataset, replies_wanted=2)

    assert (of(prompt).state, wanted(prompt)) == ("ranking", ["compare"])
    assert Event.objects.filter(kind="conversation.ranking").exists()


def test_with_more_answers_wanted_a_complete_conversation_grows_again():
    dataset = DatasetFactory(policy__replies_wanted=1, policy__max_depth=2)
    answer = planned(ReplyFactory(accepted=True, parent__conversation__dataset=dataset))
    assert of(answer).state == "complete"

    change(dataset, replies_wanted=2)

    assert of(answer).state == "growing"
    assert of(answer).completed_at is None
    assert wanted(answer) == ["answer"]


def test_where_reviewers_disagree_already_a_curator_is_asked_once_they_decide():
    dataset = DatasetFactory(policy__reviews_wanted=3, policy__approvals_needed=2)
    prompt = planned(MessageFactory(conversation__dataset=dataset))
    for verdict, reason in (("accept", ""), ("reject", "wrong")):
        messages.review(
            message_id=prompt.pk,
            by=ContributorFactory(member=dataset),
            verdict=verdict,
            reason=reason,
        )
    planner.plan_changed()
    assert not slots(kind="adjudicate").exists()

    change(dataset, adjudicates=True)

    assert slots(state="open", kind="adjudicate").get().message == prompt


def test_a_larger_budget_asks_more_people_where_ballots_disagree():
    prompt = ranked_soon(3)
    dataset = prompt.conversation.dataset
    datasets.set_policy(
        dataset=dataset,
        by=ContributorFactory(member=dataset, member__roles=["curator"]),
        rankings_wanted=2,
        rankings_at_most=2,
    )
    a, b, c = prompt.replies.order_by("pk").values_list("pk", flat=True)
    for order in ([a, b, c], [c, b, a]):
        judgements.rank(
            prompt_id=prompt.pk,
            by=ContributorFactory(member=dataset),
            outcome="ranked",
            shown=order,
            positions={pk: place for place, pk in enumerate(order, 1)},
        )
    planner.plan_changed()
    assert not slots(state="open", message=prompt).exists()

    change(dataset, rankings_at_most=3)

    assert slots(state="open", message=prompt).get().kind == "compare"


def test_what_decides_no_demand_plans_nothing_anew():
    prompt = planned(MessageFactory())
    before = of(prompt).changes

    change(prompt.conversation.dataset, weekly_goal=7, gold_every=5)

    assert of(prompt).changes == before


def test_what_is_held_stays_so():
    prompt = planned(MessageFactory())
    dataset = prompt.conversation.dataset
    messages.hold(message_id=prompt.pk, by=ContributorFactory(member=dataset), why="Hm.")

    change(dataset, replies_wanted=7)

    assert of(prompt).state == "held"


def test_it_takes_no_more_queries_for_more_conversations(monkeypatch):
    dataset = DatasetFactory()

    def counted(rule):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            datasets.set_policy(dataset=dataset, by=curator, replies_wanted=rule)
        return len(queries)

    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    planned(MessageFactory(conversation__dataset=dataset))
    few = counted(4)
    for _ in range(9):
        planned(MessageFactory(conversation__dataset=dataset))
    assert counted(5) == few

    monkeypatch.setattr(conversations, "AT_ONCE", 4)
    counted(6)

    assert Plan.objects.count() == 10
    assert set(Conversation.objects.values_list("changes", flat=True)) == {4, 5}
