"""Searching a dataset in a browser: by keyboard alone, and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
BROWSE = "/datasets/conversations/browse/"


def test_a_search_by_keyboard_leads_to_the_text(sign_in):
    page = sign_in("curator")
    page.goto(BROWSE)

    page.keyboard.press("/")
    page.keyboard.type("the")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"q=the"))
    expect(page.locator("mark").first).to_have_text(re.compile("^the$", re.IGNORECASE))
    page.locator(".found__text").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/conversations/\d+/#message-\d+$"))
    expect(page.locator(":target")).to_be_visible()


def test_without_scripts_filters_come_and_go(sign_in):
    page = sign_in("curator", java_script_enabled=False)
    page.goto(BROWSE)
    page.get_by_label("Search the texts").fill("the")
    page.get_by_role("button", name="Search", exact=True).click()

    page.get_by_role("navigation", name="State").get_by_text("Accepted").click()

    expect(page).to_have_url(re.compile(r"q=the&state=accepted"))
    found = page.locator(".found__item")
    expect(found.first).to_contain_text("Accepted")
    page.get_by_role("link", name=re.compile("Leave out")).click()
    expect(page).to_have_url(re.compile(r"q=the$"))


def test_a_search_is_kept_and_found_again(sign_in, attempt):
    page = sign_in("curator")
    page.goto(f"{BROWSE}?q=the&role=prompter")
    page.get_by_text("Save this search").click()
    page.get_by_label("Name").fill(f"Prompts with an article, {attempt}")
    page.get_by_role("button", name="Save", exact=True).click()

    page.goto(BROWSE)
    page.get_by_role("link", name=f"Prompts with an article, {attempt}").click()

    expect(page).to_have_url(re.compile(r"q=the&role=prompter"))


def test_what_is_ticked_is_counted_beside_what_can_be_done_with_it(sign_in):
    page = sign_in("curator")
    page.goto(BROWSE)
    boxes = page.locator(".found__tick")
    form = page.locator("[data-bulk]")
    expect(form).not_to_be_in_viewport()

    for number in range(2):
        boxes.nth(number).check()
    expect(form).to_be_in_viewport()
    expect(form.get_by_role("status")).to_have_text("Ticked: 2")

    for number in range(2):
        boxes.nth(number).uncheck()
    expect(form).not_to_be_in_viewport()


def test_on_a_phone_the_tab_where_one_is_comes_into_sight(sign_in):
    page = sign_in("curator", viewport={"width": 390, "height": 844})

    page.goto("/datasets/conversations/agreement/")

    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1280, 390])
def test_the_rest_of_the_tabs_is_under_more_also_without_scripts(sign_in, width):
    page = sign_in(
        "curator", java_script_enabled=False, viewport={"width": width, "height": 844}
    )
    page.goto("/datasets/conversations/rules/")
    tabs = page.get_by_role("navigation", name="Dataset", exact=True)
    expect(tabs.locator("[aria-current]")).to_be_in_viewport(ratio=1)
    assert tabs.bounding_box()["height"] < 60

    tabs.locator("summary").focus()
    page.keyboard.press("Enter")
    known = tabs.get_by_role("link", name="Known items")
    expect(known).to_be_in_viewport(ratio=1)
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(known).to_be_focused()
    page.keyboard.press("Enter")

    expect(tabs.locator("[aria-current]")).to_have_text("Known items")
    expect(tabs.locator("[aria-current]")).to_be_in_viewport(ratio=1)
