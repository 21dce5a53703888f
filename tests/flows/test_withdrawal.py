"""One sentence is taken back: from its author's list to the pages of version and model."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def path(address):
    return re.sub(r"^https?://[^/]+", "", address)


def freeze(curator):
    """A new version of the handbook; the path of its page."""
    curator.goto("/datasets/handbook/versions/")
    curator.get_by_role("button", name="Preview").click()
    curator.get_by_role("button", name=re.compile("^Freeze")).click()
    curator.wait_for_url(re.compile(r"/versions/\d+/$"))
    expect(curator.get_by_role("heading", name=re.compile("version \\d"))).to_be_visible()
    return path(curator.url)


def test_a_sentence_is_followed_to_the_model_that_learned_from_it(winnow, sign_in):
    author, curator = sign_in("writer"), sign_in("curator")
    accepted = "/me/?state=accepted&dataset=handbook"
    author.goto(accepted)
    withdraw = author.get_by_role("link", name=re.compile("Take back…")).first
    address = withdraw.get_attribute("href")

    version = freeze(curator)
    number = version.rstrip("/").rpartition("/")[2]
    expect(curator.locator("#recalled")).to_have_count(0)
    # A model learns from it; its run is on the list of the version's models.
    frozen, run = winnow.run_beside("tests.flows.finished_run", "handbook").split()
    assert frozen == version
    name = f"unusable-handbook-{number}, run {run.rstrip('/').rpartition('/')[2]}"
    curator.get_by_role("link", name="Models trained on it").click()
    expect(curator.locator("main .badge", has_text="taken back")).to_have_count(0)
    curator.locator(f'main tbody a[href="{run}"]').click()
    expect(curator.get_by_role("heading", name=re.compile("^Run"))).to_be_visible()
    expect(curator.locator("#recalled")).to_have_count(0)

    # Two clicks: on the list, and on the page that asks.
    author.goto(accepted)
    author.locator(f'a[href="{address}"]').click()
    expect(author.get_by_text("already in what is listed here")).to_be_visible()
    author.get_by_role("button", name="Take it back").click()
    expect(author.get_by_role("heading", name="Where it had gone")).to_be_visible()
    # Other versions and models may have had it, too.
    expect(author.locator(f'main a[href="{version}"]')).to_be_visible()
    expect(author.get_by_text(f"{name} learned from this version")).to_be_visible()

    # The curator, who launched the run, is told of both.
    curator.goto("/notifications/")
    told = curator.get_by_text("was taken back").filter(has_text=name)
    expect(told.first).to_be_visible()

    # The version says so itself, since when, and leads to the model.
    curator.goto(version)
    mark = curator.locator("#recalled")
    expect(mark).to_contain_text(re.compile(r"1 text .* taken back by its author on \w+"))
    mark.get_by_role("link", name=name).click()
    curator.wait_for_url(f"**{run}")

    # So does the model's page, and all that stands behind it; and the list of runs.
    mark = curator.locator("#recalled")
    expect(mark).to_contain_text(re.compile(r"1 text .* taken back by its author on \w+"))
    expect(mark).to_contain_text("This model may have learned from them.")
    curator.get_by_role("link", name=re.compile("behind it")).click()
    expect(curator.locator("#recalled")).to_contain_text("1 text that it may have learned")
    curator.goto("/models/")
    row = curator.locator("main tr").filter(has=curator.locator(f'a[href="{run}"]'))
    expect(row.locator(".badge", has_text="1 text taken back")).to_be_visible()

    # The next version leaves it out.
    assert freeze(curator) != version
    expect(curator.locator("#recalled")).to_have_count(0)
