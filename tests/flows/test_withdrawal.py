"""One sentence is taken back: from its author's list to the pages of version and model."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def path(address):
    return re.sub(r"^https?://[^/]+", "", address)


def test_a_sentence_is_followed_to_the_model_that_learned_from_it(winnow, sign_in):
    author, curator = sign_in("writer"), sign_in("curator")

    # Which of the author's accepted answers? The first of the demo on their own list.
    of_demo = author.locator(".listing__title[href^='/datasets/handbook/']")
    for number in range(1, 30):  # others may have written before
        author.goto(f"/me/?state=accepted&page={number}")
        if of_demo.count():
            break
    first = author.locator(".listing__item").filter(has=of_demo).first
    dataset = first.locator(".listing__title").get_attribute("href").split("/")[2]
    withdraw = first.get_by_role("link", name=re.compile("Take back")).get_attribute("href")

    curator.goto(f"/datasets/{dataset}/versions/")
    curator.get_by_role("button", name="Preview").click()
    curator.get_by_role("button", name=re.compile("^Freeze")).click()
    expect(curator.get_by_role("heading", name=re.compile("version \\d"))).to_be_visible()
    version = curator.url
    expect(curator.locator("#recalled")).to_have_count(0)
    # A model learns from it; its run is on the list of the version's models.
    winnow.run_beside("tests.flows.finished_run", dataset)
    curator.get_by_role("link", name="Models trained on it").click()
    expect(curator.locator("main .badge", has_text="taken back")).to_have_count(0)
    curator.locator("main tbody th a").first.click()
    run = curator.url
    expect(curator.get_by_role("heading", name=re.compile("^Run"))).to_be_visible()
    expect(curator.locator("#recalled")).to_have_count(0)

    # Two clicks: on the list, and on the page that asks.
    author.goto("/me/?state=accepted")
    author.locator(f'a[href="{withdraw}"]').click()
    expect(author.get_by_text("already in what is listed here")).to_be_visible()
    author.get_by_role("button", name="Take it back").click()
    expect(author.get_by_role("heading", name="Where it had gone")).to_be_visible()
    expect(author.locator(f'main a[href="{path(version)}"]')).to_be_visible()
    expect(
        author.get_by_text(re.compile("run \\d+ learned from this version"))
    ).to_be_visible()

    # The curator, who launched the run, is told of both.
    curator.goto("/notifications/")
    told = curator.get_by_text(re.compile("was taken back")).first
    expect(told).to_be_visible()

    # The version says so itself, since when, and leads to the model.
    curator.goto(version)
    mark = curator.locator("#recalled")
    expect(mark).to_contain_text(re.compile(r"1 text .* taken back by its author on \w+"))
    mark.get_by_role("link", name=re.compile("run \\d+")).click()
    assert curator.url == run

    # So does the model's page, and all that stands behind it; and the list of runs.
    mark = curator.locator("#recalled")
    expect(mark).to_contain_text(re.compile(r"1 text .* taken back by its author on \w+"))
    expect(mark).to_contain_text("This model may have learned from them.")
    curator.get_by_role("link", name=re.compile("behind it")).click()
    expect(curator.locator("#recalled")).to_contain_text("1 text that it may have learned")
    curator.goto("/models/")
    row = curator.locator("main tr").filter(has=curator.locator(f'a[href="{path(run)}"]'))
    expect(row.locator(".badge", has_text="1 text taken back")).to_be_visible()

    # The next version leaves it out.
    curator.goto(f"/datasets/{dataset}/versions/")
    curator.get_by_role("button", name="Preview").click()
    curator.get_by_role("button", name=re.compile("^Freeze")).click()
    expect(curator.locator("#recalled")).to_have_count(0)
    assert curator.url != version
