"""A file goes into the record and out again in a browser."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PLACE = "/datasets/conversations/"


def lines(attempt):
    rows = [
        {"Frage": f"Which quay is number {n}, try {attempt}?", "Antwort": f"Quay {n}."}
        for n in range(3)
    ]
    return "\n".join(map(json.dumps, [*rows, {"Frage": "No answer?", "Antwort": ""}]))


def test_a_file_is_mapped_imported_and_exported(sign_in, attempt):
    page = sign_in("curator")
    page.goto(f"{PLACE}imports/")
    content = lines(attempt).encode()
    file = {"name": "quays.jsonl", "mimeType": "text/plain", "buffer": content}
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Look at it").click()

    page.get_by_label("What is in it").select_option("dolly")
    for field, column in (("instruction", "Frage"), ("response", "Antwort")):
        page.locator(f"select[name=column-{field}]").select_option(column)
        # The preview follows each choice by itself.
        expect(page.locator(f"select[name=column-{field}]")).to_have_value(column)
    expect(page.locator("#preview")).to_contain_text("Quay 2.")
    expect(page.locator("#preview")).to_contain_text("1 of the first rows would be refused")
    page.get_by_role("button", name="Import it").click()

    expect(page.get_by_text("It is in the record.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("“Antwort” is empty.")).to_be_visible()
    page.goto(f"{PLACE}extracts/")
    page.get_by_label("Format").select_option("dolly")
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_text("The file is there.")).to_be_visible(timeout=30_000)
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    assert "Quay 2." in fetched.value.path().read_text()


def test_without_scripts_a_paste_is_looked_at_by_button(sign_in):
    page = sign_in("curator", java_script_enabled=False)
    page.goto(f"{PLACE}imports/")
    page.get_by_label("Or paste it").fill(lines(0))
    page.get_by_role("button", name="Look at it").click()
    page.get_by_label("What is in it").select_option("dolly")
    page.get_by_role("button", name="Look again").click()
    page.locator("select[name=column-instruction]").select_option("Frage")
    page.locator("select[name=column-response]").select_option("Antwort")
    page.get_by_role("button", name="Look again").click()

    expect(page.locator("#preview")).to_contain_text("Quay 0.")
    page.get_by_role("button", name="Forget this file").click()
    expect(page.get_by_text("It was called off. Nothing was taken.")).to_be_visible()
