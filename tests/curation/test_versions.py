from __future__ import annotations

import hashlib
import json

import pytest
from django.db import connection

from curation import handoff
from curation.actions import (
    conversations,
    datasets,
    judgements,
    messages,
    versions,
    withdrawals,
)
from curation.errors import CurationError, NotAllowed
from curation.formats.record import canonical, digest
from curation.models import Conversation, DatasetVersion, Event, Message
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__held_out_percent=30)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator", "writer"])


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    return settings.VERSIONS_DIR


def accepted_reply(dataset, **fields):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    return ReplyFactory(parent=prompt, accepted=True, **fields)


def chosen(version):
    return set(version.items.values_list("reply", flat=True))


def lines(folder, split="train"):
    content = (folder / f"{split}.jsonl").read_bytes()
    return [json.loads(line) for line in content.splitlines()]


def edit_behind_winnows_back(message, text="Something else."):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE curation_message SET text = %s WHERE id = %s", [text, message.pk]
        )


def test_the_same_record_freezes_to_the_same_version(dataset, curator):
    accepted_reply(dataset)

    first = versions.freeze(dataset_id=dataset.pk, by=curator)
    again = versions.freeze(dataset_id=dataset.pk, by=ContributorFactory(is_staff=True))

    assert (again, first.number) == (first, 1)
    assert Event.objects.filter(kind="version.frozen").count() == 1


def test_another_reply_or_recipe_is_another_version(dataset, curator):
    accepted_reply(dataset)
    first = versions.freeze(dataset_id=dataset.pk, by=curator)
    accepted_reply(dataset)

    second = versions.freeze(dataset_id=dataset.pk, by=curator)
    third = versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"languages": ["en"]})

    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert len({first.digest, second.digest, third.digest}) == 3
    assert versions.verify(first) == []  # what came later does not touch it


def test_only_accepted_answers_under_accepted_turns_are_taken(dataset, curator):
    good = accepted_reply(dataset)
    ReplyFactory(parent=good.parent)  # under review
    ReplyFactory(parent=good.parent, accepted=True, state="rejected")
    lost = accepted_reply(dataset)
    follow_up = MessageFactory(conversation=lost.conversation, parent=lost, accepted=True)
    ReplyFactory(parent=follow_up, accepted=True)
    withdrawals.take_back(message_id=lost.pk, by=lost.author)
    held = accepted_reply(dataset)
    messages.hold(message_id=held.parent.pk, by=curator, why="?")

    assert chosen(versions.freeze(dataset_id=dataset.pk, by=curator)) == {good.pk}


def test_a_recipe_filters_by_category_language_rank_and_origin(dataset, curator):
    kind = CategoryFactory(dataset=dataset, slug="maths")
    one = accepted_reply(dataset)
    Conversation.objects.filter(pk=one.conversation_id).update(category=kind, language="de")
    machine = ReplyFactory(
        parent=one.parent, accepted=True, origin="model", author=None, generator="m"
    )
    accepted_reply(dataset)
    judgements.rank(
        prompt_id=one.parent.pk,
        by=curator,
        outcome="ranked",
        shown=[one.pk, machine.pk],
        positions={one.pk: 2, machine.pk: 1},
    )

    def frozen(**recipe):
        return chosen(versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe))

    assert frozen(categories=["maths"]) == frozen(languages=["de"]) == {one.pk, machine.pk}
    assert frozen(categories=["maths"], best_replies=1) == {machine.pk}
    assert frozen(categories=["maths"], with_models=False) == {one.pk}


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [
        (
            {"category": ["maths"]},
            "has no “category”; it knows agreement_from, best_replies, cap_per",
        ),
        ({"categories": "maths"}, "“categories” is a list of names"),
        ({"languages": [1]}, "“languages” is a list of names"),
        ({"best_replies": -1}, "counts from 1"),
        ({"best_replies": "two"}, "counts from 1"),
        ({"best_replies": True}, "counts from 1"),
        ({"with_models": "no"}, "true or false"),
    ],
)
def test_a_recipe_that_says_something_unknown_is_refused(dataset, curator, recipe, problem):
    accepted_reply(dataset)

    with pytest.raises(CurationError, match=problem):
        versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)


def test_an_empty_version_is_refused_and_only_curators_freeze(dataset, curator):
    with pytest.raises(CurationError, match="Nothing is accepted yet"):
        versions.freeze(dataset_id=dataset.pk, by=curator)
    with pytest.raises(NotAllowed):
        versions.freeze(dataset_id=dataset.pk, by=ContributorFactory(member=dataset))


def test_a_text_changed_behind_winnows_back_is_noticed(dataset, curator):
    reply = accepted_reply(dataset)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    edit_behind_winnows_back(reply)

    assert versions.verify(version) == ["Item 0: its text is not what was frozen."]
    with pytest.raises(CurationError, match="the text of item 0 is not what was frozen"):
        handoff.files(version.pk)


def test_a_prompt_changed_behind_winnows_back_is_noticed_too(dataset, curator, folder):
    reply = accepted_reply(dataset)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    edit_behind_winnows_back(reply.parent)

    assert len(versions.verify(version)) == 1
    with pytest.raises(CurationError):
        handoff.files(version.pk)
    assert list(folder.iterdir()) == []  # nothing half-written stays


def test_the_files_hold_canonical_lines_and_hash_to_what_the_manifest_says(
    dataset, curator
):
    for _ in range(12):
        accepted_reply(dataset)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    folder = handoff.files(version.pk)

    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["digest"] == version.digest == folder.name
    written = lines(folder) + lines(folder, "held_out")
    assert len(written) == version.item_count == 12
    for name, sha256 in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        if name.endswith(".jsonl"):
            assert content == b"".join(
                canonical(json.loads(line)) + b"\n" for line in content.splitlines()
            )
    beside = {"digest", "files", "rows", "written_by"}
    facts = {k: v for k, v in manifest.items() if k not in beside}
    assert digest(facts) == version.digest
    assert handoff.files(version.pk) == folder  # kept


def test_a_record_holds_the_conversation_so_far_and_the_passage(dataset, curator):
    first = accepted_reply(dataset, text="One.")
    Message.objects.filter(pk=first.parent.pk).update(text="Ask.", context="A passage.")
    follow_up = MessageFactory(
        conversation=first.conversation, parent=first, accepted=True, text="And?"
    )
    last = ReplyFactory(parent=follow_up, accepted=True, text="Two.")
    Conversation.objects.update(split="train")

    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    [found] = [r for r in lines(handoff.files(version.pk)) if r["id"] == str(last.uid)]
    assert found["prompt"] == [
        {"role": "user", "content": "Ask.\n\nA passage."},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "And?"},
    ]
    assert found["completion"] == [{"role": "assistant", "content": "Two."}]
    assert found["prompt_id"] == str(follow_up.uid)


# ---- train and held out --------------------------------------------------------------
def sides(dataset):
    found = Conversation.objects.filter(dataset=dataset).order_by("pk")
    return dict(found.values_list("pk", "split"))


def write(dataset, curator, *prompts):
    for text in prompts:
        conversations.write_prompt(dataset=dataset, by=curator, text=text)


def test_the_same_words_never_stand_on_both_sides(dataset, curator):
    write(dataset, curator, *[f"Question {n}?" for n in range(40)])
    write(dataset, curator, *[f"question  {n}" for n in range(40)])

    found = list(sides(dataset).values())
    assert found[:40] == found[40:]
    assert set(found) == {"train", "held_out"}


def test_growing_and_another_percentage_move_nothing_that_is_there(dataset, curator):
    write(dataset, curator, *[f"Question {n}?" for n in range(40)])
    before = sides(dataset)

    datasets.set_policy(dataset=dataset, by=curator, held_out_percent=50)
    dataset.refresh_from_db()
    write(dataset, curator, *[f"Another {n}?" for n in range(20)])

    assert before.items() <= sides(dataset).items()


def test_words_that_are_there_keep_their_side_under_another_percentage(dataset, curator):
    write(dataset, curator, *[f"Question {n}?" for n in range(40)])
    datasets.set_policy(dataset=dataset, by=curator, held_out_percent=50)
    dataset.refresh_from_db()

    write(dataset, curator, *[f"Question {n}?" for n in range(40)])

    found = list(sides(dataset).values())
    assert found[:40] == found[40:]


def test_the_counts_of_a_version_are_those_of_its_items(dataset, curator):
    for _ in range(5):
        accepted_reply(dataset)
    Conversation.objects.filter(pk=Conversation.objects.earliest("pk").pk).update(
        split="held_out"
    )

    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    assert (version.train_count, version.held_out_count) == (4, 1)
    assert version.items.filter(split="held_out").count() == 1
    assert DatasetVersion.objects.get().item_count == 5
