"""The queue of curators: by keyboard, several at once, and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

QUEUE = "/datasets/conversations/flags/"


def flag(page: Page, number: int) -> str:
    """Flag an accepted answer of the demo by its page; return what it says."""
    page.goto("/datasets/conversations/")
    links = page.eval_on_selector_all(
        "a[href]", "all => all.map((a) => a.getAttribute('href'))"
    )
    trees = [a for a in links if re.fullmatch(r".*/conversations/\d+/", a)]
    page.goto(trees[number])
    address = page.locator("a[href*='/flag/']").last.get_attribute("href")
    assert address is not None
    page.goto(address)
    page.get_by_role("radio", name="Something else").check()
    page.get_by_label("Note to the curators").fill(f"Look at number {number}.")
    page.locator("main form").get_by_role("button").last.click()
    expect(page.get_by_text("Flagged.").first).to_be_visible()
    return f"Look at number {number}."


def item(page: Page, note: str) -> Locator:
    return page.locator("[data-item]").filter(has_text=note)


def go_to(page: Page, note: str) -> None:
    """Press J until the text has the focus."""
    wanted = item(page, note)
    for _ in range(40):
        page.keyboard.press("j")
        if wanted.evaluate("item => item === document.activeElement"):
            return
    raise AssertionError(f"The keys did not come to {note!r}.")


def test_a_flag_is_taken_decided_and_undone_by_keyboard(sign_in, attempt):
    reviewer = sign_in("reviewer")
    note = flag(reviewer, {1: 0, 2: 4}[attempt])
    page = sign_in("curator")
    page.goto(f"{QUEUE}?sort=flag")

    go_to(page, note)
    with page.expect_navigation():
        page.keyboard.press("t")
    expect(item(page, note)).to_contain_text("looks after it")
    expect(item(page, note)).not_to_contain_text("Nobody looks after it")
    go_to(page, note)
    page.keyboard.press("e")
    page.keyboard.type(f"It is fine, thank you: {attempt}.")
    page.keyboard.press("Shift+Tab")  # out of the field, so that keys are keys again
    item(page, note).focus()
    page.keyboard.press("1")

    expect(page.get_by_text("Decided on 1 text.").first).to_be_visible()
    expect(item(page, note)).to_have_count(0)
    page.goto(f"{QUEUE}?state=decided")
    row = page.locator("tbody tr").filter(has_text=f"It is fine, thank you: {attempt}.")
    row.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone: it waits again.").first).to_be_visible()
    page.goto(f"{QUEUE}?sort=flag")
    expect(item(page, note)).to_have_count(1)


def test_several_are_decided_without_scripts(sign_in):
    reviewer = sign_in("reviewer")
    notes = [flag(reviewer, number) for number in (1, 2)]
    page = sign_in("curator", java_script_enabled=False)
    page.goto(f"{QUEUE}?sort=flag")

    for note in notes:
        item(page, note).get_by_role("checkbox").check()
    several = page.locator("#several")
    several.get_by_label("Why?").fill("Both are fine.")
    several.get_by_role("button", name="Nothing to do").click()

    expect(page.get_by_text("Decided on 2 texts.").first).to_be_visible()
    for note in notes:
        expect(item(page, note)).to_have_count(0)
    reviewer.goto("/notifications/")
    expect(
        reviewer.get_by_text("A curator looked at what you flagged").first
    ).to_be_visible()


def test_numbers_choose_nothing_while_somebody_writes(sign_in):
    reviewer = sign_in("reviewer")
    note = flag(reviewer, 3)
    page = sign_in("curator")
    page.goto(f"{QUEUE}?sort=flag")

    go_to(page, note)
    page.keyboard.press("x")
    expect(item(page, note).get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("x")
    go_on = item(page, note).get_by_label("Why?")
    item(page, note).focus()
    page.keyboard.press("e")
    page.keyboard.type("1 of 3")

    expect(go_on).to_have_value("1 of 3")
    expect(item(page, note)).to_have_count(1)


def test_all_on_the_page_are_chosen_at_once(sign_in):
    page = sign_in("curator")
    page.goto(QUEUE)
    boxes = page.locator("[data-item] input[type=checkbox]")

    page.get_by_label("Choose all on this page").check()
    assert all(box.is_checked() for box in boxes.all())
    expect(page.locator("[data-chosen]")).to_have_text(f"Chosen: {boxes.count()}")

    boxes.first.uncheck()
    expect(page.get_by_label("Choose all on this page")).not_to_be_checked()
