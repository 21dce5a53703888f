"""What each field of a recipe takes and leaves out."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation.actions import judgements, messages, versions, withdrawals
from curation.errors import CurationError
from curation.formats.recipe import Recipe
from curation.models import (
    Cluster,
    ClusterMember,
    Conversation,
    Message,
    Settlement,
)
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def answers(dataset, count=2, **fields):
    """Accepted answers to one accepted prompt."""
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    return [ReplyFactory(parent=prompt, accepted=True, **fields) for _ in range(count)]


def ballot(dataset, *order, ratings=None):
    judgements.rank(
        prompt_id=order[0].parent_id,
        by=ContributorFactory(member=dataset),
        outcome="ranked",
        shown=[one.pk for one in order],
        positions={one.pk: place for place, one in enumerate(order, start=1)},
        ratings=ratings,
    )


@pytest.fixture
def take(dataset, curator):
    """The answers that freezing with a recipe takes, or "none"; the preview agrees."""

    def taken(**recipe):
        counted = sum(versions.preview(dataset=dataset, recipe=recipe).values())
        try:
            version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
        except CurationError:
            assert counted == 0
            return set()
        assert (versions.verify(version), counted) == ([], version.item_count)
        return set(version.items.values_list("reply", flat=True))

    return taken


def pks(*replies):
    return {one.pk for one in replies}


def test_states_and_statuses_of_conversations(dataset, take):
    a, b = answers(dataset)
    c, d = answers(dataset)
    ballot(dataset, a, b)
    ballot(dataset, a, b)
    Conversation.objects.filter(pk=a.conversation_id).update(
        state="complete", completed_at=now()
    )
    Conversation.objects.filter(pk=c.conversation_id).update(
        state="growing", completed_at=None
    )

    assert take(states=["complete"]) == pks(a, b)
    assert take(states=["growing"]) == pks(c, d)
    assert take(statuses=["consensus"]) == pks(a, b)
    assert take(statuses=["unranked"]) == pks(c, d)
    assert take(agreement_from=50) == pks(a, b)


def test_people_who_accepted_and_ratings(dataset, take):
    dataset.policy.reviews_wanted = dataset.policy.approvals_needed = 2
    dataset.policy.save()
    seen = ReplyFactory(parent__conversation__dataset=dataset)
    for _ in range(2):
        reviewer = ContributorFactory(member=dataset)
        messages.review(message_id=seen.pk, by=reviewer, verdict="accept")
    good, fair = answers(dataset)
    ballot(dataset, good, fair, ratings={good.pk: 7, fair.pk: 4})
    ballot(dataset, good, fair, ratings={good.pk: 6, fair.pk: 4})

    assert take() == pks(seen, good, fair)
    assert take(reviews_from=2) == pks(seen)
    assert take(reviews_from=3) == set()
    assert take(rating_from=65) == pks(good)
    assert take(rating_from=40) == pks(good, fair)


def test_duplicates_that_a_curator_merged_stay_out(dataset, curator, take):
    kept, merged, alike = (answers(dataset, 1)[0] for _ in range(3))
    cluster = Cluster.objects.create(dataset=dataset, head=kept.parent)
    for one, state in ((merged, "merged"), (alike, "dismissed")):
        ClusterMember.objects.create(
            cluster=cluster, message=one.parent, likeness=0.9, state=state,
            decided_by=curator, decided_at=now(),
        )  # fmt: skip

    assert take() == pks(kept, merged, alike)
    assert take(duplicates="out") == pks(kept, alike)


@pytest.mark.parametrize(
    "out",
    [
        lambda head, answer: Message.objects.filter(pk=head.pk).update(state="rejected"),
        lambda head, answer: withdrawals.take_back(message_id=head.pk, by=head.author),
        lambda head, answer: Message.objects.filter(pk=answer.pk).update(state="held"),
        lambda head, answer: Conversation.objects.filter(pk=head.conversation_id).update(
            language="fi"
        ),
    ],
)
def test_a_duplicate_of_what_is_not_in_the_version_stays(dataset, curator, take, out):
    [first], [second] = answers(dataset, 1), answers(dataset, 1)
    cluster = Cluster.objects.create(dataset=dataset, head=first.parent)
    ClusterMember.objects.create(
        cluster=cluster, message=second.parent, likeness=0.9, state="merged",
        decided_by=curator, decided_at=now(),
    )  # fmt: skip
    assert take(duplicates="out", languages=["en"]) == pks(first)

    out(first.parent, first)

    assert take(duplicates="out", languages=["en"]) == pks(second)


def test_contested_prompts_stay_in_go_out_or_have_no_winner(dataset, curator, take):
    a, b = answers(dataset)
    ballot(dataset, a, b)
    ballot(dataset, b, a)
    [c] = answers(dataset, 1)
    Settlement.objects.filter(prompt=a.parent).update(order=[[a.pk], [b.pk]])
    assert Settlement.objects.get(prompt=a.parent).status == "contested"

    def ranks(**recipe):
        version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
        return dict(version.items.values_list("reply", "rank"))

    assert ranks() == {a.pk: 0, b.pk: 1, c.pk: None}
    assert ranks(contested="soft") == {a.pk: None, b.pk: None, c.pk: None}
    assert ranks(contested="groups") == {a.pk: None, b.pk: None, c.pk: None}
    assert take(contested="out") == pks(c)


def test_one_author_fills_at_most_their_share(dataset, take):
    author = ContributorFactory(member=dataset)
    mine = [answers(dataset, 1, author=author)[0] for _ in range(5)]
    other = answers(dataset, 1)[0]
    machine = {"origin": "model", "author": None, "generator": "m"}
    theirs = [answers(dataset, 1, **machine)[0] for _ in range(4)]

    first = take(cap_per_author=2)

    assert other.pk in first
    assert len(first & pks(*mine)) == len(first & pks(*theirs)) == 2
    in_order = sorted(mine, key=lambda one: str(one.conversation.uid))
    assert first & pks(*mine) == pks(*in_order[:2])


def test_a_recipe_from_before_keeps_its_json_and_so_its_digest():
    old = {"categories": ["b", "a"], "languages": [], "best_replies": 1,
           "with_models": True}  # fmt: skip

    assert Recipe.parse(old).as_json() == {**old, "categories": ["a", "b"]}
    assert Recipe.parse({}).as_json().keys() == old.keys()
    usual = {
        "contested": "in",
        "pairs": "",
        "weights": {"qa": 100},
        "edits": False,
        "groups_by": "language",
    }
    assert Recipe.parse(usual) == Recipe.parse({})


def test_a_recipe_reads_its_own_json():
    full = {
        "categories": ["a"], "languages": ["de"], "best_replies": 2, "with_models": False,
        "states": ["complete"], "statuses": ["consensus", "unranked"], "reviews_from": 2,
        "agreement_from": 30, "rating_from": 45, "cap_per_author": 9, "duplicates": "out",
        "contested": "groups", "groups_by": "topic", "pairs": "all", "edits": True,
        "weights": {"a": 50},
    }  # fmt: skip

    assert Recipe.parse(full).as_json() == full
    assert (Recipe.parse(full).weight("a"), Recipe.parse(full).weight("b")) == (50, 100)


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [
        ({"states": ["held"]}, "“states” knows review"),
        ({"statuses": "consensus"}, "“statuses” is a list"),
        ({"categories": {"a": 1}}, "“categories” is a list"),
        ({"contested": "maybe"}, "“contested” is one of “in”"),
        ({"contested": ["in"]}, "“contested” is one of “in”"),
        ({"groups_by": "age"}, "“groups_by” is one of “language”"),
        ({"pairs": None}, "“pairs” is one of"),
        ({"agreement_from": 0.5}, "“agreement_from” goes from -100"),
        ({"reviews_from": 10**12}, "“reviews_from” counts people"),
        ({"weights": [1]}, "“weights” is an object"),
        ({"weights": {"a": 0}}, "A weight is a whole number from 1 to 1000"),
        ({"weights": {"a": True}}, "A weight is a whole number from 1 to 1000"),
        ({"edits": 1}, "“edits” is true or false"),
    ],
)
def test_what_makes_no_sense_is_refused(recipe, problem):
    with pytest.raises(CurationError, match=problem):
        Recipe.parse(recipe)


def test_a_weight_stands_in_the_manifest(dataset, curator):
    CategoryFactory(dataset=dataset, slug="qa")
    answers(dataset)

    version = versions.freeze(
        dataset_id=dataset.pk, by=curator, recipe={"weights": {"qa": 250}}
    )

    assert version.manifest["recipe"]["weights"] == {"qa": 250}
