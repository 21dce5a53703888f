"""Rows to train on: streams from the door, and files where the recipe asks for them."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from curation import handoff
from curation.actions import judgements, messages, versions, withdrawals
from curation.errors import CurationError
from curation.models import Conversation, Message, MessageSalt
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2, licence="CC0-1.0")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path


@pytest.fixture
def freeze(dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])

    def frozen(**recipe):
        version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
        assert versions.verify(version) == []
        return version

    return frozen


def ranked(dataset, *ballots, texts=("Best.", "Good.", "Poor.")):
    """Answers of one prompt, and ballots that put them in these orders."""
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True, text="Why?")
    replies = [ReplyFactory(parent=prompt, accepted=True, text=text) for text in texts]
    for order in ballots:
        judgements.rank(
            prompt_id=prompt.pk,
            by=ContributorFactory(member=dataset),
            outcome="ranked",
            shown=[reply.pk for reply in replies],
            positions={replies[n].pk: place for place, n in enumerate(order, start=1)},
        )
    return replies


def edited(dataset, text="It reflects the sea, i think."):
    """An answer and the reviewer's edit that was accepted in its place."""
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    original = ReplyFactory(parent=prompt, text=text)
    messages.review(
        message_id=original.pk,
        by=ContributorFactory(member=dataset),
        verdict="edit",
        edited_text="It scatters.",
    )
    original.refresh_from_db()
    return original, Message.objects.get(revises=original)


def said(row, *names):
    """Only the words of some messages."""
    return tuple(row[name][0]["content"] for name in names)


def test_chats_come_with_their_group_licence_and_weight(dataset, freeze):
    [reply, *_] = ranked(dataset)

    rows = list(handoff.supervised(freeze().pk))

    assert len(rows) == 3
    [row] = [row for row in rows if row["id"] == str(reply.uid)]
    assert row["messages"] == [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "Best."},
    ]
    assert row["group"] == str(reply.conversation.uid)
    assert (row["licence"], row["weight"]) == ("CC0-1.0", 100)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("best_worst", {("Best.", "Poor.")}),
        ("adjacent", {("Best.", "Good."), ("Good.", "Poor.")}),
        ("all", {("Best.", "Good."), ("Good.", "Poor."), ("Best.", "Poor.")}),
    ],
)
def test_pairs_follow_the_policy(dataset, freeze, policy, expected):
    ranked(dataset, [0, 1, 2], [0, 1, 2])

    rows = list(handoff.preference_pairs(freeze(pairs=policy).pk))

    assert {said(row, "chosen", "rejected") for row in rows} == expected
    assert all(row["votes"] == row["margin"] == 2 for row in rows)
    assert rows[0]["agreement"] == 100
    assert rows[0]["prompt"] == [{"role": "user", "content": "Why?"}]


def test_a_later_ballot_changes_nothing_that_is_frozen(dataset, freeze):
    replies = ranked(dataset, [0, 1, 2], [0, 1, 2])
    version = freeze(pairs="all")
    before = list(handoff.preference_pairs(version.pk))

    judgements.rank(
        prompt_id=replies[0].parent_id,
        by=ContributorFactory(member=dataset),
        outcome="ranked",
        shown=[reply.pk for reply in replies],
        positions={reply.pk: place for place, reply in enumerate(replies[::-1], 1)},
    )

    assert versions.verify(version) == []
    assert list(handoff.preference_pairs(version.pk)) == before
    assert freeze(pairs="all").digest != version.digest


def test_where_people_disagree_shares_take_the_place_of_a_winner(dataset, freeze):
    ranked(dataset, [0, 1], [1, 0], texts=("One.", "Other."))

    version = freeze(pairs="all", contested="soft")

    [row] = handoff.preference_pairs(version.pk)
    assert (row["margin"], row["votes"], row["share"]) == (0, 2, 500)
    assert row["status"] == "contested"
    assert list(handoff.unpaired(version.pk)) == []


def test_rankings_have_all_answers_with_their_places(dataset, freeze):
    ranked(dataset, [2, 0, 1], [2, 0, 1])

    [row] = handoff.rankings(freeze(pairs="all").pk)

    found = {answer["content"]: answer["place"] for answer in row["answers"]}
    assert found == {"Poor.": 0, "Best.": 1, "Good.": 2}
    assert (row["votes"], row["status"]) == (2, "consensus")


def test_single_judgements_are_of_the_ends(dataset, freeze):
    ranked(dataset, [0, 1, 2], [0, 1, 2])
    ReplyFactory(parent__conversation__dataset=dataset, parent__accepted=True,
                 accepted=True, text="Alone.")  # fmt: skip

    rows = list(handoff.unpaired(freeze(pairs="all").pk))

    found = {said(row, "completion")[0]: row["label"] for row in rows}
    assert found == {"Best.": True, "Poor.": False, "Alone.": True}


def test_only_answers_that_the_version_takes_are_compared(dataset, freeze):
    ranked(dataset, [0, 1, 2], [0, 1, 2])

    rows = list(handoff.preference_pairs(freeze(pairs="all", best_replies=2).pk))

    assert [said(row, "chosen", "rejected") for row in rows] == [("Best.", "Good.")]


# ---- a reviewer's edit -----------------------------------------------------------------
def test_an_edit_is_preferred_to_the_words_that_it_replaced(dataset, freeze):
    original, edit = edited(dataset)

    version = freeze(edits=True)

    item = version.items.get()
    assert (item.reply, item.instead_of) == (edit, original)
    [row] = handoff.preference_pairs(version.pk)
    assert said(row, "chosen", "rejected") == (
        "It scatters.",
        "It reflects the sea, i think.",
    )
    assert (row["source"], row["chosen_id"]) == ("edit", str(edit.uid))
    labels = [row["label"] for row in handoff.unpaired(version.pk)]
    assert labels == [True, False]
    assert set(MessageSalt.objects.values_list("pk", flat=True)) == {
        original.pk, edit.pk, edit.parent_id,
    }  # fmt: skip


def test_words_with_personal_data_are_not_frozen_beside_their_edit(dataset, freeze):
    edited(dataset, text="Ask jo@example.org about it.")

    assert freeze(edits=True).items.get().instead_of is None


def test_words_that_their_author_took_back_are_left_out(dataset, freeze):
    original, _ = edited(dataset)
    # Alone, as only older records have it: the edit goes with it since.
    Message.objects.filter(pk=original.pk).update(state="withdrawn")

    assert freeze(edits=True).items.get().instead_of is None


def test_an_edit_goes_with_the_words_that_it_was_made_of(dataset, freeze):
    original, _ = edited(dataset)
    withdrawals.take_back(message_id=original.pk, by=original.author)

    with pytest.raises(CurationError, match="Nothing is accepted"):
        freeze(edits=True)


def test_no_recipe_asks_for_edits_by_itself(dataset, freeze):
    edited(dataset)

    assert freeze().items.get().instead_of is None


# ---- files -----------------------------------------------------------------------------
def test_lines_and_columns_of_a_file_say_the_same(dataset, freeze):
    ranked(dataset, [0, 1, 2], [0, 1, 2])
    edited(dataset)
    Conversation.objects.filter(pk=Conversation.objects.latest("pk").pk).update(
        split="held_out"
    )

    version = freeze(pairs="all", edits=True)
    folder = handoff.files(version.pk)

    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["rows"] == {
        "records_train": 3, "records_held_out": 1, "pairs_train": 3, "pairs_held_out": 1,
        "rankings_train": 1, "rankings_held_out": 0, "unpaired_train": 2,
        "unpaired_held_out": 2,
    }  # fmt: skip
    for name in ("pairs_train", "pairs_held_out", "rankings_train", "unpaired_held_out"):
        written = (folder / f"{name}.jsonl").read_text().splitlines()
        columns = pq.read_table(folder / f"{name}.parquet").to_pylist()
        assert [json.loads(line) for line in written] == columns
    [*columns] = pq.read_table(folder / "train.parquet").to_pylist()
    lines = (folder / "train.jsonl").read_text().splitlines()
    assert [row["id"] for row in columns] == [json.loads(line)["id"] for line in lines]
    assert {row["licence"] for row in columns} == {"CC0-1.0"}
    assert "licence" not in json.loads(lines[0])  # what the trainer reads stays as it was


def test_a_recipe_that_asks_for_no_pairs_has_no_files_of_them(dataset, freeze):
    ranked(dataset, [0, 1, 2], [0, 1, 2])
    version = freeze()

    names = {path.name for path in handoff.files(version.pk).iterdir()}

    assert names == {
        "train.jsonl", "train.parquet", "held_out.jsonl", "held_out.parquet",
        "manifest.json",
    }  # fmt: skip
    with pytest.raises(CurationError, match="its recipe asks for no “pairs”"):
        list(handoff.preference_pairs(version.pk))


def test_erased_words_are_in_no_row(dataset, freeze):
    replies = ranked(dataset, [0, 1, 2], [0, 1, 2])
    version = freeze(pairs="all")
    MessageSalt.objects.filter(message=replies[0]).delete()

    rows = list(handoff.preference_pairs(version.pk))

    assert [said(row, "chosen", "rejected") for row in rows] == [("Good.", "Poor.")]
    [ranking] = handoff.rankings(version.pk)
    assert {one["content"] for one in ranking["answers"]} == {"Good.", "Poor."}
