"""What programs can ask, as Swagger UI and Redoc show it: whole, and from here alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/reference/"])
def test_the_api_is_shown_and_nobody_else_is_asked(winnow, sign_in, path):
    page = sign_in("admin 0")
    said, elsewhere = [], []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: elsewhere.append(one.url))

    page.goto(path)

    title = page.get_by_text("All that the pages can do, for programs.")
    expect(title).to_be_visible(timeout=60_000)
    # The first one: what is below comes as one scrolls.
    expect(page.get_by_text("/api/v1/bases/").first).to_be_visible(timeout=60_000)
    assert said == []
    ours = (winnow.address, "data:")
    assert [one for one in elsewhere if not one.startswith(ours)] == []
