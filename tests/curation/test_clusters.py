from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from curation import tasks
from curation.actions import clusters
from curation.actions.lookalikes import note_sketches
from curation.errors import CurationError, NotAllowed
from curation.models import Cluster, ClusterMember, Event
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

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
