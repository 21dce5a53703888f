"""Leaves, salts and the digest over them."""

from __future__ import annotations

import hashlib
import random

import pytest

from curation import handoff
from curation.actions import versions
from curation.clean import checks
from curation.formats import manifest as manifests
from curation.formats.manifest import Leaves
from curation.formats.record import canonical, digest
from curation.models import (
    Conversation,
    DatasetVersion,
    Message,
    MessageSalt,
    VersionItem,
)
from tests.curation.pages import frozen
from tests.curation.test_versions import edit_behind_winnows_back
from tests.factories import DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path
    return tmp_path


def test_a_leaf_is_the_hash_of_the_salts_and_the_record(dataset):
    version = frozen(dataset, count=1)

    [(item, record)] = versions.records(version)
    salts = [item.reply.parent.salt.salt, item.reply.salt.salt]

    assert all(len(salt) == 32 for salt in salts)
    salted = b"".join(map(bytes, salts)) + canonical(record)
    assert item.digest == hashlib.sha256(salted).hexdigest()
    assert version.manifest["format"] == "winnow-version-2"


def test_a_message_keeps_the_salt_that_it_first_got(dataset):
    frozen(dataset, count=2)
    before = dict(MessageSalt.objects.values_list("message", "salt"))
    frozen(dataset, count=1)

    after = dict(MessageSalt.objects.values_list("message", "salt"))
    assert before.items() <= after.items()
    assert len(after) == 6
    assert len({bytes(salt) for salt in after.values()}) == 6


def test_the_same_words_twice_have_different_leaves(dataset):
    version = frozen(dataset, count=2, text="The same.")

    assert len(set(version.items.values_list("digest", flat=True))) == 2


@pytest.mark.parametrize("whose", ["reply", "prompt"])
def test_with_a_salt_destroyed_the_kept_leaf_is_taken_as_it_is(dataset, whose):
    version = frozen(dataset, count=3)
    reply = version.items.get(position=1).reply
    erased = reply if whose == "reply" else reply.parent
    MessageSalt.objects.filter(message=erased).delete()
    edit_behind_winnows_back(erased, "Erased.")

    assert versions.check(version) == ([], 1)
    folder = handoff.files(version.pk)
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"Erased." not in written
    assert b'"erased": 1' in written


def test_a_changed_text_whose_salts_are_there_is_broken_not_erased(dataset):
    version = frozen(dataset, count=3)
    edit_behind_winnows_back(version.items.get(position=1).reply)

    assert versions.check(version) == (["Item 1: its text is not what was frozen."], 0)


def test_a_version_of_the_first_format_still_verifies(dataset):
    """Written as it was written then: hashes without salts, in the order of the items."""
    reply = ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    newer = frozen(dataset, count=2)
    built = [(item, record) for item, record in versions.records(newer)]
    leaves = hashlib.sha256()
    for item, record in built:
        plain = f"{item.split}:{digest(record)}"
        leaves.update(hashlib.sha256(plain.encode()).digest())
    facts = {
        "format": "winnow-version-1",
        "dataset": dataset.slug,
        "shape": dataset.shape,
        "licence": dataset.licence,
        "recipe": newer.recipe,
        "counts": {"train": 3, "held_out": 0, "categories": {"": 1, "qa": 2}},
        "records_sha256": leaves.hexdigest(),
    }
    older = DatasetVersion.objects.create(
        dataset=dataset, number=9, recipe=newer.recipe, manifest=facts,
        digest=digest(facts), train_count=3, held_out_count=0,
        frozen_by=newer.frozen_by,
    )  # fmt: skip
    VersionItem.objects.bulk_create(
        VersionItem(version=older, position=item.position, reply=item.reply,
                    split=item.split, category=item.category, rank=item.rank,
                    digest=digest(record))
        for item, record in built
    )  # fmt: skip

    assert versions.verify(older) == []
    assert (handoff.files(older.pk) / "train.jsonl").read_bytes() == (
        handoff.files(newer.pk) / "train.jsonl"
    ).read_bytes()
    edit_behind_winnows_back(reply)
    assert len(versions.verify(older)) == 1


def test_the_files_are_the_same_bytes_when_they_are_written_again(dataset, folder):
    version = frozen(dataset, count=5)
    first = handoff.files(version.pk)
    kept = {path.name: path.read_bytes() for path in first.iterdir()}
    first.rename(folder / "before")

    again = handoff.files(version.pk)

    assert {path.name: path.read_bytes() for path in again.iterdir()} == kept
    assert {"train.jsonl", "train.parquet", "held_out.parquet"} <= set(kept)


def test_another_side_or_group_is_another_version(dataset):
    first = frozen(dataset, count=2)
    Conversation.objects.filter(pk=Conversation.objects.earliest("pk").pk).update(
        split="held_out"
    )
    second = versions.freeze(dataset_id=dataset.pk, by=first.frozen_by)
    prompt = MessageFactory(conversation__dataset=dataset)
    Conversation.objects.exclude(pk=prompt.conversation_id).update(
        group=prompt.conversation.uid
    )
    third = versions.freeze(dataset_id=dataset.pk, by=first.frozen_by)

    assert len({first.digest, second.digest, third.digest}) == 3
    assert [versions.verify(one) for one in (first, second, third)] == [[], [], []]


def test_the_digest_of_leaves_does_not_depend_on_their_order():
    found = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(300)]

    def together(order):
        leaves = Leaves()
        for one in order:
            leaves.add(one, "train")
        return leaves.digest()

    shuffled = random.Random(4).sample(found, len(found))
    plain = sorted(manifests.beside(one, "train") for one in found)
    assert together(found) == together(shuffled)
    assert together(found) == hashlib.sha256(b"".join(plain)).hexdigest()


def test_rules_that_bear_on_acceptance_are_in_the_manifest(dataset):
    version = frozen(dataset)

    assert version.manifest["policy"]["approvals_needed"] == 1
    assert version.manifest["checks"] == checks.versions()
    assert version.manifest["algorithms"]["leaf"] == 1
    assert "lease_minutes" not in version.manifest["policy"]


def test_drafts_and_what_nobody_froze_get_no_salt(dataset):
    frozen(dataset, count=1)
    ReplyFactory(parent__conversation__dataset=dataset)

    frozen_ones = {
        m.pk for m in Message.objects.filter(state="accepted", salt__isnull=False)
    }
    assert set(MessageSalt.objects.values_list("pk", flat=True)) == frozen_ones
    assert Message.objects.filter(state="submitted", salt__isnull=False).count() == 0
