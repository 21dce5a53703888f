"""Arrangements that the tests of pages share."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curation.actions import messages, versions
from curation.models import Category, Message
from tests.factories import ContributorFactory, MessageFactory, ReplyFactory


def signed_in(client, dataset=None, *roles, **fields):
    """A person with these roles in the dataset, signed in."""
    person = ContributorFactory(member=dataset, member__roles=roles or None, **fields)
    client.force_login(person)
    return person


def url(name, *args):
    return reverse(f"curation:{name}", args=args)


def held(dataset):
    """An answer that somebody set aside."""
    reply = ReplyFactory(parent__conversation__dataset=dataset)
    keeper = ContributorFactory(member=dataset)
    messages.hold(message_id=reply.pk, by=keeper, why="It names a person.")
    return Message.objects.select_related("conversation").get(pk=reply.pk)


def frozen(dataset, count=2, **fields):
    """A version of so many accepted answers."""
    category = Category.objects.get_or_create(dataset=dataset, slug="qa", name="Questions")[
        0
    ]
    for _ in range(count):
        prompt = MessageFactory(
            accepted=True, conversation__dataset=dataset, conversation__category=category
        )
        ReplyFactory(accepted=True, parent=prompt, **fields)
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    return versions.freeze(dataset_id=dataset.pk, by=curator)


def queries(client, path):
    """How many queries the page takes."""
    with CaptureQueriesContext(connection) as taken:
        assert client.get(path).status_code == 200
    return len(taken)
