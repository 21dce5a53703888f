"""A thank-you note that nobody else wrote, and what becomes of it on the page."""

from __future__ import annotations

import random
import re
from string import ascii_lowercase

from playwright.sync_api import Locator, Page, expect

THINGS = (
    "lamp rope kettle violin ladder compass blanket bicycle lantern anchor teapot globe"
)
PEOPLE = "bakers sailors nurses twins painters farmers dancers pilots masons weavers smiths"
CHANCE = random.SystemRandom()


def write_a_note(page: Page, first_name: str) -> str:
    """A pair unlike any that is there, so that nobody has anything to say about it.

    Return the name that it is to: of this first name, and of nobody else's note.
    """
    name = f"{first_name} {''.join(CHANCE.choices(ascii_lowercase, k=7)).title()}"
    things, people = some(THINGS), some(PEOPLE)
    page.goto("/")
    page.get_by_text("Write in a category of your choice").click()
    page.get_by_role("button", name="Write in Thank-you").click()
    page.wait_for_url(re.compile(r"/work/[0-9a-f]{16}/"))  # with its scripts
    page.get_by_label("Question or instruction").fill(f"{things}: {name} of the {people}?")
    answer(page).fill(f"Dear {name}, the {people} and I say thanks for {things}.")
    return name


def some(words: str) -> str:
    return " ".join(CHANCE.sample(words.split(), 5))


def answer(page: Page) -> Locator:
    return page.get_by_label("Answer", exact=True)


def expect_sent(page: Page) -> None:
    """On the next page, or at home after the last; a dead server has time to come back."""
    sent = page.get_by_text("Saved.").filter(visible=True)
    expect(sent.first).to_be_visible(timeout=90_000)
