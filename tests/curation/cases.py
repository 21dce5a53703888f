"""What waits for curators, and what they send."""

from __future__ import annotations

import pytest

from curation import cases
from curation.actions import flags
from curation.models import Dataset, Finding, Message
from tests.curation.pages import url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory


def flagged(message, name="Fay Flagger", reason="unsafe", note=""):
    by = ContributorFactory(member=message.conversation.dataset, name=name)
    return flags.raise_flag(message_id=message.pk, by=by, reason=reason, note=note)


def a_curator(dataset, **fields):
    return ContributorFactory(member=dataset, member__roles=["curator"], **fields)


def seen(message, name="personal_data.phone", score=0.9, version=1, spans=()):
    return Finding.objects.create(
        message=message, check_name=name, check_version=version, score=score,
        advice="This looks like a phone number.", spans=list(spans),
    )  # fmt: skip


def state_of(message):
    return Message.objects.get(pk=message.pk).state


def queue_of(dataset, **asked):
    return list(cases.waiting(Dataset.objects.filter(pk=dataset.pk), **asked))


def value_of(message, person):
    (found,) = cases.items_of(Message.objects.filter(pk=message.pk), person)
    return found.value


def send(client, dataset, message, action, person, **sent):
    sent = {"item": value_of(message, person), "action": action, **sent}
    return client.post(url("flags", dataset.slug), sent)


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def prompt(dataset):
    return MessageFactory(conversation__dataset=dataset, accepted=True, text="A hard one.")
