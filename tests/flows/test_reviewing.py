"""Reviewing by keyboard alone: verdicts, an edit seen as it is typed, talk, a flag."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def claim(page: Page, kind: str, dataset: str) -> None:
    """Take a task of one kind, as the buttons at home do."""
    page.goto("/")
    page.evaluate(
        """async ([kind, dataset]) => {
          const body = new FormData();
          body.append("kind", kind);
          body.append("dataset", dataset);
          const token = document.querySelector("meta[name=csrf-token]").content;
          body.append("csrfmiddlewaretoken", token);
          location.href = (await fetch("/work/claim/", { method: "POST", body })).url;
        }""",
        [kind, dataset],
    )
    page.wait_for_url(re.compile(r"/work/[0-9a-f]{16}/"))
    expect(page.locator(".task")).to_be_visible()


def pass_over(page: Page) -> None:
    page.evaluate(
        """async () => {
          const body = new FormData();
          const token = document.querySelector("meta[name=csrf-token]").content;
          body.append("csrfmiddlewaretoken", token);
          await fetch(location.pathname + "skip/", { method: "POST", body });
        }"""
    )


def goes_on(page: Page, before: str) -> None:
    page.wait_for_url(lambda url: url.partition("?")[0] != before.partition("?")[0])
    expect(page.get_by_text("Saved").first).to_be_visible()


def test_a_text_is_accepted_by_one_key(sign_in):
    page = sign_in("reviewer")
    claim(page, "review", "handbook")
    before = page.url

    page.keyboard.press("a")

    goes_on(page, before)


def test_a_text_is_rejected_by_three_keys(sign_in):
    page = sign_in("reviewer")
    claim(page, "review", "handbook")
    before = page.url

    page.keyboard.press("r")
    page.keyboard.press("3")
    expect(page.locator("#reject :checked")).to_have_value("unclear")
    page.keyboard.press("Control+Enter")

    goes_on(page, before)


def test_numbers_choose_nothing_while_reject_is_closed(sign_in):
    page = sign_in("reviewer")
    claim(page, "review", "handbook")
    while page.locator("#reject :checked").count():  # somebody took back a rejection
        pass_over(page)
        claim(page, "review", "handbook")

    page.keyboard.press("3")

    expect(page.locator("#reject :checked")).to_have_count(0)


def test_an_edit_shows_what_it_changes_while_it_is_typed(sign_in):
    page = sign_in("reviewer")
    claim(page, "review", "handbook")
    before = page.url

    page.keyboard.press("e")
    expect(page.locator(".editable__read")).to_be_hidden()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Indeed.")
    expect(page.locator("[data-diff] ins")).to_have_text(re.compile("Indeed"))
    # An edit is not thrown away by a key too many.
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.get_by_text("You changed the text.")).to_be_visible()
    page.keyboard.press("Control+Enter")

    goes_on(page, before)


def test_labels_are_answered_and_left_open_again_by_keyboard(sign_in):
    page = sign_in("reviewer")
    claim(page, "review", "handbook")
    page.locator("#labels > summary").focus()
    page.keyboard.press("Enter")
    quality = page.get_by_role("group", name=re.compile("^Quality"))

    quality.get_by_role("radio", name="4").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Would you be glad to get this text")).to_be_visible()
    expect(page.locator("[data-answered]")).to_have_text("1")
    quality.get_by_role("button", name="Leave open").focus()
    page.keyboard.press("Enter")

    expect(quality.locator(":checked")).to_have_count(0)
    expect(page.locator("[data-answered]")).to_be_hidden()


def test_a_comment_calls_somebody_and_the_page_stays(sign_in):
    page = sign_in("reviewer")
    claim(page, "review", "handbook")
    before = page.url

    page.keyboard.press("c")
    page.keyboard.type("Is this right, @nobody?")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nobody here is called “nobody”")).to_be_visible()
    field = page.locator(".talk textarea")
    expect(field).to_have_value("Is this right, @nobody?")
    field.fill("Is this right, @cleo?")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".talk .mention").last).to_have_text("@cleo")
    expect(field).to_have_value("")
    assert page.url == before
    curator = sign_in("curator")
    curator.goto("/notifications/")
    expect(curator.get_by_text("Rosa Hallam").first).to_be_visible()


def test_a_comment_that_was_not_sent_is_there_after_a_reload(sign_in):
    page = sign_in("reviewer")
    claim(page, "review", "handbook")
    page.keyboard.press("c")
    page.keyboard.type("Half a thought")

    page.reload()

    expect(page.locator(".talk textarea")).to_have_value("Half a thought")


def test_an_answer_is_flagged_while_ranking(sign_in):
    page = sign_in("reviewer")
    claim(page, "rank", "conversations")
    before = page.url

    page.keyboard.press("f")
    page.keyboard.press("ArrowRight")  # answer B
    expect(page.get_by_role("radio", name="Answer B")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("Flagged. A curator will look at it.")).to_be_visible()
    assert page.url == before
