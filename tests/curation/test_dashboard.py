"""The dashboard of a dataset: its numbers are those that one counts by hand."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils.timezone import localdate, now

from curation.actions import messages
from curation.aggregate.shared import on_question
from curation.dashboards import coverage, judging, pace, scope, standing
from curation.judged import judged_in
from curation.models import Ballot, Conversation, Entry, Message, Review, Settlement
from tests.curation.busy_days import (
    ago,
    cells,
    dataset,
    nothing_counted_before,
    reviewed,
    wrote,
)
from tests.curation.pages import signed_in, url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
EMPTY = (0, 0, 0, 0)


def asked(dataset, query=""):
    return scope.asked(QueryDict(query), dataset)


def throughput(dataset, query=""):
    chosen = asked(dataset, query)
    return pace.throughput(chosen, pace.reviews_by_day(chosen))


def reasons(dataset, query=""):
    table = judging.reasons(pace.reviews_by_day(asked(dataset, query)))
    return [row.cells for row in table.rows if row.cells[1]]


# ---- by day -------------------------------------------------------------------------
def test_what_was_done_is_counted_on_its_day_and_days_without_are_zero(dataset):
    prompt = wrote(dataset, days=5, after=48)
    wrote(dataset, days=5, state="rejected")
    wrote(dataset, days=3, state="submitted")
    reviewed(prompt, "accept", "edit", days=3)
    Ballot.objects.create(
        prompt=prompt, ranker=ContributorFactory(), outcome="none_good", created_at=ago(0)
    )

    found = throughput(dataset, "days=7")

    assert not found.is_by_week
    today = localdate()
    assert cells(found.table) == [
        (today - timedelta(days=6), *EMPTY),
        (today - timedelta(days=5), 2, 0, 0, 0),
        (today - timedelta(days=4), *EMPTY),
        (today - timedelta(days=3), 1, 1, 2, 0),
        (today - timedelta(days=2), *EMPTY),
        (today - timedelta(days=1), *EMPTY),
        (today, 0, 0, 0, 1),
    ]


def test_imports_models_and_what_was_before_are_nobodys_work_of_this_time(dataset):
    prompt = wrote(dataset, days=40)
    there = {"make": ReplyFactory, "parent": prompt, "author": None}
    wrote(dataset, days=2, origin="import", **there)
    wrote(dataset, days=2, origin="model", generator="model-1", **there)
    Ballot.objects.create(prompt=prompt, outcome="none_good", created_at=ago(1))

    totals = [total for _, total in throughput(dataset).table.totals]

    assert totals == [0, 1, 0, 0]  # somebody accepted what the model wrote
    assert throughput(DatasetFactory()).table.is_empty


def test_all_time_begins_with_the_first_deed_and_long_times_go_by_week(dataset):
    wrote(dataset, days=3)
    assert len(throughput(dataset, "days=all").table.rows) == 4

    wrote(dataset, days=200)
    found = throughput(dataset, "days=all")

    assert found.is_by_week
    first, *_, last = found.table.column(0)
    assert first == scope.monday(localdate() - timedelta(days=200))
    assert last == scope.monday(localdate())
    assert [total for _, total in found.table.totals] == [2, 2, 0, 0]


def test_time_to_acceptance_by_week(dataset):
    monday = scope.monday(localdate())
    last_week = (localdate() - monday).days + 7  # days since last week's Monday
    for hours in (1, 2, 3, 4, 10):
        wrote(dataset, days=last_week, after=hours)
    wrote(dataset, days=last_week, after=100, state="rejected")

    found = cells(pace.acceptance(asked(dataset)))

    # By hand: the middle of five; and 60% of the way from the fourth to the fifth.
    assert found[-2] == (monday - timedelta(days=7), 5, 3.0, pytest.approx(7.6))
    assert found[-1] == (monday, 0, None, None)


def test_texts_judged_again_do_not_lengthen_the_time_to_acceptance(dataset):
    wrote(dataset, days=0, after=3)
    again = wrote(dataset, days=0, after=8_000)
    aside = reviewed(again, "accept", "accept", days=0)
    Message.objects.filter(pk=again.pk).update(decided_at=ago(0))
    Message.objects.filter(pk=again.pk).update(created_at=ago(365))
    Review.objects.filter(pk=aside.pk).update(set_aside_at=now())

    assert cells(pace.acceptance(asked(dataset)))[-1][1:] == (1, 3.0, 3.0)


# ---- judging ------------------------------------------------------------------------
def test_reasons_with_their_shares_the_most_frequent_first(dataset):
    for reason in ("spam", "unclear", "spam", "spam"):
        reviewed(wrote(dataset, days=1), "reject", days=1, reason=reason)
    aside = reviewed(wrote(dataset, days=1), "accept", "reject", days=1, reason="unkind")
    Review.objects.filter(pk=aside.pk).update(set_aside_at=now())
    reviewed(wrote(dataset, days=60), "reject", days=60, reason="duplicate")

    assert reasons(dataset) == [
        ("Spam", 3, 0.75), ("Unclear or badly written", 1, 0.25),
    ]  # fmt: skip


def test_agreement_of_all_is_what_the_page_of_agreement_measures(dataset):
    for verdicts in (
        ("accept", "accept"), ("accept", "reject"), ("reject", "reject", "edit"),
        ("reject", "reject"), ("accept",), ("accept", "edit"), ("accept", "accept"),
    ):  # fmt: skip
        reviewed(wrote(dataset, days=0), *verdicts, days=0)
    whole = on_question(judged_in(dataset).verdicts)

    week = cells(judging.agreement(asked(dataset)))[-1]

    assert week[:2] == (scope.monday(localdate()), 6) == (week[0], whole.items)
    assert week[2] == pytest.approx(whole.alpha)


def test_what_was_set_aside_says_nothing_of_agreement(dataset):
    text = wrote(dataset, days=0)
    aside = reviewed(text, "accept", "accept", "reject", days=0)
    Review.objects.filter(pk=aside.pk).update(set_aside_at=now())
    other = reviewed(wrote(dataset, days=0), "accept", "reject", days=0)
    Review.objects.filter(pk=other.pk).update(set_aside_at=now())

    week = cells(judging.agreement(asked(dataset)))[-1]

    assert week[1] == 1 == on_question(judged_in(dataset).verdicts).items


def test_a_week_shows_the_same_agreement_whatever_time_is_chosen(dataset):
    reviewed(wrote(dataset, days=0), "accept", "accept", days=0)
    for verdicts in (("accept", "reject"), ("reject", "reject")):
        text = wrote(dataset, days=20)
        reviewed(text, verdicts[0], days=20)  # before the shorter time
        reviewed(text, verdicts[1], days=0)

    weeks = [
        cells(judging.agreement(asked(dataset, f"days={days}")))[-1]
        for days in ("7", "30", "all")
    ]

    assert weeks[0][1] == 3
    assert weeks[0] == weeks[1] == weeks[2]


def test_final_decisions_and_lone_ballots_say_nothing_of_agreement(dataset):
    text = wrote(dataset, days=0)
    reviewed(text, "accept", days=0)
    final = reviewed(text, "reject", days=0)
    Review.objects.filter(pk=final.pk).update(is_final=True)
    for ballots, w, status in (
        (1, None, "insufficient"), (2, 0.5, "contested"), (3, 1.0, "consensus"),
        (2, 0.75, "consensus"),
    ):  # fmt: skip
        Settlement.objects.create(
            prompt=wrote(dataset, days=0), order=[], ballots=ballots, status=status,
            kendall_w=w, settled_at=ago(0),
        )  # fmt: skip

    week = cells(judging.agreement(asked(dataset)))[-1]

    assert week[1:] == (0, None, 3, 0.75, 1)


# ---- how it stands ------------------------------------------------------------------
def test_progress_and_the_weeks_that_are_left(dataset):
    slow = CategoryFactory(dataset=dataset, name="A", target=10)
    CategoryFactory(dataset=dataset, name="B", target=3)
    done = CategoryFactory(dataset=dataset, name="C", target=1)
    for category, days in ((slow, 3), (slow, 60), (done, 60)):
        message = wrote(dataset, days=days, conversation__category=category)
        Conversation.objects.filter(pk=message.conversation_id).update(
            state="complete", completed_at=ago(days)
        )
    wrote(dataset, days=1, conversation__category=slow, conversation__state="growing")

    young = cells(standing.progress(asked(dataset, "days=7")))
    assert young[0][-1] == pytest.approx(8 / 7)  # begun today: as many each day

    Conversation.objects.update(created_at=ago(60))
    found = cells(standing.progress(asked(dataset, "days=7")))

    # One in a week, and eight are missing.
    assert found == [
        ("A", 10, 2, 1, 1, pytest.approx(8)), ("B", 3, 0, 0, 0, None), ("C", 1, 1, 0, 0, 0),
    ]  # fmt: skip


def test_an_import_is_complete_but_is_nobodys_pace(dataset):
    category = CategoryFactory(dataset=dataset, name="A", target=10)
    for fields in ({}, {"origin": "import", "author": None}):
        message = wrote(dataset, days=1, conversation__category=category, **fields)
        Conversation.objects.filter(pk=message.conversation_id).update(
            state="complete", completed_at=ago(1), created_at=ago(60)
        )

    found = cells(standing.progress(asked(dataset, "days=7")))

    assert found == [("A", 10, 2, 1, 0, pytest.approx(8))]


def test_coverage_by_category_language_and_topic(dataset):
    both = CategoryFactory(dataset=dataset, name="A", slug="a", topics=["law", "trade"])
    CategoryFactory(dataset=dataset, name="B", slug="b", topics=["law"])
    for state, fields in (
        ("accepted", {"conversation__category": both}),
        ("submitted", {"conversation__category": both, "language": "de"}),
        ("rejected", {}),
        ("withdrawn", {"conversation__category": both}),
    ):
        wrote(dataset, days=400, state=state, **fields)
    chosen = asked(dataset)
    counted = coverage.cells_of(chosen)

    by_category = coverage.by_category(chosen, counted)

    assert cells(by_category) == [
        ("A", 1, 1, 0, 0, 2), ("B", *EMPTY, 0), ("No category", 0, 0, 0, 1, 1),
    ]  # fmt: skip
    assert [row.address for row in by_category.rows] == ["category=a", "category=b", ""]
    assert cells(coverage.by_language(chosen, counted)) == [
        ("English", 1, 0, 0, 1, 2), ("German", 0, 1, 0, 0, 1),
    ]  # fmt: skip
    assert cells(coverage.by_topic(chosen, counted)) == [
        ("law", 1, 1, 0, 0, 2), ("trade", 1, 1, 0, 0, 2),
    ]  # fmt: skip
    german = asked(dataset, "language=de&category=a")
    assert cells(coverage.by_category(german, counted)) == [("A", 0, 1, 0, 0, 1)]


def test_what_waits_and_for_how_long(dataset):
    for hours in (1, 2, 30):
        MessageFactory(
            conversation__dataset=dataset, created_at=now() - timedelta(hours=hours)
        )
    wrote(dataset, days=2, after=24, state="held", conversation__state="held")
    wrote(dataset, days=3, conversation__state="growing")
    Conversation.objects.update(created_at=now() - timedelta(days=4))

    found = cells(standing.waiting(asked(dataset), is_curator=True))

    counts = [count for _, count, *_ in found]
    assert counts == [3, 1, 0, 1, 0]
    assert found[0][2:] == (pytest.approx(2, abs=0.1), pytest.approx(30, abs=0.1))
    assert found[1][3] == pytest.approx(96, abs=0.1)
    assert found[2][2:] == (None, None)
    assert len(standing.waiting(asked(dataset), is_curator=False).rows) == 4


def test_of_a_pair_one_text_waits():
    dataset = DatasetFactory(pairs=True)
    prompt = MessageFactory(conversation__dataset=dataset)
    ReplyFactory(parent=prompt)

    found = cells(standing.waiting(asked(dataset), is_curator=False))

    assert found[0][1] == 1


def test_category_and_language_narrow_every_number(dataset):
    category = CategoryFactory(dataset=dataset, slug="a")
    other = wrote(dataset, days=1, after=5)
    one = wrote(dataset, days=1, after=5, language="de", conversation__category=category)
    for message in (other, one):
        reviewed(message, "accept", "reject", days=1, reason="spam")
        Settlement.objects.create(
            prompt=message, order=[], ballots=2, status="contested", kendall_w=0,
            settled_at=ago(1),
        )  # fmt: skip

    for query in ("category=a", "language=de", "language=de&category=a"):
        assert [n for _, n in throughput(dataset, query).table.totals] == [1, 1, 2, 0]
        assert reasons(dataset, query) == [("Spam", 1, 1)]
        chosen = asked(dataset, query)
        assert sum(pace.acceptance(chosen).column(1)) == 1
        assert sum(judging.agreement(chosen).column(1)) == 1
        assert sum(judging.agreement(chosen).column(3)) == 1
    assert throughput(dataset, "language=fr").table.is_empty


def test_what_nobody_could_choose_is_left_out(client, dataset):
    wrote(dataset, days=1)
    signed_in(client, dataset, "curator")

    for query in (
        "days=x", "days=-1", "days=7&days=%00", "category=nothing", "language=%00",
        "language=" + "x" * 300, "category=%F0%9F%A6%89&days=all",
    ):  # fmt: skip
        assert client.get(f"{url('dashboard', 'd')}?{query}").status_code == 200
        table = url("dashboard-table", "d", "throughput")
        assert client.get(f"{table}?{query}").status_code == 200


# ---- the narrow table ---------------------------------------------------------------
def test_the_entry_of_a_message_follows_its_times(dataset):
    message = MessageFactory(conversation__dataset=dataset, created_at=ago(9))
    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=message.pk, by=reviewer, verdict="accept")
    message.refresh_from_db()

    entry = Entry.objects.get(pk=message.pk)
    assert (entry.created_at, entry.decided_at) == (ago(9), message.decided_at)

    Message.objects.filter(pk=message.pk).update(created_at=ago(8))
    assert Entry.objects.get(pk=message.pk).created_at == ago(8)
