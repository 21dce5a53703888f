"""What a person has done, as numbers: what was taken back is not among them."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from annotate import planner, progress
from curation.actions import messages, revisions
from tests.annotate.work import claim, submit
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


def test_what_was_taken_back_does_not_count(client):
    dataset = DatasetFactory(pairs=True)
    CategoryFactory(dataset=dataset)
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    planner.plan_writing(dataset)
    key = uuid.uuid4()
    submit(
        client,
        claim(client, kind="write_pair"),
        key=key,
        prompt="What is it?",
        reply="It is this.",
    )
    assert progress.of(person)["today"]["written"] == 2
    assert progress.streak(person).length == 1

    client.post(reverse("annotate:undo", args=[key]))

    assert progress.of(person)["ever"]["written"] == 0
    assert progress.streak(person).length == 0


def test_a_text_written_anew_counts_once():
    dataset = DatasetFactory()
    author = ContributorFactory(member=dataset)
    answer = ReplyFactory(
        parent__conversation__dataset=dataset, author=author, accepted=True
    )
    assert progress.of(author)["ever"]["written"] == 1
    anew = revisions.amend(message_id=answer.pk, by=author, text="Better words.")

    messages.review(
        message_id=anew.pk, by=ContributorFactory(member=dataset), verdict="accept"
    )

    assert progress.of(author)["ever"]["written"] == 1
