"""The dashboard's page and its files: who sees what, what it costs, what is empty."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.utils.timezone import localdate

from curation.dashboards import coverage
from curation.models import Settlement
from tests.curation.busy_days import (
    ago,
    cells,
    dataset,
    nothing_counted_before,
    reviewed,
    wrote,
)
from tests.curation.pages import queries, signed_in, url
from tests.factories import CategoryFactory

pytestmark = pytest.mark.django_db


# ---- the page -----------------------------------------------------------------------
def page_of(client, dataset, **query):
    response = client.get(url("dashboard", dataset.slug), query)
    assert response.status_code == 200
    return response


def main_of(response):
    return response.text.partition("<main")[2].partition("</main")[0]


def lively(dataset):
    """Something of each sort."""
    category = CategoryFactory(dataset=dataset, name="Open <questions>", topics=["law"])
    for days in (0, 10):
        there = wrote(dataset, days=days, after=2, conversation__category=category)
        reviewed(there, "accept", "reject", days=days)
        Settlement.objects.create(
            prompt=there, order=[], ballots=2, status="contested", kendall_w=0.5,
            settled_at=ago(days),
        )  # fmt: skip


def test_others_have_no_such_page(client, dataset):
    signed_in(client)

    assert client.get(url("dashboard", "d")).status_code == 404
    assert client.get(url("dashboard-table", "d", "progress")).status_code == 404


def test_members_see_all_but_how_people_agree(client, dataset):
    lively(dataset)
    signed_in(client, dataset, "writer")

    page = main_of(page_of(client, dataset))

    assert "Done by day" in page and "Why texts are rejected" in page
    assert "Agreement over time" not in page and "Flags" not in page
    assert client.get(url("dashboard-table", "d", "agreement")).status_code == 404
    assert client.get(url("dashboard-table", "d", "waiting")).status_code == 200


def test_a_curator_sees_five_charts_with_a_table_behind_each(client, dataset):
    lively(dataset)
    signed_in(client, dataset, "curator")

    page = main_of(page_of(client, dataset))

    for key in ("throughput", "acceptance", "agreement", "reasons", "coverage"):
        assert f'aria-labelledby="{key}-title {key}-text"' in page
    assert page.count("As a table") == 5
    assert "var(--chart-2)" in page and "Open <questions>" not in page
    assert url("agreement", "d") in page
    assert "style=" not in page


def test_an_empty_dataset_says_so(client, dataset):
    signed_in(client, dataset, "curator")

    page = main_of(page_of(client, dataset))

    assert "There is nothing to count yet" in page
    assert '<svg xmlns="' not in page and "Done by" not in page


def test_a_quiet_month_says_so(client, dataset):
    wrote(dataset, days=90, state="submitted")
    signed_in(client, dataset, "curator")

    page = main_of(page_of(client, dataset))

    for words in (
        "Nobody wrote or judged anything", "No text of a person was accepted",
        "Nothing was rejected", "Nothing was judged by two people", "no categories",
    ):  # fmt: skip
        assert words in page


def test_it_costs_the_same_however_much_is_there(client, dataset):
    signed_in(client, dataset, "curator")
    lively(dataset)
    before = queries(client, url("dashboard", "d"))
    lively(dataset)
    lively(dataset)

    # Expect 14 queries: the session, the dataset, the role, categories,
    # every combination, progress, what waits, reviews, texts and ballots, time to
    # acceptance, verdicts, orders, what is flagged, the bell
    assert (before, queries(client, url("dashboard", "d"))) == (14, 14)


def test_of_a_large_dataset_numbers_are_kept_and_say_so(client, dataset, monkeypatch):
    monkeypatch.setattr(coverage, "LARGE", 1)
    lively(dataset)
    signed_in(client, dataset, "curator")
    first = page_of(client, dataset)
    lively(dataset)

    second = page_of(client, dataset)

    assert "up to ten minutes old" in main_of(second)
    assert cells(second.context["throughput"]) == cells(first.context["throughput"])
    assert queries(client, url("dashboard", "d")) == 6  # nothing is counted anew
    fresh = client.get(url("dashboard-table", "d", "throughput")).text
    assert f"{localdate()},2,2,4,0" in fresh


def written(cell):
    if cell is None:
        return ""
    return str(round(cell, 4) if isinstance(cell, float) else cell)


# ---- files --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    [
        "progress", "throughput", "acceptance", "agreement", "reasons", "coverage",
        "languages", "topics", "waiting",
    ],
)  # fmt: skip
def test_each_table_is_a_file_with_the_same_numbers(client, dataset, name):
    lively(dataset)
    signed_in(client, dataset, "curator")
    page = page_of(client, dataset, days="7")
    shown = page.context["by_language" if name == "languages" else name]

    answer = client.get(url("dashboard-table", "d", name), {"days": "7"})

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="d-{name}-' in answer["Content-Disposition"]
    header, *rows = csv.reader(StringIO(answer.text.removeprefix("\ufeff")))
    assert header == [str(column.name) for column in shown.columns]
    if name != "waiting":  # time goes on
        assert rows == [[written(cell) for cell in row.cells] for row in shown.rows]
    assert len(rows) == len(shown.rows)


def test_there_is_no_table_of_another_name(client, dataset):
    signed_in(client, dataset, "curator")

    assert client.get(url("dashboard-table", "d", "people")).status_code == 404


def test_no_name_becomes_a_formula(client, dataset):
    CategoryFactory(dataset=dataset, name='=HYPERLINK("http://x","y")')
    signed_in(client, dataset, "curator")

    answer = client.get(url("dashboard-table", "d", "progress")).text

    assert "\"'=HYPERLINK" in answer
