from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from curation import tasks
from curation.actions import clusters, searches, versions
from curation.actions.lookalikes import note_sketches
from curation.errors import CurationError, NotAllowed
from curation.models import (
    Cluster,
    ClusterMember,
    Conversation,
    DuplicateSearch,
    Event,
)
from tests.curation.lines import node, take, tree
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db

ASKED = "What is the best way to learn the piano as an adult with little time?"
ALIKE = "What is the best way to learn the piano as an adult with so little time?"
APPLES = "Tom has {} red apples and buys five more at the shop, how many has he?"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def prompt(dataset, text, **fields):
    message = MessageFactory(conversation__dataset=dataset, text=text, **fields)
    note_sketches([message])
    return message


def waiting():
    rows = ClusterMember.objects.filter(state="open")
    return {frozenset(pair) for pair in rows.values_list("cluster__head", "message")}


def test_what_is_alike_waits_for_a_curator(dataset):
    one, other = prompt(dataset, ASKED), prompt(dataset, ALIKE)
    short, same = prompt(dataset, "What is a cat?"), prompt(dataset, "What is a CAT?")
    prompt(dataset, "What is a cow?")
    prompt(DatasetFactory(), ASKED)

    assert clusters.find(dataset=dataset) == 2

    assert waiting() == {frozenset((one.pk, other.pk)), frozenset((short.pk, same.pk))}
    assert Cluster.objects.undecided().count() == 2


def test_siblings_revisions_and_what_nobody_sees_do_not(dataset):
    there = prompt(dataset, APPLES.format(3))
    prompt(dataset, APPLES.format(4))
    prompt(dataset, APPLES.format(3), accepted=True, state="rejected")
    prompt(
        dataset, APPLES.format(3) + " Say.", conversation=there.conversation, revises=there
    )

    assert clusters.find(dataset=dataset) == 0
    assert not Cluster.objects.exists()


def test_looking_again_keeps_what_was_decided_and_forgets_what_is_gone(dataset, curator):
    one, other, gone = (
        prompt(dataset, text) for text in (ASKED, ALIKE, ASKED + " Please.")
    )
    clusters.find(dataset=dataset)
    first = ClusterMember.objects.get(message=other)
    clusters.dismiss(member_ids=[first.pk], by=curator)
    type(gone).objects.filter(pk=gone.pk).update(
        state="withdrawn", decided_at=gone.created_at
    )

    assert clusters.find(dataset=dataset) == 0

    assert ClusterMember.objects.get() == first
    assert Cluster.objects.get().head == one


def test_a_decision_holds_whichever_of_the_two_leads(dataset, curator):
    one, other = prompt(dataset, ASKED), prompt(dataset, ALIKE)
    cluster = Cluster.objects.create(dataset=dataset, head=other)
    member = cluster.members.create(message=one, likeness=0.9)
    clusters.merge(member_ids=[member.pk], by=curator)

    assert clusters.find(dataset=dataset) == 0
    assert ClusterMember.objects.get() == member


def test_a_decision_is_recorded_with_who_made_it(dataset, curator):
    prompt(dataset, ASKED), prompt(dataset, ALIKE)
    clusters.find(dataset=dataset)
    member = ClusterMember.objects.get()

    clusters.merge(member_ids=[member.pk], by=curator)
    clusters.merge(member_ids=[member.pk], by=curator)
    clusters.dismiss(member_ids=[member.pk], by=curator)

    member.refresh_from_db()
    assert (member.state, member.decided_by) == ("dismissed", curator)
    events = Event.objects.filter(kind__startswith="duplicate.").order_by("pk")
    assert [event.kind for event in events] == ["duplicate.merged", "duplicate.dismissed"]
    assert not Cluster.objects.undecided().exists()


def test_what_is_merged_stands_on_one_side_and_evaluation_wins(dataset, curator):
    one, other, third = (
        prompt(dataset, text, accepted=True) for text in (ASKED, ALIKE, ASKED + " Please.")
    )
    for asked in (one, other, third):
        ReplyFactory(parent=asked, accepted=True)
    Conversation.objects.filter(pk=other.conversation_id).update(split="held_out")
    clusters.find(dataset=dataset)
    assert Cluster.objects.get().head == one
    before = versions.freeze(dataset_id=dataset.pk, by=curator)

    clusters.merge(member_ids=[ClusterMember.objects.get(message=other).pk], by=curator)

    there = Conversation.objects.in_bulk()
    pair = [there[message.conversation_id] for message in (one, other)]
    assert [conversation.split for conversation in pair] == ["held_out", "held_out"]
    assert pair[0].group == pair[1].group
    assert there[third.conversation_id].split == "train"
    after = versions.freeze(dataset_id=dataset.pk, by=curator)
    assert (before.held_out_count, after.held_out_count) == (1, 2)
    assert [versions.verify(v) for v in (before, after)] == [[], []]


def test_a_dismissal_joins_nothing_and_takes_nothing_apart(dataset, curator):
    prompt(dataset, ASKED), prompt(dataset, ALIKE)
    clusters.find(dataset=dataset)
    member = ClusterMember.objects.get()
    clusters.dismiss(member_ids=[member.pk], by=curator)
    assert not Event.objects.filter(kind="conversation.joined").exists()

    clusters.merge(member_ids=[member.pk], by=curator)
    clusters.dismiss(member_ids=[member.pk], by=curator)

    assert len(set(Conversation.objects.values_list("group", flat=True))) == 1


@pytest.mark.django_db(transaction=True)
def test_curators_who_merge_clusters_of_the_same_conversations_at_once_take_turns():
    dataset = DatasetFactory()
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    texts = [ASKED, ALIKE, APPLES.format(3), APPLES.format(3) + " Say."]
    prompts = [prompt(dataset, text) for text in texts]
    clusters.find(dataset=dataset)
    Conversation.objects.filter(pk__in=[p.conversation_id for p in prompts[::2]]).update(
        prompt_key="k" * 32
    )
    one, other = ClusterMember.objects.order_by("pk")

    outcomes = together(
        lambda: clusters.merge(member_ids=[one.pk, other.pk], by=boss),
        lambda: clusters.merge(member_ids=[other.pk], by=boss),
    )

    assert outcomes == [None, None]
    assert len(set(Conversation.objects.values_list("group", flat=True))) == 1
    connection.close()


def test_only_curators_decide_and_all_or_nothing(dataset, curator):
    prompt(dataset, ASKED), prompt(dataset, ALIKE)
    clusters.find(dataset=dataset)
    member = ClusterMember.objects.get()

    with pytest.raises(NotAllowed):
        clusters.merge(member_ids=[member.pk], by=ContributorFactory(member=dataset))
    with pytest.raises(CurationError, match="no longer there"):
        clusters.merge(member_ids=[member.pk, member.pk + 1], by=curator)

    member.refresh_from_db()
    assert member.state == "open"


def test_a_decision_without_somebody_who_made_it_is_refused(dataset):
    prompt(dataset, ASKED), prompt(dataset, ALIKE)
    clusters.find(dataset=dataset)

    with pytest.raises(IntegrityError), transaction.atomic():
        ClusterMember.objects.update(state="merged")


def test_the_task_looks_once_the_dataset_is_there(dataset):
    prompt(dataset, ASKED), prompt(dataset, ALIKE)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    searches.want(dataset=dataset, by=boss)

    tasks.find_duplicates(dataset.pk)
    tasks.find_duplicates(0)

    assert ClusterMember.objects.count() == 1


def test_looking_takes_as_many_queries_for_twenty_clusters_as_for_two(
    dataset, django_assert_max_num_queries
):
    for number in range(20):
        text = f"{chr(97 + number) * 3} ".join(ASKED.split(" "))
        prompt(dataset, text), prompt(dataset, text + " Thanks!")

    with django_assert_max_num_queries(15):
        assert clusters.find(dataset=dataset) == 20


def test_what_is_imported_is_compared_with_all_that_is_there(monkeypatch, dataset):
    monkeypatch.setattr(tasks.find_duplicates, "delay", tasks.find_duplicates)
    there = prompt(dataset, ASKED)

    take(dataset, tree(node(ALIKE)), tree(node("Why is grass green?")))
    assert waiting() == set()
    tasks.find_waiting_duplicates()

    [pair] = waiting()
    assert there.pk in pair
    search = DuplicateSearch.objects.get()
    assert (search.found, search.finished_at is None) == (1, False)
    take(dataset, tree(node(ALIKE)))  # all of it is there
    assert searches.waiting() == []


def test_what_comes_in_while_a_search_runs_is_looked_for_after_it(monkeypatch, dataset):
    prompt(dataset, ASKED)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    searches.want(dataset=dataset, by=boss)
    find = clusters.find

    def slowly(*, dataset):
        found = find(dataset=dataset)
        prompt(dataset, ALIKE)
        searches.want(dataset=dataset, by=boss)
        return found

    monkeypatch.setattr(clusters, "find", slowly)
    searches.run(dataset=dataset)
    monkeypatch.setattr(clusters, "find", find)
    assert searches.waiting() == [dataset.pk]

    searches.run(dataset=dataset)

    assert (searches.waiting(), len(waiting())) == ([], 1)


def test_a_search_that_another_worker_has_begun_is_left_to_it(dataset):
    prompt(dataset, ASKED), prompt(dataset, ALIKE)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    searches.want(dataset=dataset, by=boss)
    DuplicateSearch.objects.update(started_at=dataset.created_at)

    searches.run(dataset=dataset)

    assert not ClusterMember.objects.exists()


def test_however_many_messages_ask_for_it_one_search_is_made(dataset, monkeypatch):
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    searches.want(dataset=dataset, by=boss)
    made = []
    monkeypatch.setattr(
        clusters, "find", lambda *, dataset: len(made.append(dataset) or "")
    )

    for _ in range(3):
        tasks.find_duplicates(dataset.pk)

    assert made == [dataset]


def test_a_search_whose_worker_is_lost_is_made_by_another(dataset, monkeypatch):
    monkeypatch.setattr(tasks.find_duplicates, "delay", tasks.find_duplicates)
    prompt(dataset, ASKED), prompt(dataset, ALIKE)
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    searches.want(dataset=dataset, by=boss)
    DuplicateSearch.objects.update(started_at=now() - timedelta(minutes=59))
    assert searches.waiting() == []
    DuplicateSearch.objects.update(started_at=now() - timedelta(minutes=61))

    tasks.find_waiting_duplicates()

    assert len(waiting()) == 1
    assert DuplicateSearch.objects.get().finished_at is not None
