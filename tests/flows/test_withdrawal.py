"""One sentence is taken back: from its author's list to the pages of version and model."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_sentence_is_followed_to_the_version_that_holds_it(winnow, sign_in):
    author, curator = sign_in("writer"), sign_in("curator")

    # Which of the author's accepted answers? The first of the demo on their own list.
    author.goto("/me/?state=accepted")
    of_demo = author.locator(".listing__title[href^='/datasets/handbook/']")
    first = author.locator(".listing__item").filter(has=of_demo).first
    dataset = first.locator(".listing__title").get_attribute("href").split("/")[2]
    withdraw = first.get_by_role("link", name=re.compile("Take back")).get_attribute("href")

    curator.goto(f"/datasets/{dataset}/versions/")
    curator.get_by_role("button", name="Preview").click()
    curator.get_by_role("button", name=re.compile("^Freeze")).click()
    expect(curator.get_by_role("heading", name=re.compile("version \\d"))).to_be_visible()
    version = curator.url
    expect(curator.locator("#recalled")).to_have_count(0)

    # Two clicks: on the list, and on the page that asks.
    author.goto("/me/?state=accepted")
    author.locator(f'a[href="{withdraw}"]').click()
    expect(author.get_by_text("already in what is listed here")).to_be_visible()
    author.get_by_role("button", name="Take it back").click()
    expect(author.get_by_role("heading", name="Where it had gone")).to_be_visible()
    expect(
        author.locator(f'main a[href="{version.removeprefix(winnow.address)}"]')
    ).to_be_visible()

    # The curator is told, and the version says so itself.
    curator.goto("/notifications/")
    curator.get_by_text(re.compile("was taken back")).first.click()
    curator.goto(version)
    expect(curator.locator("#recalled")).to_contain_text("taken back by its author")
    curator.get_by_role("link", name=re.compile("What is behind it")).click()
    expect(curator.get_by_text("1 text was taken back since.")).to_be_visible()

    # The next version leaves it out.
    curator.goto(f"/datasets/{dataset}/versions/")
    curator.get_by_role("button", name="Preview").click()
    curator.get_by_role("button", name=re.compile("^Freeze")).click()
    expect(curator.locator("#recalled")).to_have_count(0)
    assert curator.url != version
