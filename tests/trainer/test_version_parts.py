"""The parts of a version: by person, guideline and source."""

from __future__ import annotations

import pytest

from curation import handoff
from curation.actions import versions
from curation.models import Guideline, Message, VersionItem
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_is_behind_what_they_asked_answered_and_first_wrote(dataset, curator):
    """An edit stands on its first author's words; what is held out is learned by nobody."""
    writer, editor = (ContributorFactory(member=dataset) for _ in range(2))
    for split in ("train", "held_out"):
        talk = ConversationFactory(dataset=dataset, split=split)
        prompt = MessageFactory(conversation=talk, accepted=True)
        first = ReplyFactory(parent=prompt, author=writer)
        ReplyFactory(parent=prompt, revises=first, author=editor, accepted=True)
    asked = MessageFactory(
        conversation=ConversationFactory(dataset=dataset, split="train"),
        author=writer,
        accepted=True,
    )
    answer = ReplyFactory(parent=asked, accepted=True)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    found = {
        one.label: one
        for one in handoff.portions_of(version.pk, named=True)
        if one.by == "contributor"
    }

    assert found[str(writer)].examples == 2
    assert found[str(editor)].examples == 1
    theirs = handoff.ids_of_portion(version.pk, "contributor", found[str(writer)].value)
    edits = VersionItem.objects.filter(version=version, reply__author=editor, split="train")
    assert theirs == {answer.uid, edits.get().reply.uid}


def test_guidelines_and_sources_are_parts_too(dataset, curator):
    rules = Guideline.objects.create(dataset=dataset, number=2, text="Be kind.")
    for origin, more in [
        ("person", {"guideline": rules}),
        ("person", {}),
        ("import", {"origin": "import", "author": None}),
    ]:
        talk = ConversationFactory(dataset=dataset, split="train")
        prompt = MessageFactory(conversation=talk, accepted=True)
        made = ReplyFactory(parent=prompt, accepted=True, **more)
        assert made.origin == origin
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    found = {
        (one.by.value, one.value): one.examples
        for one in handoff.portions_of(version.pk, named=False)
        if one.by != "contributor"
    }

    assert found["guideline", "2"] == 1
    assert found["source", "person"] == 2
    assert found["source", "import"] == 1
    (imported,) = handoff.ids_of_portion(version.pk, "source", "import")
    assert Message.objects.get(uid=imported).origin == "import"
