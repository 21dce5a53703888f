"""Writing in a browser: by keyboard alone, with coach and preview, and without scripts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.flows.notes import expect_sent
from tests.flows.test_work import start

pytestmark = pytest.mark.browser

PASSAGE = "The harbour was built in two years.[1] It has three cranes.[2][3]"


def begin(page: Page, category: str) -> None:
    """To the page to write on, by keyboard."""
    page.goto("/")
    page.get_by_text("Write in a category of your choice").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Write in {category}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/work/[0-9a-f]{16}/"))
    for name in ("Question or instruction", "Answer"):
        expect(field(page, name)).to_be_visible()


def field(page: Page, name: str):
    return page.get_by_role("textbox", name=name)


def write(page: Page, name: str, text: str) -> None:
    """In place of what an earlier draft has there."""
    field(page, name).focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def coach(page: Page):
    return page.locator("#coach")


def test_keys_format_what_is_selected_and_the_preview_shows_it(sign_in):
    page = sign_in("writer")
    begin(page, "Thank-you")
    write(page, "Answer", "very kind")
    page.keyboard.press("Control+a")

    page.keyboard.press("Control+b")
    expect(field(page, "Answer")).to_have_value("**very kind**")
    page.keyboard.press("Alt+p")

    expect(page.locator(".editor__preview strong")).to_have_text("very kind")
    page.keyboard.press("Alt+p")
    page.keyboard.press("Control+z")
    expect(field(page, "Answer")).to_have_value("very kind")


def test_the_bar_is_one_stop_for_tab_and_arrows_go_along_it(sign_in):
    page = sign_in("writer")
    begin(page, "Thank-you")
    page.get_by_role("button", name="Bold").first.focus()

    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Italic").first).to_be_focused()
    page.keyboard.press("Tab")

    expect(page.get_by_role("button", name="Write", exact=True).first).to_be_focused()


def test_marks_are_taken_out_and_come_back_with_undo(sign_in):
    page = sign_in("writer")
    begin(page, "Thank-you")
    write(page, "Answer", PASSAGE)
    button = coach(page).get_by_role("button", name="Remove 3 marks")

    button.press("Enter")
    left = "The harbour was built in two years. It has three cranes."
    expect(field(page, "Answer")).to_have_value(left)
    expect(button).to_have_count(0)
    page.keyboard.press("Control+z")

    expect(field(page, "Answer")).to_have_value(PASSAGE)


def test_serious_advice_is_shown_once_and_holds_nobody_up(sign_in, attempt):
    page = sign_in("writer")
    page.clock.install()
    begin(page, "Thank-you")
    # It waits a second for advice at most: long enough, where the clock stands still.
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    asked = f"Write a thank-you note to Pjotr for {attempt} yellow boats."
    write(page, "Question or instruction", asked)
    write(page, "Answer", "Dear Pjotr, thank you. My number is +49 30 901820 14, call me.")
    before = page.url

    page.keyboard.press("Control+Enter")
    expect(coach(page).get_by_text("looks like a phone number")).to_be_visible()
    expect(page.get_by_role("button", name="Submit anyway")).to_be_visible()
    expect(coach(page)).to_be_focused()
    assert page.url == before
    page.clock.resume()
    page.keyboard.press("Control+Enter")

    expect_sent(page)


def test_advice_comes_by_itself_after_a_pause(sign_in):
    page = sign_in("writer")
    begin(page, "Thank-you")

    write(page, "Answer", "Dear Jorge, as an AI language model I thank you.")

    expect(coach(page).get_by_text("speaks of itself as an AI")).to_be_visible()
    expect(page.get_by_role("button", name="Submit", exact=False).first).to_contain_text(
        "Submit"
    )
    expect(page.get_by_text("Submit anyway")).to_have_count(0)


def test_a_passage_that_is_needed_is_asked_for_before_anything_is_sent(sign_in):
    page = sign_in("writer")
    begin(page, "Question on a passage")
    write(page, "Question or instruction", "How many cranes has the harbour?")
    write(page, "Answer", "Three.")
    before = page.url

    page.keyboard.press("Control+Enter")

    expect(field(page, "Passage")).to_be_focused()
    message = field(page, "Passage").evaluate("field => field.validationMessage")
    assert "paste the text that it is about" in message
    assert page.url == before


def test_the_guideline_stays_closed_once_somebody_closed_it(sign_in):
    page = sign_in("writer")
    begin(page, "Thank-you")
    panel = page.locator("#guideline")
    expect(panel).to_have_attribute("open", "")

    page.locator("h1").focus()
    page.keyboard.press("g")
    expect(panel).not_to_have_attribute("open", "")
    page.reload()

    expect(panel).not_to_have_attribute("open", "")


def test_a_pair_with_a_passage_is_written_without_scripts(sign_in):
    page = sign_in("writer", java_script_enabled=False)
    page.goto("/")
    page.get_by_text("Write in a category of your choice").click()
    page.get_by_role("button", name="Write in Question on a passage").click()
    expect(page.get_by_role("toolbar")).to_have_count(0)
    expect(coach(page)).to_be_hidden()
    field(page, "Question or instruction").fill("How many cranes has the harbour?")
    field(page, "Passage").fill(PASSAGE)
    field(page, "Answer").fill("Three, and my card is 4539 1488 0343 6467.")

    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_text("Saved.")).to_be_visible()


def test_an_answer_is_written_under_what_was_asked(sign_in):
    page = sign_in("writer")
    start(page, "Answer", "Conversations")
    expect(page.locator(".turn--focus")).to_be_visible()

    write(page, "Answer", "A patient answer, in one sentence of many quite simple words.")
    page.keyboard.press("Control+Enter")

    expect_sent(page)
