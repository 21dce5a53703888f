from __future__ import annotations

import pytest

from curation.actions import arrivals, rechecks, versions
from curation.actions.lookalikes import lookalikes
from curation.errors import CurationError
from curation.models import Category, Conversation, Event, Finding, Message, Sketch
from tests.curation.lines import records_in_a_clean_place, take
from tests.factories import CategoryFactory, ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(pairs=True)


def pair(instruction="Why?", response="Because.", **fields):
    return {
        "instruction": instruction,
        "context": "",
        "response": response,
        "category": "open_qa",
        **fields,
    }


def test_a_pair_arrives_accepted_and_complete(dataset):
    report = take(dataset, pair(context="A passage."), format="dolly")

    assert (report.conversations, report.messages) == (1, 2)
    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.category.slug) == ("complete", "open_qa")
    prompt, reply = conversation.messages.order_by("pk")
    assert (prompt.text, prompt.context, reply.text) == ("Why?", "A passage.", "Because.")
    assert {prompt.origin, reply.origin} == {"import"}


def test_what_was_imported_can_be_looked_up(dataset):
    asked = "What is the best way to learn the piano as an adult with little time?"
    take(dataset, pair(asked), pair("Why is grass green?"), format="dolly")

    (alike,) = lookalikes(dataset, asked.replace("little", "so little"))

    assert alike.message.text == asked
    assert set(Sketch.objects.values_list("message__role", flat=True)) == {"prompter"}


def test_a_pair_can_arrive_for_review(dataset):
    take(dataset, pair(), format="dolly", as_state="submitted")

    assert Conversation.objects.get().state == "review"
    assert set(Message.objects.values_list("state", "origin")) == {("submitted", "import")}


def test_its_category_is_found_by_slug_or_made(dataset):
    there = CategoryFactory(dataset=dataset, slug="closed_qa", name="On a passage")

    take(
        dataset,
        pair("1", category="closed_qa"),
        pair("2", category="Creative Writing"),
        pair("3", category="日本語"),
        pair("4", category=None),
        format="dolly",
    )

    kinds = Conversation.objects.order_by("pk").values_list("category__name", flat=True)
    assert list(kinds) == ["On a passage", "Creative writing", "日本語", None]
    assert Category.objects.filter(slug="closed_qa").get() == there
    assert Event.objects.filter(kind="category.added").count() == 2


def test_a_second_import_adds_nothing(dataset):
    lines = [pair(), pair("Who?"), pair()]
    take(dataset, *lines, format="dolly")

    report = take(dataset, *lines, format="dolly")

    assert (report.conversations, report.messages, report.unchanged) == (0, 0, 3)
    assert Conversation.objects.count() == 2  # the line that was twice in the file, once


def test_the_same_words_about_another_passage_are_another_pair(dataset):
    take(dataset, pair(context="One."), pair(context="Two."), format="dolly")

    assert Conversation.objects.count() == 2


def test_in_a_dataset_of_conversations_it_is_a_tree_with_one_answer():
    dataset = DatasetFactory()

    take(dataset, pair(), format="dolly")

    assert Conversation.objects.get().state == "growing"  # more answers are wanted


def test_bad_lines_are_counted_by_their_number_and_the_rest_is_taken(dataset):
    report = take(
        dataset,
        b"\xef\xbb\xbf" + b'{"instruction": "Mark", "response": "ed"}',
        pair(response=" "),
        b"\xff\xfe",
        b"x" * 5_000_001,
        pair(category=["a"]),
        pair(),
        format="dolly",
    )

    assert [(one.line, one.said) for one in report.problems] == [
        (2, "“response” is empty."),
        (3, "Byte 1 of the line is not UTF-8: save the file as UTF-8."),
        (4, "The line is longer than 5 MB."),
        (5, "“category” is a list; a text is needed."),
    ]
    assert (report.bad, Conversation.objects.count()) == (4, 2)


def test_only_the_first_thousand_problems_are_kept_but_all_are_counted(dataset):
    report = take(dataset, *[b"{"] * 1_200, format="dolly")

    assert (len(report.problems), report.bad) == (1_000, 1_200)


def test_what_the_checks_see_is_kept_with_it(dataset):
    take(dataset, pair(response="Write to eve@example.org [3]."), format="dolly")

    found = Finding.objects.order_by("check_name").values_list("check_name", flat=True)
    assert list(found) == ["citation_marks", "personal_data.email"]


def test_many_texts_at_once_are_looked_at_later_unless_one_might_be_held(
    dataset, monkeypatch
):
    monkeypatch.setattr(arrivals, "MANY", 2)
    mail = {"response": "Write to eve@example.org."}
    take(dataset, *(pair(f"Who {n}?", **mail) for n in range(2)), format="dolly")
    assert not Finding.objects.exists()
    rechecks.note_new()
    rechecks.catch_up()
    assert Finding.objects.filter(check_name="personal_data.email").count() == 2

    dataset.policy.checks = {"secret": "hold"}
    dataset.policy.save()
    take(dataset, *(pair(f"Where {n}?", **mail) for n in range(2)), format="dolly")
    assert Finding.objects.filter(check_name="personal_data.email").count() == 4


def test_the_same_file_gives_the_same_records_anywhere(dataset):
    lines = [pair(f"Question {n}", category=f"kind {n % 3}") for n in range(30)]

    once = records_in_a_clean_place(dataset, *lines, format="dolly")
    again = records_in_a_clean_place(dataset, *lines[::-1], format="dolly")

    assert once == again


def test_the_same_file_may_stand_in_two_datasets(dataset):
    other = DatasetFactory(pairs=True)
    admin = ContributorFactory(is_staff=True)

    digests = set()
    for place in (dataset, other):
        take(place, pair(), format="dolly")
        digests.add(versions.freeze(dataset_id=place.pk, by=admin).digest)

    assert len(digests) == 2


def test_it_costs_the_same_number_of_queries_for_ten_lines_and_for_a_hundred(
    dataset, django_assert_max_num_queries
):
    take(dataset, pair("warm up"), format="dolly")
    for count in (10, 100):
        # Roles, the lock, what is there, the policy's sides; numbers for each table
        with django_assert_max_num_queries(33):
            lines = [pair(f"{count} {n}") for n in range(count)]
            take(dataset, *lines, format="dolly")


def test_an_unknown_format_or_state_is_refused(dataset):
    with pytest.raises(CurationError, match="There is no format “clay”"):
        take(dataset, format="clay")
    with pytest.raises(CurationError, match="as “accepted” or as “submitted”"):
        take(dataset, format="dolly", as_state="held")
