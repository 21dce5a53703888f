"""What changes elsewhere comes onto an open page, and nobody loses their place in it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.receiver import receiving

pytestmark = pytest.mark.browser


def test_what_another_sends_appears_while_one_reads_in_the_log(sign_in, attempt):
    reading, sending = sign_in("curator"), sign_in("curator")
    with receiving() as receiver:
        reading.goto("/datasets/conversations/hooks/")
        reading.get_by_label("Name").fill(f"Bot {attempt}")
        reading.get_by_label("Address").fill(receiver.address)
        reading.locator(".chip", has_text="There are new terms").click()
        reading.get_by_role("button", name="Add the webhook").click()
        reading.get_by_role("button", name="Send a test").click()
        reading.wait_for_url(re.compile(r"/hooks/\d+/$"))
        log = reading.locator("#hook-log")
        expect(log.get_by_text("Delivered")).to_have_count(1)
        first = log.locator("details")
        name = first.get_attribute("id")
        if first.get_attribute("open") is None:
            first.locator("summary").click()
        first.locator("summary").focus()
        reading.evaluate("window.isSame = true")

        sending.goto(reading.url)
        sending.get_by_role("button", name="Send a test").click()
        expect(log.get_by_text("Delivered")).to_have_count(2)

    assert len(receiver.heard) == 2
    assert reading.evaluate("window.isSame"), "the page was loaded anew"
    there = log.locator(f"#{name}")
    expect(there).to_have_attribute("open", "")
    expect(there.locator("summary")).to_be_focused()
