from __future__ import annotations

import pytest

from curation.actions import imports, judgements, messages
from curation.models import Conversation, Event, Message
from tests.curation.lines import take
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=2, policy__max_depth=2)


def response(text, prompt="What is C?", model="tiny-1", **fields):
    return {"prompt": prompt, "response": text, "model": model, "sampling": "k50", **fields}


def test_answers_are_proposals_under_their_prompt(dataset):
    report = take(dataset, response("One"), response("Two"), format="responses")

    assert (report.conversations, report.messages) == (1, 3)
    root = Message.objects.get(parent=None)
    assert (root.origin, root.state) == ("import", "accepted")
    proposals = root.replies.values_list("origin", "generator", "state").distinct()
    assert list(proposals) == [("model", "tiny-1", "submitted")]
    assert Conversation.objects.get().state == "ranking"


def test_answers_to_one_prompt_may_stand_far_apart(dataset, monkeypatch):
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 2)

    take(
        dataset,
        response("One"),
        response("Else", prompt="Another?"),
        response("Last", prompt="Third?"),
        response("Two"),
        format="responses",
    )

    root = Message.objects.get(text="What is C?")
    assert sorted(root.replies.values_list("text", flat=True)) == ["One", "Two"]
    assert root.conversation.state == "ranking"


def test_signs_make_another_prompt_and_spaces_do_not(dataset):
    take(
        dataset,
        response("A", prompt="What is C++?"),
        response("B", prompt="What  is\nC?"),
        response("C"),
        format="responses",
    )

    assert Conversation.objects.count() == 2


def test_the_same_text_by_the_same_model_counts_once(dataset):
    lines = [
        response("One"),
        response("One", sampling="nucleus"),
        response("One", model="b"),
    ]

    report = take(dataset, *lines, format="responses")

    assert (report.messages, report.unchanged) == (3, 1)
    again = take(dataset, *lines, format="responses")
    assert (again.conversations, again.messages, again.unchanged) == (0, 0, 3)


def test_a_later_file_asks_people_to_rank_once_more(dataset):
    take(dataset, response("One"), response("Two"), format="responses")
    root = Message.objects.get(parent=None)
    judgements.rank(
        prompt_id=root.pk,
        by=ContributorFactory(member=dataset),
        outcome="ranked",
        shown=list(root.replies.values_list("pk", flat=True)),
        positions={pk: n for n, pk in enumerate(root.replies.values_list("pk", flat=True))},
    )
    root.conversation.refresh_from_db()
    assert root.conversation.state == "complete"

    take(dataset, response("Three"), format="responses")

    root.refresh_from_db()
    assert (root.ranking_round, root.conversation.state) == (2, "ranking")


def test_nothing_goes_under_a_prompt_that_was_set_aside(dataset):
    take(dataset, response("One"), format="responses")
    root = Message.objects.get(parent=None)
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    messages.hold(message_id=root.pk, by=curator, why="Somebody is named.")

    report = take(dataset, response("Two"), format="responses")

    [problem] = report.problems
    assert (problem.line, problem.said) == (1, "Its prompt is there already, and held.")
    assert root.replies.count() == 1


def test_they_go_into_a_dataset_of_pairs_as_well():
    dataset = DatasetFactory(pairs=True)

    take(dataset, response("One"), response("Two"), format="responses")

    assert Conversation.objects.get().state == "ranking"


def test_lines_without_a_model_or_with_too_long_a_name_are_reported(dataset):
    report = take(
        dataset,
        response("One", model=None),
        response("One", model="x" * 121),
        response(""),
        format="responses",
    )

    assert [one.said for one in report.problems] == [
        "“model” is missing.",
        "“model” has 121 characters; at most 120 fit.",
        "“response” is empty.",
    ]
    assert not Conversation.objects.exists()


def test_a_batch_that_fails_leaves_nothing_half_written(dataset, monkeypatch):
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 1)
    way = imports.WAYS["responses"]

    def fail_on_two(job, lines):
        way.take(job, lines)
        if lines and lines[0].found.reply == "Two":
            raise OSError("The disk is full.")

    monkeypatch.setitem(imports.WAYS, "responses", way._replace(take=fail_on_two))

    with pytest.raises(OSError, match="disk"):
        take(dataset, response("One"), response("Two", prompt="Else?"), format="responses")

    assert Conversation.objects.count() == 1
    assert Message.objects.filter(text__in=["Else?", "Two"]).count() == 0
    assert Event.objects.filter(kind="message.imported").count() == 2
