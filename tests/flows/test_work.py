"""Writing, reviewing and ranking in a browser: by keyboard, by drag, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.flows.notes import expect_sent, write_a_note

pytestmark = pytest.mark.browser


def start(page: Page, what: str, dataset: str) -> None:
    """Press the button for one kind of work in one dataset, which may yet be planned."""
    section = page.locator("section").filter(has=page.get_by_role("heading", name=dataset))
    buttons = section.get_by_role("button", name=re.compile(f"^({what})"))
    for _ in range(60):
        page.goto("/")
        if buttons.count():
            break
        page.wait_for_timeout(1000)
    buttons.last.click()
    page.wait_for_url(re.compile(r"/work/[0-9a-f]{16}/$"))


def test_a_pair_is_written_and_sent_by_keyboard(sign_in):
    page = sign_in("writer")
    write_a_note(page, "Ivan")

    page.keyboard.press("Control+Enter")

    expect_sent(page)


def test_a_review_is_one_key(sign_in):
    page = sign_in("reviewer")
    start(page, "Review", "handbook")
    before = page.url

    page.keyboard.press("a")

    page.wait_for_url(lambda url: url != before)
    expect_sent(page)


def test_a_rejection_asks_for_a_reason_and_keeps_the_note(sign_in):
    page = sign_in("reviewer")
    start(page, "Review", "handbook")
    page.keyboard.press("r")
    page.get_by_label("Note to the author").fill("Which harbour is meant?")
    page.get_by_role("button", name="Reject", exact=True).click()

    expect(page.get_by_text("Choose a reason")).to_be_visible()
    expect(page.get_by_label("Note to the author")).to_have_value("Which harbour is meant?")


def test_writing_and_reviewing_work_without_scripts(sign_in):
    page = sign_in("writer", java_script_enabled=False)
    write_a_note(page, "Omar")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Saved. Here is the next one.")).to_be_visible()

    page = sign_in("reviewer", java_script_enabled=False)
    start(page, "Review", "handbook")
    page.get_by_role("button", name="Accept").first.click()
    expect(page.get_by_text("Saved").first).to_be_visible()
