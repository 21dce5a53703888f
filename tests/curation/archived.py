"""A dataset with something in nearly every table, packed, and read again by place."""

from __future__ import annotations

import io

from curation.actions import (
    consents,
    discussion,
    erasure,
    exports,
    flags,
    gold,
    packing,
    suspensions,
    unpacking,
    versions,
    withdrawals,
)
from curation.actions.carried import TABLES
from curation.formats import bundle
from curation.models import (
    Contributor,
    Decision,
    Event,
    Finding,
    GoldBallot,
    GoldRanking,
    Label,
    Message,
    Original,
    Review,
    Settlement,
)
from tests.curation.test_moving import clean, fill, merge
from tests.factories import ContributorFactory, MessageFactory, ReplyFactory

RECIPES = ({}, {"pairs": "all", "edits": True, "contested": "soft"}, {"duplicates": "out"})


def lived_in():
    """A dataset with something in nearly every table, and a site admin."""
    dataset, curator = clean()
    admin = ContributorFactory(is_staff=True, email="admin@example.org")
    fill(dataset)
    merge(dataset, curator)
    everywhere = consents.publish(
        dataset=None, text="All of it.", licence="CC0-1.0", uses=["training"], by=admin
    )
    own = consents.publish(
        dataset=dataset, text="Here.", licence="CC-BY-4.0", uses=["training"], by=admin
    )
    writer = ContributorFactory(
        member=dataset, name="Wendelin Holzapfel", email="wendelin@holzapfel.example"
    )
    reviewer = ContributorFactory(member=dataset)
    consents.agree(terms_ids=[everywhere.pk, own.pk], by=writer)
    consents.agree(terms_ids=[everywhere.pk, own.pk], by=reviewer)
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True, author=writer)
    replies = [ReplyFactory(parent=prompt, accepted=True, author=writer) for _ in range(3)]
    discussion.comment(
        message_id=prompt.pk,
        by=reviewer,
        text="Ask @wendelin, Wendelin Holzapfel wrote it.",
    )
    flags.raise_flag(
        message_id=replies[0].pk, by=reviewer, reason="other", note="Wendelin?"
    )
    gold.make(message_id=replies[1].pk, by=curator, verdict="accept", why="It is right.")
    Finding.objects.create(
        message=replies[1], check_name="near_duplicate", check_version=1, score=0.9,
        advice="Alike.", other=replies[0], spans=[[0, 3]],
    )  # fmt: skip
    known = GoldRanking.objects.create(
        prompt=prompt, order=[[replies[1].pk], [replies[0].pk]], why="Known.",
        answers=[one.pk for one in replies[:2]], made_by=curator,
    )  # fmt: skip
    GoldBallot.objects.create(
        item=known, person=reviewer, places={str(replies[0].pk): 1}, right=0.0
    )
    Label.objects.create(review=Review.objects.all()[0], name="quality", value=3)
    Decision.objects.create(
        dataset=dataset, message=replies[0], action="keep", by=curator, note="Fine.",
        after=Event.objects.earliest("pk").pk, until=Event.objects.latest("pk").pk,
    )  # fmt: skip
    Original.objects.create(message=prompt, format="oasst", facts={"emojis": {"+1": 2}})
    suspensions.suspend(
        person_id=ContributorFactory(member=dataset).pk, dataset=dataset, reason="Rest.",
        by=curator,
    )  # fmt: skip
    made = [
        versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
        for recipe in RECIPES
    ]
    exports.make(version=made[0], made_for="A friend", by=curator)
    withdrawals.take_back(message_id=replies[2].pk, by=writer)
    gone = Message.objects.exclude(author=writer).filter(frozen_in__version=made[0])[0]
    erasure.erase(person_id=gone.author_id, by=admin)
    return dataset, curator


def packed(dataset, by, **options):
    out = io.BytesIO()
    packing.pack(dataset=dataset, out=out, by=by, **options)
    return out.getvalue()


def restored(content, **fields):
    admin = ContributorFactory(is_staff=True, **fields)
    return unpacking.unpack(file=io.BytesIO(content), by=admin).dataset


def tables(content):
    """Each table as a list of rows by column, with places in tables instead of numbers."""
    with bundle.Reader(io.BytesIO(content)) as found:
        read = {
            name.removeprefix("tables/").removesuffix(".jsonl"): list(found.lines(name))
            for name in found.names()
            if name.startswith("tables/")
        }
    told = {
        name: [dict(zip(columns, row, strict=True)) for row in rows]
        for name, (columns, *rows) in read.items()
    }
    places = {
        name: {row["id"]: place for place, row in enumerate(rows)}
        for name, rows in told.items()
        if rows and "id" in rows[0]
    }
    emails = {row["number"]: row.get("email", "") for row in told["people"]}
    # Who has no name any more has another number as name in each place.
    named = {n: "" if email.endswith("@invalid") else email for n, email in emails.items()}
    return {
        table.name: [placed(table, row, places, named) for row in told[table.name]]
        for table in TABLES
    }


def placed(table, row, places, named):
    for field in table.model._meta.concrete_fields:
        if field.name not in row or row[field.name] is None:
            continue
        if field.related_model is Contributor:
            row[field.name] = named[row[field.name]]
        elif field.is_relation or field.primary_key:
            of = field.related_model or table.model
            row[field.name] = places[of._meta.model_name][row[field.name]]
    messages_at = places["message"]
    if table.model is Settlement:
        row["order"] = [[messages_at[pk] for pk in group] for group in row["order"]]
        row["margins"] = [[messages_at[a], messages_at[b], n] for a, b, n in row["margins"]]
    if table.model is GoldRanking:
        row["order"] = [[messages_at[pk] for pk in group] for group in row["order"]]
        row["answers"] = [messages_at[pk] for pk in row["answers"]]
    if table.model is GoldBallot:
        row["places"] = {messages_at[int(pk)]: at for pk, at in row["places"].items()}
    if table.model is Decision:
        row |= {name: places["event"][row[name]] for name in ("after", "until")}
    if table.model is Event:
        row["subject_id"] = (
            named[row["subject_id"]]
            if row["subject_kind"] == "contributor"
            else places.get(row["subject_kind"], {}).get(row["subject_id"])
        )
        row["data"] = None if set(row["data"]) & set(NAMED) else row["data"]
    return row


NAMED = ("person", "review", "suspension", "version", "terms", "prompt", "revision", "of",
         "message", "replaced", "head")  # fmt: skip
