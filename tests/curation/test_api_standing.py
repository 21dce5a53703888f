"""How one does, beside others and by oneself, and sets of evaluation, by programs."""

from __future__ import annotations

import pytest

from curation.actions import messages, profiles
from curation.models import (
    Ballot,
    BallotEntry,
    EvaluationSet,
    Event,
    Reputation,
    Settlement,
)
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program, hostile, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


def accepted(dataset, author):
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset, author=author)
    return ReplyFactory(accepted=True, parent=prompt, author=author)


# ---- the leaderboard -------------------------------------------------------------------
def test_the_board_has_the_places_of_the_page(client, dataset):
    me, other = (ContributorFactory(member=dataset) for _ in range(2))
    for author in (me, other, other):
        accepted(dataset, author)
    accepted(DatasetFactory(), me)  # it is not theirs to see
    client.force_login(me)

    told = Program(me, "read").get("leaderboard/?period=ever").json()

    assert [(one["place"], one["person"]) for one in told["results"]] == [
        (1, other.pk), (2, me.pk),
    ]  # fmt: skip
    page = client.get("/leaderboard/?period=ever").context["standings"]
    assert [one.tally.points for one in page] == [
        one["tally"]["points"] for one in told["results"]
    ]
    assert told["mine"]["texts"] == 2
    one = Program(me, "read").get(f"leaderboard/?dataset={dataset.slug}").json()
    assert one["mine"] == told["mine"]


def test_who_does_not_take_part_is_told_their_own_alone(dataset):
    me, other = (ContributorFactory(member=dataset) for _ in range(2))
    accepted(dataset, me)
    accepted(dataset, other)
    profiles.save(by=me, fields={"on_leaderboard": False})

    told = Program(me).get("leaderboard/").json()

    assert (told["takes_part"], told["results"]) == (False, [])
    assert told["mine"]["texts"] == 2
    assert [one["person"] for one in Program(other).get("leaderboard/").json()["results"]
            ] == [other.pk]  # fmt: skip


def test_a_board_of_nobodys_or_of_no_time_is_refused():
    program = Program(ContributorFactory())
    assert program.get(f"leaderboard/?dataset={DatasetFactory().slug}").status_code == 404
    assert refused_fields(program.get("leaderboard/?period=year")) == {"period"}


# ---- what one judged -------------------------------------------------------------------
def test_ones_verdicts_stand_with_what_became_of_them(dataset):
    me = ContributorFactory(member=dataset, member__roles=["reviewer"])
    first, second = (ReplyFactory(parent__conversation__dataset=dataset) for _ in range(2))
    messages.review(message_id=first.pk, by=me, verdict="accept")
    dataset.policy.reviews_wanted = dataset.policy.approvals_needed = 2
    dataset.policy.save()
    messages.review(message_id=second.pk, by=me, verdict="accept")
    mine = Program(me, "read")

    newest, oldest = mine.get("me/reviews/").json()["results"]

    assert (oldest["message"], oldest["agrees"]) == (first.address, True)
    assert (newest["message"], newest["agrees"]) == (second.address, None)
    (narrowed,) = mine.get("me/reviews/?state=open").json()["results"]
    assert narrowed["id"] == newest["id"]
    assert mine.get("me/reviews/?dataset=other").json()["results"] == []
    me.memberships.all().delete()
    assert mine.get("me/reviews/").json()["results"] == []


def test_ones_rankings_stand_with_what_they_were_settled_to(dataset):
    me = ContributorFactory(member=dataset, member__roles=["reviewer"])
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    better, worse = (ReplyFactory(parent=prompt, accepted=True) for _ in range(2))
    cast = Ballot.objects.create(prompt=prompt, ranker=me, outcome="ranked")
    for shown, reply in enumerate((better, worse), 1):
        BallotEntry.objects.create(ballot=cast, reply=reply, position=shown, shown=shown)
    mine = Program(me, "read")

    (ballot,) = mine.get("me/ballots/").json()["results"]
    assert (ballot["prompt"], ballot["agrees"]) == (prompt.address, None)
    assert [one["reply"] for one in ballot["entries"]] == [better.address, worse.address]

    Settlement.objects.create(
        prompt=prompt, status="settled", ballots=3, order=[[worse.pk], [better.pk]]
    )
    (ballot,) = mine.get("me/ballots/?state=ranked").json()["results"]
    assert (ballot["agrees"], ballot["ballots"]) == (False, 3)
    assert mine.get("me/ballots/?state=none_good").json()["results"] == []


def test_how_ones_judgement_did_is_told_to_oneself(dataset):
    me = ContributorFactory(member=dataset)
    for kind in Reputation.Kind.values:
        Reputation.objects.create(
            person=me, dataset=dataset, kind=kind, gold=4, gold_right=3, consensus=0,
            consensus_right=0, expected=0.7, lower_bound=0.4, weight=1.5,
            settled_weight=1.5, gold_share=0.1,
        )  # fmt: skip

    (care,) = Program(me).get("me/reviews/care/").json()["results"]

    assert care == {"dataset": dataset.slug, "met": 4, "right": 3, "counts": "more"}
    assert Program(ContributorFactory()).get("me/reviews/care/").json()["results"] == []


# ---- evaluation sets -------------------------------------------------------------------
def test_admins_add_a_set_of_which_no_word_is_kept_and_take_it_away():
    admin = Program(ContributorFactory(is_staff=True))
    item = "How many loaves does the old baker bake on a cold winter morning?"
    sent = {"name": "  Bread,  test ", "texts": [item, "Seven loaves are on the shelf"]}

    made = admin.post("evaluation-sets/", sent)

    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["items"]) == ("Bread, test", 2)
    assert "baker" not in admin.get("evaluation-sets/").text
    assert admin.post("evaluation-sets/", sent).status_code == 409
    one = f"evaluation-sets/{made.json()['id']}/"
    assert admin.get(one).json() == made.json()
    assert admin.delete(one).status_code == 204
    assert not EvaluationSet.objects.exists()
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True))[-2:] == [
        "evaluation_set.added", "evaluation_set.removed",
    ]  # fmt: skip


def test_sets_that_are_odd_are_refused():
    admin = Program(ContributorFactory(is_staff=True))
    for sent in ({"name": "A", "texts": []}, {"name": "A", "texts": [" "]}, {"name": "A"}):
        assert admin.post("evaluation-sets/", sent).status_code == 400
    short = {"name": "A", "texts": ["Why?"]}
    assert admin.post("evaluation-sets/", short).status_code == 409
    for body in hostile("name"):
        assert admin.post("evaluation-sets/", body).status_code == 400
    curator = ContributorFactory(member=DatasetFactory(), member__roles=["curator"])
    assert Program(curator).get("evaluation-sets/").status_code == 403
