"""The claim's own SQL gives what AssignmentQuerySet.open_to() says, in the same order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from annotate import claiming, queue
from annotate.models import Assignment, Skip
from curation.models import Profile
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
)

pytestmark = pytest.mark.django_db
KINDS = ("review", "answer", "rank", "write_prompt")
LANGUAGES = ("", "en", "de", "fr")


@pytest.fixture
def people():
    return ContributorFactory.create_batch(3)


@pytest.fixture
def datasets():
    return DatasetFactory.create_batch(2)


@pytest.fixture
def categories(datasets):
    return [CategoryFactory(dataset=dataset) for dataset in datasets for _ in range(2)]


@pytest.fixture
def slots(people, datasets, categories):
    return lambda chance: [
        random_slot(chance, number, people, datasets, categories) for number in range(60)
    ]


def random_slot(chance, number, people, datasets, categories):
    """Any slot that the constraints allow; now and then its item was passed over."""
    dataset = chance.choice(datasets)
    kind = chance.choice(KINDS)
    message = None
    if kind != "write_prompt":
        there = Assignment.objects.filter(dataset=dataset, message__isnull=False)
        known = [slot.message for slot in there.select_related("message")]
        is_new = not known or chance.random() < 0.6
        message = (
            MessageFactory(conversation__dataset=dataset)
            if is_new
            else chance.choice(known)
        )
    reserved_for = chance.choice([None, None, None, *people])
    barred = chance.sample([one.pk for one in people], chance.choice([0, 0, 0, 1, 2]))
    slot = Assignment.objects.create(
        kind=kind,
        dataset=dataset,
        category=chance.choice([None, *(c for c in categories if c.dataset == dataset)]),
        message=message,
        ranking_round=chance.choice([1, 1, 2]),
        number=number,
        priority=chance.choice([10, 20, 20, 500]),
        language=chance.choice(LANGUAGES),
        barred=barred,
        reserved_for=reserved_for,
        is_gold=reserved_for is not None and chance.random() < 0.3,
        state=chance.choice(["open", "open", "open", "dropped"]),
    )
    if chance.random() < 0.25:
        _take(slot, chance.choice(people), chance)
    if message is not None and chance.random() < 0.15:
        person = chance.choice(people)
        Skip.objects.get_or_create(person=person, kind=kind, message=message)
    return slot


def _take(slot, person, chance):
    before = Assignment.objects.filter(
        person=person,
        kind=slot.kind,
        message=slot.message,
        ranking_round=slot.ranking_round,
    )
    if person.pk in slot.barred or (slot.message and before.exists()):
        return
    slot.person = person
    if chance.random() < 0.5:
        slot.state, slot.lease_until = "leased", now() + timedelta(minutes=5)
    else:
        slot.state, slot.done_at = "done", now()
    slot.save()


def wished(person, slots, *, languages, category, passing_over):
    """The same rules as the rest of the product states them."""
    slots = queue.in_languages_of(Profile(contributor=person, languages=languages), slots)
    if category:
        slots = slots.filter(category__slug=category)
    if passing_over is not None and passing_over.message_id is None:
        slots = slots.exclude(category=passing_over.category_id)
    return queue.best_first(slots)


def stretches_and_what_they_are(person, pairs, chosen):
    """Each place to look, with the queryset of the rows that belong there."""
    among, free = claiming.among(pairs), {"reserved_for": None}
    covered = queue.covering(pairs)
    everything = Assignment.objects.all()
    yield (
        claiming.Stretch(claiming.PROMISED, among),
        everything.filter(covered, reserved_for=person, is_gold=False),
    )
    yield (
        claiming.Stretch(claiming.CHOSEN, {**among, "chosen": chosen}),
        everything.filter(covered, category__in=chosen, **free),
    )
    for kind, dataset in pairs:
        yield (
            claiming.Stretch(claiming.OF_PAIR, {"kind": kind, "dataset": dataset}),
            everything.filter(kind=kind, dataset=dataset, **free),
        )


@pytest.mark.parametrize("seed", range(12))
def test_every_queue_gives_exactly_what_is_open_to_a_person_best_first(
    seed, people, datasets, categories, slots
):
    chance = random.Random(seed)
    there = slots(chance)
    person = people[0]
    asked = {
        "languages": chance.choice([[], ["en"], ["de", "fr"]]),
        "category": chance.choice(["", "", chance.choice(categories).slug]),
        "passing_over": chance.choice([None, *chance.sample(there, 2)]),
    }
    every_pair = [(kind, dataset.pk) for dataset in datasets for kind in KINDS]
    pairs = sorted(chance.sample(every_pair, 6))
    chosen = [one.pk for one in chance.sample(categories, 2)]

    given = 0
    for stretch, belonging in stretches_and_what_they_are(person, pairs, chosen):
        while True:
            expected = wished(person, belonging.open_to(person), **asked).first()
            claimed = claiming.lease_best(stretch, person, **asked)
            assert (claimed and claimed.slot) == expected
            if claimed is None:
                break
            given += 1
            assert claimed.slot.person_id == person.pk
            assert claimed.slot.state == "leased"

    if not asked["category"]:
        assert given > 0


def test_the_slot_comes_back_as_it_stands_in_the_database(people):
    dataset = DatasetFactory(policy__lease_minutes=7, policy__gold_every=4)
    message = MessageFactory(conversation__dataset=dataset)
    Assignment.objects.create(
        kind="answer", dataset=dataset, message=message, number=3, barred=[people[1].pk]
    )
    asked = {"kind": "answer", "dataset": dataset.pk}

    claimed = claiming.lease_best(claiming.Stretch(claiming.OF_PAIR, asked), people[0])

    stored = Assignment.objects.get()
    assert claimed.gold_every == 4
    for field in Assignment._meta.concrete_fields:
        assert getattr(claimed.slot, field.attname) == getattr(stored, field.attname)
    left = stored.lease_until - now()
    assert timedelta(minutes=6) < left <= timedelta(minutes=7)


def test_wishes_are_what_the_profile_says_and_whether_something_was_promised(people):
    dataset = DatasetFactory()
    by_topic = CategoryFactory(dataset=dataset, topics=["law", "tax"])
    picked = CategoryFactory(dataset=dataset)
    CategoryFactory(dataset=dataset, topics=["cooking"])
    person, other, nobody = people
    profile = Profile.objects.create(contributor=person, languages=["de"], topics=["tax"])
    profile.categories.add(picked)
    Assignment.objects.create(
        kind="write_prompt", dataset=dataset, number=1, reserved_for=other
    )

    wishes = claiming.wishes_of(person)

    assert wishes.languages == ["de"]
    assert sorted(wishes.chosen) == sorted([by_topic.pk, picked.pk])
    assert [claiming.wishes_of(one).has_promised for one in people] == [False, True, False]
    assert claiming.wishes_of(nobody) == ([], False, [])


def test_a_claim_reads_its_index_and_no_table_from_end_to_end(
    people, django_assert_num_queries
):
    dataset = DatasetFactory()
    Assignment.objects.bulk_create(
        Assignment(kind=kind, dataset=dataset, number=n, priority=priority)
        for n in range(1_500)
        for kind, priority in (("answer", 10), ("review", 20))
    )
    stretch = claiming.Stretch(claiming.OF_PAIR, {"kind": "review", "dataset": dataset.pk})

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotate_assignment")
    with django_assert_num_queries(1) as asked, transaction.atomic(savepoint=False):
        claiming.lease_best(stretch, people[0])

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "assignment_queue_of_kind" in plan
    assert "Seq Scan on annotate_assignment" not in plan


@pytest.mark.parametrize("seed", range(3))
def test_what_waits_is_counted_as_what_is_open_to_a_person(slots, people, datasets, seed):
    slots(random.Random(seed))
    pairs = [(kind, dataset.pk) for dataset in datasets for kind in KINDS]
    for person in people:
        there = Assignment.objects.open_to(person).filter(is_gold=False)
        expected = {
            pair: count
            for pair in pairs
            if (count := there.filter(kind=pair[0], dataset=pair[1]).count())
        }
        found = claiming.waiting_for(person, pairs, [], at_most=1_000)
        assert {(kind, pk): count for kind, pk, count in found} == expected
        capped = claiming.waiting_for(person, pairs, [], at_most=2)
        assert {(kind, pk): count for kind, pk, count in capped} == {
            pair: min(2, count) for pair, count in expected.items()
        }
