"""From the record to a model and back, by clicking: freeze, launch, watch, rank."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.flows.notes import expect_sent
from tests.flows.test_work import start

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINUTE = 60_000


def freeze_what_can_be_learned(page: Page) -> None:
    page.goto("/datasets/handbook/versions/")
    for name in ("Polite rewrite", "Thank-you note", "Look it up"):
        page.get_by_text(name, exact=True).click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=re.compile("^Freeze")).click()
    expect(page.get_by_role("heading", name=re.compile(r"version \d"))).to_be_visible()


def wait_for_base(page: Page) -> None:
    """The base model is built in the background of the first start."""
    for _ in range(300):
        page.goto("/models/")
        if page.get_by_text("Ready", exact=True).count():
            return
        page.wait_for_timeout(2000)
    raise AssertionError("the base model was not built")


def has_moved(page: Page, before: str) -> bool:
    """Whether another curve comes to be seen in some minutes, or all was over before."""
    for _ in range(240):
        page.wait_for_timeout(1000)
        if page.locator(".loss-chart svg").inner_html() != before:
            return True
        if page.get_by_text("held-out loss after").is_visible():
            return True
    return False


def test_a_curator_freezes_tunes_and_watches_and_reviewers_rank_the_answers(sign_in):
    curator = sign_in("curator")
    freeze_what_can_be_learned(curator)
    curator.get_by_role("button", name="Check it now").click()
    expect(curator.get_by_text("Every text is what was frozen")).to_be_visible()
    version = curator.url
    wait_for_base(curator)

    curator.goto(version)
    curator.get_by_role("link", name="Fine-tune a model on this").click()
    curator.locator("input[name=steps]").fill("60")
    curator.get_by_role("button", name="Start the run").click()

    # The curve moves by itself: more points without a reload.
    chart = curator.locator(".loss-chart svg")
    expect(chart).to_be_visible(timeout=6 * MINUTE)
    assert has_moved(curator, chart.inner_html())
    expect(curator.get_by_text("held-out loss after")).to_be_visible(timeout=8 * MINUTE)
    expect(curator.get_by_text("better, on")).to_be_visible()
    answers = curator.get_by_role("heading", name="Answers side by side")
    expect(answers).to_be_visible(timeout=4 * MINUTE)

    reviewer = sign_in("reviewer")
    start(reviewer, "Rank|Compare", "The Harbour Handbook")
    assert reviewer.locator(".answers > [data-letter]").count() >= 2
    reviewer.keyboard.press("j")
    reviewer.keyboard.press("1")  # the best of several, or much better than the other
    reviewer.keyboard.press("Control+Enter")
    expect_sent(reviewer)
