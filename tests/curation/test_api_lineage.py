"""What is behind versions and models, and where texts went, by programs."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation import cards, facts, intake
from curation.actions import gold, messages, versions
from curation.models import Message
from tests.curation.pages import frozen
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.programs import Program

pytestmark = pytest.mark.django_db
SIGNED = "starter, run 3"


@pytest.fixture
def dataset():
    return DatasetFactory()


def member(dataset, *roles):
    return Program(ContributorFactory(member=dataset, member__roles=roles))


def learned(version, **fields):
    given = {"source": "run-3", "name": SIGNED, "generator": SIGNED, **fields}
    intake.report_model(version_id=version.pk, examples=3, **given)
    return version.reports.get(source=given["source"])


def test_behind_a_version_are_the_counts_of_its_page(dataset):
    version = frozen(dataset, count=3)
    report = learned(version)
    known = facts.of(version)

    told = member(dataset, "viewer").get(f"versions/{version.digest}/lineage/").json()

    assert told["facts"]["writers"] == known.writers == 6
    assert told["facts"]["without_consent"] == known.without_consent == 6
    assert told["facts"]["categories"] == {"qa": 3}
    assert told["not_allowed"] == [str(use) for use in facts.not_allowed(known)] != []
    (model,) = told["learned"]
    assert (model["model"]["id"], model["people"]["n"]) == (report.pk, 0)


def test_cards_are_the_files_of_the_page(dataset):
    version, program = frozen(dataset), member(dataset, "viewer")
    here = f"versions/{version.digest}/cards/"

    assert program.get(here).json() == {"results": list(cards.CARDS)}
    for name, (_make, kind) in cards.CARDS.items():
        answer = program.get(f"{here}{name}/")
        assert answer["Content-Type"] == f"{kind}; charset=utf-8"
        assert answer.text == cards.card(version, name).text
        assert f"v1-{name}" in answer["Content-Disposition"]
    for address in (here, f"{here}README.md/", f"versions/{version.digest}/lineage/"):
        assert Program(ContributorFactory()).get(address).status_code == 404
    assert program.get(f"{here}secret.md/").status_code == 404


def test_a_model_goes_back_to_the_versions_in_its_weights(dataset):
    first, other = frozen(dataset), DatasetFactory(title="Elsewhere")
    theirs = frozen(other)
    report = learned(first)
    learned(theirs, source="run-3/1")
    program = member(dataset, "viewer")

    (found,) = program.get("models/?source=run-3").json()["results"]
    told = program.get(f"models/{found['id']}/").json()

    assert found["id"] == report.pk
    assert [one["digest"] for one in told["versions"]] == [first.digest, None]
    assert told["versions"][1]["dataset"] == "Elsewhere"
    assert "facts" not in told["versions"][1]  # a name and counts: it is not theirs
    assert told["facts"]["writers"] == told["versions"][0]["writers"]
    assert told["recalled"] == {"texts": 0, "erased": 0, "since": None}
    assert program.get(f"models/?version={theirs.digest}").json()["results"] == []
    hidden = theirs.reports.get().pk
    assert program.get(f"models/{hidden}/").status_code == 404


def test_the_queries_do_not_grow_with_models_and_versions(dataset):
    me = ContributorFactory(member=dataset)
    version = frozen(dataset, count=1, author=me)
    text = version.items.get().reply
    learned(version)
    program = Program(me)
    paths = (
        f"versions/{version.digest}/lineage/", f"messages/{text.address}/lineage/",
        "me/lineage/", "models/",
    )  # fmt: skip
    for path in paths:
        program.get(path)  # what is kept of the version is there then
    before = [program.queries(path) for path in paths]
    for number in range(4, 7):
        learned(version, source=f"run-{number}", name=f"run {number}")
        learned(frozen(dataset, count=1, author=me), source=f"run-{number}0")

    assert [program.queries(path) for path in paths] == before


def test_where_a_text_went(dataset):
    version = frozen(dataset, count=1)
    report = learned(version)
    reply = version.items.get().reply
    edit = ReplyFactory(parent=reply.parent, revises=reply, accepted=True)

    told = member(dataset, "viewer").get(f"messages/{reply.address}/lineage/").json()

    assert told["state"] == "accepted"
    assert told["made"] == [{"id": edit.address, "state": "accepted"}]
    (held,) = told["versions"]
    assert (held["digest"], held["number"]) == (version.digest, 1)
    assert [one["id"] for one in held["models"]] == [report.pk]


def test_of_a_known_item_ahead_nothing_is_told_by_way_of_what_it_revises(client, dataset):
    """Neither on the page nor here: a version holds the first words only as the known
    item, which was made of them, was accepted."""
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    first = ReplyFactory(parent=prompt, state="rejected", decided_at=now())
    known = ReplyFactory(parent=prompt, revises=first, accepted=True)
    version = frozen(dataset, count=1)
    assert version.items.filter(reply=known).exists()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    gold.make(message_id=known.pk, by=curator, verdict="accept", why="It is clear.")
    reviewer = ContributorFactory(member=dataset, member__roles=["reviewer"])
    client.force_login(reviewer)
    told = {}
    for about in (prompt, first):
        address = f"messages/{about.address}/lineage/"
        told[about] = Program(reviewer).get(address).json()
        assert told[about]["versions"] == []
        page = client.get(f"/{address}").text
        assert "It is in no frozen version" in page and "badge--accepted" not in (
            page if about == first else ""
        )
    assert told[first]["made"] == [{"id": known.address, "state": "submitted"}]

    gold.answer(message_id=known.pk, by=reviewer, verdict="accept")

    for about in (prompt, first):
        address = f"messages/{about.address}/lineage/"
        (held,) = Program(reviewer).get(address).json()["versions"]
        assert held["digest"] == version.digest


@pytest.mark.parametrize("shape", ["answers", "better words"])
def test_nor_by_way_of_ones_own_texts_until_one_of_them_is_taken_back(
    client, dataset, shape
):
    """A version holds the reviewer's prompt, or their first words, only by a known item."""
    me = ContributorFactory(member=dataset, member__roles=["reviewer"])
    other = ContributorFactory(member=dataset, member__roles=["reviewer"])
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    if shape == "answers":
        mine, known = prompt, ReplyFactory(parent=prompt, accepted=True)
        Message.objects.filter(pk=mine.pk).update(author=me)
    else:
        mine = ReplyFactory(parent=prompt, author=me)
        edit = {"verdict": "edit", "edited_text": "Better words."}
        messages.review(message_id=mine.pk, by=other, **edit)
        known = mine.revisions.get()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"edits": True})
    assert version.items.get().reply == known
    gold.make(message_id=known.pk, by=curator, verdict="accept", why="It is clear.")
    client.force_login(me)
    program, page = Program(me), f"/me/{mine.pk}/withdraw/"

    assert program.get("me/lineage/").json()["results"] == []
    assert "version 1" not in client.get("/me/work/").text
    assert "It is in no frozen version" in client.get(page).text
    assert "version 1" in client.post(page, follow=True).text


def test_words_made_of_a_text_are_told_to_those_who_may_read_them(dataset):
    text = MessageFactory(conversation__dataset=dataset, accepted=True)
    MessageFactory(conversation=text.conversation, revises=text)  # it waits
    address = f"messages/{text.address}/lineage/"

    assert len(member(dataset, "reviewer").get(address).json()["made"]) == 1
    assert member(dataset, "viewer").get(address).json()["made"] == []
    assert Program(ContributorFactory()).get(address).status_code == 404


def test_one_is_told_where_ones_own_texts_are_after_leaving_too(dataset):
    me = ContributorFactory(member=dataset)
    version = frozen(dataset, count=2, author=me)
    learned(version)
    mine = Program(me, "read")

    (held,) = mine.get("me/lineage/").json()["results"]
    assert (held["digest"], held["answers"], held["prompts"]) == (version.digest, 2, 0)
    assert held["learned"][0]["model"]["name"] == SIGNED

    me.memberships.all().delete()
    (left,) = mine.get("me/lineage/").json()["results"]
    assert (left["digest"], left["number"], left["answers"]) == (None, 1, 2)
    assert Message.objects.filter(author=me).count() == 2
