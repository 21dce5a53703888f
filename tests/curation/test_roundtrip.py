"""What came in goes out again as it was, through the record and what people did in it."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from curation import forest
from curation.actions import destruction, exports, messages, withdrawals
from curation.errors import CurationError, NotAllowed
from curation.formats.pseudonyms import Pseudonyms
from curation.formats.registry import FORMATS
from curation.formats.trees import Terms
from curation.models import Ballot, Conversation, Erasure, Event, Message, Original
from tests.curation.lines import answer, node, take
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
EMAIL = "cleo@example.org"
BESIDE = {
    "user_id": "u-17", "created_date": "2023-02-05T14:23:50.983374+00:00",
    "review_count": 3, "deleted": False, "synthetic": False,
    "emojis": {"+1": 2, "_skip_labeling": 1},
    "labels": {"quality": {"value": 0.625, "count": 4}},
    "detoxify": {"toxicity": 0.00044548, "insult": 1e-7},
    "events": {"ranking": [{"ranked_message_ids": ["m1"]}]},
}  # fmt: skip


@pytest.fixture
def dataset():
    return DatasetFactory(slug="handbook", policy__replies_wanted=2)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(email=EMAIL, member=dataset, member__roles=["curator"])


def linked(prompt):
    """With the parents' ids, as in a real file."""
    for reply in prompt["replies"]:
        reply["parent_id"] = prompt["message_id"]
        linked(reply)
    return prompt


def tree_of(*replies, **fields):
    prompt = linked(node("Ask", *replies, **BESIDE, **fields))
    return {"message_tree_id": "other", "tree_state": "ready_for_export", "prompt": prompt}


def out(dataset, format="oasst", states=forest.ACCEPTED, **terms):
    return list(forest.rows(dataset, FORMATS[format], Terms(**terms), states=states))


def test_a_tree_comes_back_equal_field_by_field(dataset):
    replies = [
        answer("Two", **BESIDE, rank=3),
        answer("One e\u0301 \n", node("And?", message_id="no-uuid"), **BESIDE, rank=1),
        answer("By a model", **BESIDE | {"synthetic": True, "model_name": "chip"}, rank=3),
    ]
    raw = tree_of(*replies)

    take(dataset, raw)

    assert Message.objects.filter(text="One é").exists()
    assert out(dataset) == [raw]


def test_what_nobody_decided_there_or_here_comes_back_undecided(dataset):
    raw = tree_of(
        answer("Open", review_result=None), answer("Refused", review_result=False)
    )
    raw["prompt"]["replies"][0].pop("review_result")
    raw["prompt"].pop("review_result")

    take(dataset, raw)

    assert out(dataset, states=forest.JUDGED) == [raw]
    (accepted,) = out(dataset)
    assert accepted["prompt"]["replies"] == []


def test_what_people_decide_here_goes_out_in_place_of_what_the_file_said(dataset):
    take(dataset, tree_of(answer("Refused", review_result=False, review_count=2)))
    refused = Message.objects.get(text="Refused")
    reviewers = ContributorFactory.create_batch(
        3, member=dataset, member__roles=["reviewer"]
    )
    for reviewer in reviewers[: dataset.policy.approvals_needed]:
        messages.review(message_id=refused.pk, by=reviewer, verdict="accept")

    (raw,) = out(dataset)

    (reply,) = raw["prompt"]["replies"]
    assert reply["review_result"] is True
    assert reply["review_count"] == 2 + refused.reviews.count()


def test_labels_of_there_and_here_are_one_mean_of_all_voices(dataset):
    take(dataset, tree_of(answer("Open", review_result=None, labels=BESIDE["labels"])))
    reviewer = ContributorFactory(member=dataset, member__roles=["reviewer"])
    messages.review(
        message_id=Message.objects.get(text="Open").pk,
        by=reviewer,
        verdict="accept",
        labels={"quality": 2, "spam": 0},
    )

    (raw,) = out(dataset, states=forest.JUDGED)

    assert raw["prompt"]["replies"][0]["labels"] == {
        "quality": {"value": 0.55, "count": 5},  # 0.625 by four, a quarter by one
        "spam": {"value": 0.0, "count": 1},
    }


def test_ranks_are_the_files_own_until_people_here_order_otherwise(dataset):
    take(dataset, tree_of(answer("Fair", rank=4), answer("Good", rank=2)))
    prompt = Message.objects.get(text="Ask")
    settled = prompt.settlement

    def ranks():
        return [one["rank"] for one in out(dataset)[0]["prompt"]["replies"]]

    assert ranks() == [4, 2]
    settled.order = list(reversed(settled.order))
    settled.save()
    assert ranks() == [0, 1]


def test_what_was_taken_back_stays_here_with_all_below_it(dataset):
    raw = tree_of(answer("Gone", node("Below")), answer("Stays"))
    take(dataset, raw)
    Message.objects.filter(text="Gone").update(state="withdrawn")

    (found,) = out(dataset, states=forest.JUDGED)

    assert [one["text"] for one in found["prompt"]["replies"]] == ["Stays"]


def test_with_names_drawn_anew_nobody_is_told_by_ids_dates_or_events(dataset):
    take(dataset, tree_of(answer("One", **BESIDE, nickname="Bo Peep")))
    mine = ReplyFactory(
        parent=Message.objects.get(text="Ask"), accepted=True, text="Written here"
    )

    (found,) = out(dataset, names=Pseudonyms(b"k" * 32))
    (again,) = out(dataset, names=Pseudonyms(b"k" * 32))
    (other,) = out(dataset, names=Pseudonyms(b"o" * 32))

    assert found == again
    prompt = found["prompt"]
    first, second = prompt["replies"]
    assert first["parent_id"] == second["parent_id"] == prompt["message_id"]
    assert prompt["user_id"] == first["user_id"] != other["prompt"]["user_id"]
    assert second["user_id"] not in ("", str(mine.author_id), first["user_id"])
    assert prompt["created_date"] == "2023-02"
    said = json.dumps(found)
    for telling in ("Bo Peep", "u-17", "other", "ranked_message_ids", str(mine.uid)):
        assert telling not in said


def test_as_it_is_an_export_names_nobody_of_ours(dataset):
    take(dataset, tree_of())
    ReplyFactory(parent=Message.objects.get(text="Ask"), accepted=True)

    (found,) = out(dataset)

    (reply,) = found["prompt"]["replies"]
    assert "user_id" not in reply
    assert (reply["deleted"], reply["synthetic"], reply["review_count"]) == (
        False,
        False,
        0,
    )


def test_erasing_a_text_destroys_what_a_file_said_of_it(dataset):
    take(dataset, tree_of(answer("One", **BESIDE)))
    one = Message.objects.get(text="One")
    admin = ContributorFactory(is_staff=True)
    asked = Erasure.objects.create(person=ContributorFactory(), asked_by=admin)
    Message.objects.filter(pk=one.pk).update(state="withdrawn", decided_at=one.created_at)

    destruction.destroy_texts([one.pk], asked=asked, by=admin)

    assert not Original.objects.exists()


def test_erasing_what_was_written_here_leaves_the_files_words_alone(dataset):
    take(dataset, tree_of(answer("One", **BESIDE)))
    mine = ReplyFactory(parent=Message.objects.get(text="Ask"), accepted=True)
    admin = ContributorFactory(is_staff=True)
    asked = Erasure.objects.create(person=mine.author, asked_by=admin)
    withdrawals.take_back(message_id=mine.pk, by=mine.author)

    destruction.destroy_texts([mine.pk], asked=asked, by=admin)

    assert Original.objects.count() == 2


# ---- other formats ---------------------------------------------------------------------
def test_an_instruction_goes_through_the_record_and_a_passage_stays_one(dataset):
    row = {"messages": [{"role": "system", "content": " Be brief.\n"},
                        {"role": "user", "content": "Ask"},
                        {"role": "assistant", "content": "Answer"}]}  # fmt: skip

    take(dataset, row, format="chat")

    assert Message.objects.get(parent=None).context == "Be brief."
    assert out(dataset, "chat") == [row]
    assert out(dataset, "dolly")[0]["context"] == " Be brief.\n"


def test_a_category_goes_out_as_the_file_spelled_it_while_it_is_that_one(dataset):
    row = {"instruction": "Why?", "context": "", "response": "So.", "category": "Open QA!"}
    take(dataset, row, format="dolly")

    assert out(dataset, "dolly") == [row]

    Conversation.objects.update(category=CategoryFactory(dataset=dataset, slug="brief"))
    assert out(dataset, "dolly")[0]["category"] == "brief"


def test_good_and_bad_answers_come_back_as_such_and_bad_ones_wait_for_review(dataset):
    rows = [
        {"prompt": [{"role": "user", "content": "Ask"}],
         "completion": [{"role": "assistant", "content": text}], "label": label}
        for text, label in (("Good", True), ("Bad", False))
    ]  # fmt: skip

    take(dataset, *rows, format="unpaired")

    assert Message.objects.get(text="Bad").state == "submitted"
    assert out(dataset, "unpaired", states=forest.JUDGED) == rows


def test_comparisons_become_one_ballot(dataset):
    rows = [
        {"prompt": "Ask", "chosen": chosen, "rejected": rejected}
        for chosen, rejected in [("a", "b"), ("a", "c"), ("b", "c")]
    ]

    report = take(dataset, *rows, format="preference")

    assert (report.conversations, report.messages, report.rankings) == (1, 4, 1)
    placed = Ballot.objects.get().entries.values_list("reply__text", "position")
    assert set(placed) == {("a", 1), ("b", 2), ("c", 3)}
    assert len(out(dataset, "preference")) == 3
    assert take(dataset, *rows, format="preference").unchanged == 1


def test_pairs_take_chats_of_two_turns_and_say_why_no_others():
    dataset = DatasetFactory(pairs=True)
    said = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    turns = [{"role": role, "content": text} for role, text in said]
    rows = [{"messages": turns}, {"messages": turns[2:3]}, {"messages": turns[2:]}]

    report = take(dataset, rows[0], format="chat")
    report_of_one = take(dataset, rows[1], format="chat")
    taken = take(dataset, rows[2], format="chat")

    assert "more than two turns" in report.problems[0].reason
    assert "has no answer" in report_of_one.problems[0].reason
    assert (taken.conversations, taken.bad) == (1, 0)


def test_queries_do_not_grow_with_the_conversations(dataset, django_assert_num_queries):
    def trees(numbers):
        for number in numbers:
            prompt = node(f"Ask {number}", answer(f"Answer {number}", **BESIDE))
            yield {"message_tree_id": f"t{number}", "prompt": prompt}

    take(dataset, *trees(range(3)))
    # Categories, conversations; messages, originals, settlements, reviews, labels; and four
    # for the transaction in which the planner is told to go by keys.
    with django_assert_num_queries(11):
        assert len(out(dataset)) == 3
    take(dataset, *trees(range(3, 12)))
    with django_assert_num_queries(11):
        assert len(out(dataset)) == 12


# ---- by hand ---------------------------------------------------------------------------
def run(command, *words):
    return call_command(command, *map(str, words), "--by", EMAIL)


def test_a_table_with_other_names_comes_in_and_goes_out_by_command(
    dataset, curator, tmp_path, capsys
):
    table = tmp_path / "table.csv"
    table.write_text('Frage;Antwort\n"Warum?";"\'=Darum;\n"\n', encoding="utf-8")

    run("import_data", "handbook", table, "--format", "dolly",
        "--column", "instruction=Frage", "--column", "response=Antwort")  # fmt: skip
    run("export_data", "handbook", tmp_path / "out.csv", "--format", "alpaca")

    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig") == (
        'instruction,input,output\nWarum?,,"\'=Darum;\n"\n'
    )
    assert "not in it: Categories." in capsys.readouterr().err
    told = Event.objects.get(kind="data.exported").data
    assert told == {"format": "alpaca", "states": ["accepted"], "is_renamed": True}


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl.gz", "out.json"])
def test_what_a_command_writes_another_one_reads(dataset, curator, tmp_path, name):
    take(dataset, {"instruction": "Why?", "response": "So."}, format="dolly")
    other = DatasetFactory(slug="other")
    ContributorFactory(member=other)
    curator.memberships.create(dataset=other, role="curator")

    run("export_data", "handbook", tmp_path / name, "--format", "chat")
    run("import_data", "other", tmp_path / name, "--format", "chat")

    assert out(other, "chat") == out(dataset, "chat")


def test_what_stands_before_a_fault_of_the_whole_file_is_taken(
    dataset, curator, tmp_path, capsys
):
    turns = [{"role": "user", "content": "Ask"}, {"role": "assistant", "content": "Yes"}]
    cut_off = tmp_path / "chats.json"
    cut_off.write_text(json.dumps([{"messages": turns}, {"messages": turns}])[:-9])

    run("import_data", "handbook", cut_off, "--format", "chat")

    assert Message.objects.filter(text="Yes").exists()
    assert "line 2: The JSON list ends in the middle" in capsys.readouterr().err


def test_a_file_that_is_there_is_not_written_over(dataset, curator, tmp_path):
    there = tmp_path / "out.jsonl"
    there.write_text("mine")

    with pytest.raises(CommandError, match="File exists"):
        run("export_data", "handbook", there, "--format", "chat")

    assert there.read_text() == "mine"


def test_trees_do_not_go_into_a_table(dataset, curator, tmp_path):
    with pytest.raises(CommandError, match=r"go into \.jsonl, \.json files"):
        run("export_data", "handbook", tmp_path / "out.csv", "--format", "oasst")


def test_a_column_must_be_given_as_a_pair(dataset, curator, tmp_path):
    with pytest.raises(CommandError, match="“x” is not FIELD=COLUMN"):
        run("import_data", "handbook", "-", "--format", "dolly", "--column", "x")


def test_only_curators_take_a_record_out(dataset):
    asked = {"dataset": dataset, "terms": Terms(), "format": "chat"}
    with pytest.raises(NotAllowed):
        exports.export_rows(**asked, by=ContributorFactory(member=dataset))


def test_what_is_only_read_is_not_written(dataset, curator):
    with pytest.raises(CurationError, match="no format “responses” to write"):
        exports.export_rows(dataset=dataset, terms=Terms(), format="responses", by=curator)
