"""What is new, what is looked for, and how a dataset is doing, by programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation.actions import notices
from curation.models import Notification, Review, SavedView
from tests.factories import (
    CategoryFactory,
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


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/"


def member(dataset, *roles):
    return Program(ContributorFactory(member=dataset, member__roles=roles))


def test_news_is_read_and_marked_as_read(dataset):
    writer, other = ContributorFactory(), ContributorFactory()
    text = MessageFactory(author=writer, conversation__dataset=dataset, text="Why bees?")
    notices.tell_author(text, "held", by=None, why="It names a person.")
    notices.tell(writer, "complete", message=text)
    notices.tell(other, "complete", message=text)
    program = Program(writer, "read")

    first, second = program.get("me/notifications/").json()["results"]

    assert (first["kind"], second["kind"]) == ("complete", "held")
    assert (second["why"], second["quote"]) == ("It names a person.", "Why bees?")
    assert second["page"].startswith(f"/datasets/{dataset.slug}/conversations/")
    narrowed = program.get("me/notifications/?kind=held&is_unread=true").json()["results"]
    assert [one["id"] for one in narrowed] == [second["id"]]
    later = (now() + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert program.get(f"me/notifications/?since={later}").json()["results"] == []
    theirs = Notification.objects.get(person=other).pk
    named = {"only": [first["id"], theirs]}
    assert program.post("me/notifications/read/", named).json() == {"marked": 1}
    assert program.post("me/notifications/read/", {}).json() == {"marked": 1}
    assert Notification.objects.unread().get().person == other
    for body in hostile("only"):
        assert program.post("me/notifications/read/", body).status_code == 400


def test_a_search_is_kept_as_the_page_has_it(dataset, here):
    CategoryFactory(dataset=dataset, slug="qa")
    writer, viewer = member(dataset, "writer"), member(dataset, "viewer")
    sent = {"name": "Bees", "query": "state=accepted&q=bees&category=qa&sort=relevance"}

    made = writer.post(f"{here}views/", sent, key="k")

    assert made.status_code == 201, made.content
    assert made.json()["query"] == "q=bees&state=accepted&category=qa"
    assert writer.post(f"{here}views/", sent, key="k").json() == made.json()
    assert writer.post(f"{here}views/", sent).status_code == 409  # the name is taken
    one = f"{here}views/{made.json()['id']}/"
    assert viewer.get(one).status_code == 404
    SavedView.objects.update(is_shared=True)
    assert viewer.get(one).json()["is_mine"] is False
    assert viewer.delete(one).status_code == 403
    # Who ranked what is not asked for by those who judge.
    for query in ("agreement=contested", "state=nonsense", "category=other"):
        answer = writer.post(f"{here}views/", {"name": "No", "query": query})
        assert refused_fields(answer) == {"query"}
    assert writer.delete(one).status_code == 204
    assert writer.get(f"{here}views/").json()["results"] == []


def test_figures_are_those_of_the_dashboard(dataset, here):
    CategoryFactory(dataset=dataset, slug="qa", name="Questions", target=7)
    reviewer, viewer = member(dataset, "reviewer"), member(dataset, "viewer")

    progress = reviewer.get(f"{here}figures/progress/?days=all").json()

    assert progress["rows"] == [["Questions", 7, 0, 0, 0, None]]
    assert [one["kind"] for one in progress["columns"]][:2] == ["text", "count"]
    assert len(viewer.get(f"{here}figures/throughput/?days=7").json()["rows"]) == 7
    assert viewer.get(f"{here}figures/agreement/").json()["key"] == "agreement"
    assert reviewer.get(f"{here}figures/agreement/").status_code == 404
    assert reviewer.get(f"{here}figures/secrets/").status_code == 404
    flags = "Flags without an answer, since they were raised"
    for program, is_told in ((member(dataset, "curator"), True), (reviewer, False)):
        rows = program.get(f"{here}figures/waiting/").json()["rows"]
        assert (flags in [row[0] for row in rows]) == is_told
    odd = f"{here}figures/coverage/?days=3&language=$&category=x y"
    assert refused_fields(reviewer.get(odd)) == {"days", "language", "category"}
    assert refused_fields(reviewer.get(f"{here}figures/topics/?category=no")) == {
        "category"
    }


def test_agreement_names_people_to_curators_alone(dataset, here):
    reviewers = [ContributorFactory(name=name) for name in ("Ada", "Bo")]
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for verdicts in (["accept", "accept"], ["accept", "reject"], ["reject", "reject"]):
        answer = ReplyFactory(parent=prompt)
        for reviewer, verdict in zip(reviewers, verdicts, strict=True):
            why = {"reason": "wrong"} if verdict == "reject" else {}
            Review.objects.create(message=answer, reviewer=reviewer, verdict=verdict, **why)

    told = member(dataset, "curator").get(f"{here}agreement/").json()

    assert [(one["question"], one["items"]) for one in told["questions"]] == [
        ("verdict", 3)
    ]
    assert [(one["category"], one["texts"]) for one in told["categories"]] == [(None, 3)]
    assert [(one["name"], one["texts"]) for one in told["people"]] == [
        ("Ada", 3),
        ("Bo", 3),
    ]
    assert {one["prompts"] for one in told["settled"]} == {0}
    viewed = member(dataset, "viewer").get(f"{here}agreement/").json()
    assert viewed == {**told, "people": None}
    assert member(dataset, "reviewer").get(f"{here}agreement/").status_code == 404
