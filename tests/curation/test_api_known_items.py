"""Known items, second looks and near-duplicates, by curators' programs."""

from __future__ import annotations

import pytest

from curation.actions import datasets, messages, older_guidelines
from curation.models import Cluster, ClusterMember, DuplicateSearch, Event, GoldAnswer
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.programs import Program, hostile, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/"


@pytest.fixture
def curator(dataset):
    return Program(ContributorFactory(member=dataset, member__roles=["curator"]))


@pytest.fixture
def prompt(dataset):
    return MessageFactory(accepted=True, conversation__dataset=dataset)


def listed(program, path):
    answer = program.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_known_text_is_made_met_and_retired(curator, dataset, here, prompt):
    sent = {"message": prompt.address, "verdict": "accept", "why": "It is plain."}

    made = curator.post(f"{here}known-items/", sent, key="k")

    assert made.status_code == 201, made.content
    assert curator.post(f"{here}known-items/", sent, key="k").json() == made.json()
    assert Event.objects.filter(kind="gold.made").count() == 1
    person = ContributorFactory(name="Ada", member=dataset)
    GoldAnswer.objects.create(
        item_id=made.json()["id"], person=person, verdict="reject", is_right=False
    )
    (found,) = listed(curator, f"{here}known-items/?is_retired=false")
    assert (found["message"], found["answered"], found["right"]) == (prompt.address, 1, 0)
    assert listed(curator, f"{here}known-items/people/") == [
        {"person": person.pk, "name": "Ada", "met": 1, "right": 0}
    ]
    retired = curator.post(f"{here}known-items/{found['id']}/retire/").json()
    assert retired["retired_at"] and listed(curator, f"{here}known-items/?is_retired=true")
    # Who is to meet some reads of none, and not even that there are any.
    for path in ("known-items/", "known-items/people/", "known-rankings/"):
        assert Program(person).get(here + path).status_code == 404
    assert Program(person).post(f"{here}known-items/", sent).status_code == 404


def test_what_can_be_no_known_text_is_refused(curator, here):
    waits, elsewhere = MessageFactory(), MessageFactory(accepted=True)
    sent = {"verdict": "accept", "why": "So."}
    other = curator.post(f"{here}known-items/", {**sent, "message": elsewhere.address})
    assert other.status_code == 404
    there = f"datasets/{waits.conversation.dataset.slug}/known-items/"
    admin = Program(ContributorFactory(is_staff=True))
    assert admin.post(there, {**sent, "message": waits.address}).status_code == 409
    odd = {"message": "0" * 16, "verdict": "edit", "why": "", "x": 1}
    assert refused_fields(curator.post(f"{here}known-items/", odd)) == {"x"}
    del odd["x"]
    refused = {"message", "verdict", "why"}
    assert refused_fields(curator.post(f"{here}known-items/", odd)) == refused
    for body in hostile("why"):
        assert curator.post(f"{here}known-items/", body).status_code == 400


def test_a_known_order_names_every_answer_once(curator, here, prompt):
    a, b, c = (ReplyFactory(parent=prompt, accepted=True).address for _ in range(3))
    sent = {"prompt": prompt.address, "order": [[b], [a, c]], "why": "It says so."}

    made = curator.post(f"{here}known-rankings/", sent)

    assert made.status_code == 201, made.content
    assert (made.json()["order"], made.json()["mean"]) == ([[b], [a, c]], None)
    twice = curator.post(f"{here}known-rankings/", {**sent, "order": [[a], [a, b, c]]})
    assert refused_fields(twice) == {"order"}
    for order in ([[a], [b]], [[a, b, c]]):  # one is missing; no order at all
        refused = curator.post(f"{here}known-rankings/", {**sent, "order": order})
        assert refused.status_code == 409, refused.content
    one = f"{here}known-rankings/{made.json()['id']}/retire/"
    assert curator.post(one).json()["retired_at"]


def test_what_was_judged_under_an_older_guideline_is_judged_again(
    curator, dataset, here, monkeypatch
):
    rung = []
    monkeypatch.setattr("curation.api.second_looks.ring", rung.append)
    for _ in range(3):
        by = ContributorFactory(member=dataset)
        text = MessageFactory(conversation__dataset=dataset)
        messages.review(message_id=text.pk, by=by, verdict="accept")
    assert curator.post(f"{here}second-looks/", {}).status_code == 409  # nothing is older
    datasets.publish_guideline(
        dataset=dataset, text="Be brief.", by=ContributorFactory(is_staff=True)
    )

    foreseen = curator.get(f"{here}second-looks/foreseen/?version=1").json()
    asked = curator.post(f"{here}second-looks/", {"version": 1}, key="k")

    assert (foreseen["verdicts"], foreseen["reviews"]) == (3, 3)
    assert asked.status_code == 201, asked.content
    assert (asked.json()["version"], asked.json()["newest"]) == (1, 2)
    assert len(rung) == 1
    older_guidelines.carry_on(asked.json()["id"])
    (done,) = listed(curator, f"{here}second-looks/")
    assert done["reopened"] == 3 and done["ended_at"]
    odd = {"version": 9, "category": "none"}
    refused = curator.post(f"{here}second-looks/", odd)
    assert refused_fields(refused) == {"version", "category"}
    one = f"{here}second-looks/{done['id']}/"
    assert curator.post(f"{one}stop/").json() == curator.get(one).json() == done


def test_prompts_that_are_alike_are_merged_or_dismissed(
    curator, dataset, here, prompt, monkeypatch
):
    rung = []
    monkeypatch.setattr(
        "curation.api.duplicates.ring", lambda task, **sent: rung.append(sent)
    )
    cluster = Cluster.objects.create(dataset=dataset, head=prompt)
    first, second, third = (
        ClusterMember.objects.create(
            cluster=cluster,
            message=MessageFactory(accepted=True, conversation__dataset=dataset),
            likeness=likeness,
        )
        for likeness in (0.7, 0.9, 0.8)
    )
    decide = f"{here}duplicates/decide/"

    (found,) = listed(curator, f"{here}duplicates/")

    assert (found["head"]["id"], found["size"], found["waiting"]) == (prompt.address, 3, 3)
    assert [one["id"] for one in found["members"]] == [second.pk, third.pk, first.pk]
    merged = curator.post(decide, {"decision": "merge", "members": [second.pk]}, key="k")
    assert merged.json() == {"decided": 1}, merged.content
    rest = curator.post(decide, {"decision": "dismiss", "clusters": [cluster.pk]})
    assert rest.json() == {"decided": 2}
    assert listed(curator, f"{here}duplicates/") == []
    assert len(listed(curator, f"{here}duplicates/?state=decided")) == 1
    all_of_it = listed(curator, f"{here}duplicates/{cluster.pk}/members/")
    assert [one["state"] for one in all_of_it] == ["dismissed", "merged", "dismissed"]
    both = {"decision": "merge", "members": [first.pk], "clusters": [cluster.pk]}
    assert curator.post(decide, both).status_code == 400
    theirs = Cluster.objects.create(dataset=DatasetFactory(), head=MessageFactory())
    unknown = {"decision": "merge", "clusters": [theirs.pk]}
    assert curator.post(decide, unknown).status_code == 404
    assert curator.get(f"{here}duplicates/search/").status_code == 404
    looked = curator.post(f"{here}duplicates/search/")
    assert (looked.status_code, looked.json()["is_running"]) == (202, True)
    assert rung == [{"dataset_id": dataset.pk}]
    assert curator.post(f"{here}duplicates/search/").status_code == 409
    assert curator.get(f"{here}duplicates/search/").json() == looked.json()
    assert DuplicateSearch.objects.get().found is None
