"""A curator talks to a base, twice over, and sends an answer of their own with consent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.flows.test_model_loop import wait_for_base

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINUTE = 60_000


def ask(page: Page, text: str) -> None:
    page.locator("textarea[name=text]").fill(text)
    page.keyboard.press("Control+Enter")


def test_somebody_talks_to_a_model_and_sends_a_better_answer(sign_in):
    page = sign_in("curator")
    wait_for_base(page)
    page.goto("/models/playground/")
    page.locator("select[name=first]").select_option(index=0)
    ask(page, "What is the capital of France?")

    expect(page.get_by_text("first words after")).to_be_visible(timeout=4 * MINUTE)
    ask(page, "Rewrite politely: Bring me the red chair.")
    # The model is still loaded.
    expect(page.get_by_text("first words after")).to_have_count(2, timeout=2 * MINUTE)

    first = page.locator(".talk-turn").first
    first.get_by_role("button", name="Not good").click()
    expect(first.get_by_role("button", name="Not good")).to_have_attribute(
        "aria-pressed", "true"
    )
    first.get_by_role("link", name="Answer better, or send it").click()
    expect(page.get_by_text("What is the capital of France?")).to_be_visible()
    page.get_by_label("I'd answer this way").fill("Paris is the capital of France.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Tick the box")).to_be_visible()
    expect(page.get_by_label("I'd answer this way")).to_have_value(re.compile("Paris is"))
    page.get_by_label("I agree, and the words above").check()
    page.get_by_role("button", name="Send").click()
    if page.get_by_text("The checks see something new.").count():
        page.get_by_label("I agree, and the words above").check()
        page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sent to the record")).to_be_visible()
