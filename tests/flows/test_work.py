"""Writing, reviewing and ranking in a browser: by keyboard, by drag, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def start(page: Page, what: str, dataset: str) -> None:
    """Press the button for one kind of work in one dataset."""
    page.goto("/")
    section = page.locator("section").filter(has=page.get_by_role("heading", name=dataset))
    section.get_by_role("button", name=re.compile(f"^{what}")).last.click()
    page.wait_for_url(re.compile(r"/work/\d+/$"))


def write_a_note(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_text("Write in a category of your choice").click()
    page.get_by_role("button", name="Write in Thank-you").click()
    page.get_by_label("Question or instruction").fill(
        f"Write a short thank-you note to {name} for the green drum."
    )
    page.get_by_label("Answer").fill(
        f"Dear {name}, thank you so much for the green drum. It was very kind of you."
    )


def test_a_pair_is_written_and_sent_by_keyboard(sign_in):
    page = sign_in("writer")
    write_a_note(page, "Ivan")

    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("Saved. Here is the next one.")).to_be_visible()


def test_what_is_typed_survives_a_reload(sign_in):
    page = sign_in("writer")
    write_a_note(page, "Jana")
    expect(page.locator("#saved")).to_contain_text("Saved at")

    page.reload()

    expect(page.get_by_label("Answer")).to_have_value(re.compile("Dear Jana"))


def test_what_is_typed_survives_a_lost_network(sign_in):
    page = sign_in("writer")
    write_a_note(page, "Ruth")
    expect(page.locator("#saved")).to_contain_text("Saved at")
    page.context.set_offline(True)
    page.get_by_label("Answer").fill("Dear Ruth, the line is dead but the thanks are not.")
    expect(page.locator("#saved")).to_contain_text("Kept in this browser")

    page.context.set_offline(False)
    page.reload()

    expect(page.get_by_label("Answer")).to_have_value(re.compile("the line is dead"))


def test_a_review_is_one_key(sign_in):
    page = sign_in("reviewer")
    start(page, "Review", "handbook")
    before = page.url

    page.keyboard.press("a")

    page.wait_for_url(lambda url: url != before)
    expect(page.get_by_text("Saved")).to_be_visible()


def test_a_rejection_asks_for_a_reason_and_keeps_the_note(sign_in):
    page = sign_in("reviewer")
    start(page, "Review", "handbook")
    page.keyboard.press("r")
    page.get_by_label("Note to the author").fill("Which harbour is meant?")
    page.get_by_role("button", name="Reject", exact=True).click()

    expect(page.get_by_text("Choose a reason")).to_be_visible()
    expect(page.get_by_label("Note to the author")).to_have_value("Which harbour is meant?")


def places(page: Page) -> list[tuple[str, str]]:
    """Each answer's letter and shown place, from the top."""
    items = page.locator(".rank-item")
    return [
        (
            items.nth(n).get_attribute("data-letter") or "",
            items.nth(n).locator(".rank-item__number").inner_text(),
        )
        for n in range(items.count())
    ]


def test_answers_are_ranked_by_keyboard_with_a_tie(sign_in):
    page = sign_in("reviewer")
    start(page, "Rank", "Conversations")
    first, second = (letter for letter, _ in places(page)[:2])
    page.locator(".rank-item").first.focus()

    page.keyboard.press("ArrowDown")
    assert places(page)[0] == (second, "1")
    page.keyboard.press("=")

    assert places(page)[:2] == [(second, "1"), (first, "1")]
    expect(page.locator("#rank-says")).to_contain_text(f"tied with {second}")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved")).to_be_visible()


def test_answers_are_ranked_by_drag(sign_in):
    page = sign_in("reviewer", viewport={"width": 1280, "height": 2400})
    start(page, "Rank", "Conversations")
    last = places(page)[-1][0]
    grip = page.locator(".rank-item").last.locator(".rank-item__grip")
    top = page.locator(".rank-item").first.bounding_box()
    assert top is not None

    grip.hover()
    page.mouse.down()
    page.mouse.move(top["x"] + 30, top["y"] + 4, steps=12)
    page.mouse.up()

    assert places(page)[0] == (last, "1")


def test_the_order_of_chance_is_no_ballot_until_it_is_confirmed(sign_in):
    page = sign_in("reviewer")
    start(page, "Rank", "Conversations")
    before = page.url

    page.get_by_role("button", name="Submit this order").click()

    expect(page.get_by_text("You have not moved anything")).to_be_visible()
    assert page.url == before


def test_writing_reviewing_and_ranking_work_without_scripts(sign_in):
    page = sign_in("writer", java_script_enabled=False)
    write_a_note(page, "Omar")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Saved. Here is the next one.")).to_be_visible()

    page = sign_in("reviewer", java_script_enabled=False)
    start(page, "Review", "handbook")
    page.get_by_role("button", name="Accept").first.click()
    expect(page.get_by_text("Saved")).to_be_visible()

    start(page, "Rank", "Conversations")
    selects = page.locator(".rank-item select")
    for number in range(selects.count()):
        selects.nth(number).select_option(str(min(number + 1, 2)))
    page.get_by_role("button", name="Submit this order").click()
    expect(page.get_by_text("Saved")).to_be_visible()
