from __future__ import annotations

import json

import pytest

from curation.actions import imports
from curation.errors import BadLine, CurationError, NotAllowed
from curation.models import (
    Ballot,
    Conversation,
    Event,
    Finding,
    Message,
    Settlement,
)
from tests.curation.lines import (
    answer,
    node,
    read_line,
    records_in_a_clean_place,
    take,
    tree,
)
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=2, policy__max_depth=2)


def texts(dataset, **wanted):
    found = Message.objects.filter(conversation__dataset=dataset, **wanted)
    return sorted(found.values_list("text", flat=True))


def test_a_tree_arrives_with_its_shape_and_nobody_as_its_author(dataset):
    follow_up = node("Why?", answer("Because."))
    report = take(dataset, tree(node("Ask", answer("One", follow_up), answer("Two"))))

    assert report.counts() == {
        "conversations": 1,
        "messages": 5,
        "rankings": 0,
        "unchanged": 0,
        "bad": 0,
    }
    because = Message.objects.get(text="Because.")
    assert [m.text for m in because.path()] == ["Ask", "One", "Why?", "Because."]
    assert (because.author, because.origin, because.state) == (None, "import", "accepted")


def test_ranks_become_one_ballot_that_settles_the_prompt(dataset):
    replies = [answer("Bad", rank=2), answer("Good", rank=0), answer("Fair", rank=2)]

    take(dataset, tree(node("Ask", *replies)))

    ballot = Ballot.objects.get()
    assert ballot.ranker is None
    placed = ballot.entries.order_by("shown").values_list("reply__text", "position")
    assert list(placed) == [("Bad", 2), ("Good", 1), ("Fair", 2)]
    order = Settlement.objects.get().order
    assert [sorted(Message.objects.get(pk=pk).text for pk in group) for group in order] == [
        ["Good"],
        ["Bad", "Fair"],
    ]
    # People have ranked already: nothing more is asked for.
    assert Conversation.objects.get().state == "complete"


def test_a_single_rank_is_no_ballot(dataset):
    take(dataset, tree(node("Ask", answer("One", rank=0), answer("Two"))))

    assert not Ballot.objects.exists()


def test_what_was_deleted_stays_out_with_all_below_it(dataset):
    gone = answer("Gone", node("Below"), deleted=True)

    take(dataset, tree(node("Ask", gone, answer("Stays"))))

    assert texts(dataset) == ["Ask", "Stays"]


def test_what_nobody_accepted_there_waits_for_review_here(dataset):
    replies = [answer("Open", review_result=None), answer("Refused", review_result=False)]

    take(dataset, tree(node("Ask", *replies, review_result=None)))

    assert texts(dataset, state="submitted") == ["Open", "Refused"]
    assert texts(dataset, state="accepted") == ["Ask"]  # the root of a ready tree


def test_everything_can_arrive_for_review(dataset):
    take(dataset, tree(node("Ask", answer("One"))), as_state="submitted")

    assert texts(dataset, state="submitted") == ["Ask", "One"]
    assert Conversation.objects.get().state == "review"


def test_a_synthetic_message_names_its_model(dataset):
    written = answer("Beep", synthetic=True, model_name="chip20b")

    take(dataset, tree(node("Ask", written, answer("Boop", synthetic=True))))

    assert list(
        Message.objects.filter(origin="model")
        .order_by("pk")
        .values_list("generator", "author")
    ) == [("chip20b", None), ("unknown model", None)]


def test_a_second_import_adds_nothing(dataset):
    line = tree(node("Ask", answer("One", rank=0), answer("Two", rank=1)))
    take(dataset, line)
    before = (Message.objects.count(), Ballot.objects.count(), Finding.objects.count())

    report = take(dataset, line, line)

    assert report.counts()["unchanged"] == 2
    assert before == (
        Message.objects.count(),
        Ballot.objects.count(),
        Finding.objects.count(),
    )


def test_a_bad_tree_is_reported_and_leaves_nothing_behind(dataset):
    bad = tree(node("Ask", answer("Half"), answer("Wrong role", role="prompter")))

    report = take(dataset, tree(node("First")), bad, b"", tree(node("Last")))

    assert [(one.line, one.said) for one in report.problems] == [
        (2, "A message has the role “prompter” where “assistant” is due.")
    ]
    assert texts(dataset) == ["First", "Last"]


def test_history_has_a_line_per_message_and_one_for_the_file(dataset):
    take(dataset, tree(node("Ask", answer("One"))), file_name="trees.jsonl")

    assert Event.objects.filter(kind="message.imported").count() == 2
    finished = Event.objects.get(kind="import.finished")
    assert finished.data["file"] == "trees.jsonl"
    assert finished.data["messages"] == 2


def test_a_dataset_of_pairs_refuses_trees():
    with pytest.raises(CurationError, match="holds pairs"):
        take(DatasetFactory(pairs=True), tree(node("Ask")))


def test_only_its_curators_import_into_a_dataset(dataset):
    with pytest.raises(NotAllowed):
        imports.import_lines(
            dataset=dataset, lines=[], format="oasst", by=ContributorFactory(member=dataset)
        )


def test_the_same_file_gives_the_same_records_anywhere(dataset):
    replies = [answer(f"Answer {n}", node(f"And {n}?"), rank=n) for n in range(4)]
    lines = [tree(node(f"Ask {n}", *replies)) for n in range(3)]

    once = records_in_a_clean_place(dataset, *lines)
    again = records_in_a_clean_place(dataset, *reversed(lines))

    assert once == again


@pytest.mark.parametrize(
    "line, problem",
    [
        ("[]", "The line holds a list"),
        ("{", "This is not JSON"),
        ('{"a', "This is not JSON: Unterminated string starting at character 2."),
        ('{"prompt": NaN}', "NaN is not a JSON number"),
        ('{"prompt": ' + "9" * 5000 + "}", "number that is too long"),
        ("[" * 200_000, "nested too deep"),
        ('{"instruction": "x"}', "not a line of an Open Assistant tree"),
        (json.dumps({"prompt": node(" \n")}), "“text” is empty"),
        (json.dumps({"prompt": node(7)}), "“text” is a number; a text is needed"),
        (json.dumps({"prompt": node("x", deleted=True)}), "The first prompt is deleted"),
        (json.dumps({"prompt": node("x", answer("y", rank=-1))}), "counts from 0"),
        (json.dumps({"prompt": node("x", answer("y", rank=True))}), "whole number"),
        (json.dumps({"prompt": node("x", answer("y"), answer("y"))}), "is there twice"),
        (json.dumps({"prompt": node("x", "y")}), "only objects are expected"),
        (json.dumps({"prompt": node("x", lang="x" * 13)}), "at most 12 fit"),
        (json.dumps({"prompt": node("x" * 20_001)}), "20,001 characters; at most 20,000"),
        (json.dumps({"prompt": node("x", *[answer(f"{n}") for n in range(101)])}),
         "more than 100 replies"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_says_why(line, problem):
    with pytest.raises(BadLine, match=problem):
        read_line(line, format="oasst")


def test_a_tree_deeper_than_people_talk_is_refused():
    deep = node("0")
    below = deep
    for depth in range(1, 101):
        make = answer if depth % 2 else node
        below["replies"] = [make(str(depth))]
        below = below["replies"][0]

    with pytest.raises(BadLine, match="deeper than 100 messages"):
        read_line(json.dumps({"prompt": deep}), format="oasst")


def test_ids_that_are_no_uuids_are_taken():
    prompt = node("Ask", message_id="anonymous-17")

    (found,) = read_line(json.dumps({"prompt": prompt}), format="oasst")

    assert found.key == found.root.key
    assert found.key.startswith("oasst:")


@pytest.mark.parametrize(
    "text, problem",
    [("a\ud800b", "half of a surrogate pair at character 2"), ("a\0", "NUL")],
)
def test_what_a_database_cannot_keep_is_refused_not_dropped(text, problem):
    with pytest.raises(BadLine, match=problem):
        read_line(json.dumps({"prompt": node(text)}), format="oasst")
