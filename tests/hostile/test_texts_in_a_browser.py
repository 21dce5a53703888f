"""What people and models write does nothing in a browser: it runs no script, breaks no rule
of the page's policy, and asks no other host.

Pages are made first, and then shown to a real browser with their own headers.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import sync_playwright

from curation.models import Category, Comment, Guideline
from tests.annotate.work import claim, planned
from tests.curation.pages import url
from tests.curation.test_rendering import HOSTILE
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.flows.conftest import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
HOST = "https://winnow.test"
NAME = "\"'><img src=https://evil.example/n onerror=alert(1)>"
ALL = "\n\n".join(HOSTILE) + f"\n\n{NAME}"
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
    console.log("VIOLATION " + event.violatedDirective + " " + event.blockedURI));
"""


@pytest.fixture
def pages(client):
    """Answers by address, as a curator and as a reviewer get them."""
    dataset = DatasetFactory(slug="hostile", title=NAME, description=ALL, pairs=True)
    Guideline.objects.create(dataset=dataset, number=2, text=ALL)
    category: Category = CategoryFactory(dataset=dataset, name=NAME, brief=ALL)
    writer = ContributorFactory(member=dataset, name=NAME)
    common = {
        "author": writer, "conversation__dataset": dataset,
        "conversation__category": category, "text": ALL,
    }  # fmt: skip
    prompt = MessageFactory(accepted=True, context=ALL, **common)
    ReplyFactory(parent=prompt, accepted=True, author=writer, text=ALL)
    waiting = MessageFactory(accepted=True, **common)
    reply = ReplyFactory(parent=waiting, author=writer, text=ALL)
    Comment.objects.create(message=reply, author=writer, text=ALL)
    planned(reply)
    curator = ContributorFactory(
        member=dataset, member__roles=["curator", "reviewer"], is_staff=True, name=NAME
    )
    client.force_login(curator)
    there = {
        address: client.get(address)
        for address in (
            "/",
            url("datasets"),
            url("dataset", "hostile"),
            url("guideline", "hostile"),
            url("people", "hostile"),
            url("rules", "hostile"),
            url("browse", "hostile"),
            f"{url('browse', 'hostile')}?q=alert",
            url("conversation", "hostile", prompt.conversation_id),
            url("conversation", "hostile", reply.conversation_id),
            url("instance"),
        )
    }
    slot = claim(client, kind="review", dataset="hostile")
    assert slot is not None
    there[f"/work/{slot.address}/"] = client.get(f"/work/{slot.address}/")
    client.force_login(writer)
    there["/me/work/"] = client.get("/me/work/")
    assert Counter(answer.status_code for answer in there.values()) == {200: len(there)}
    return there


def test_nothing_runs_nothing_is_broken_and_nobody_else_is_asked(pages, chromium):
    outside, said, seen = [], [], 0
    shown = {path: (dict(a.headers), a.content) for path, a in pages.items()}

    def answer(route):
        asked = urlsplit(route.request.url)
        address = asked.path + (f"?{asked.query}" if asked.query else "")
        if f"{asked.scheme}://{asked.netloc}" != HOST:
            outside.append(route.request.url)
            route.abort()
        elif address in shown:
            headers, body = shown[address]
            headers.pop("Content-Length", None)
            route.fulfill(status=200, headers=headers, body=body)
        elif asked.path.startswith("/static/"):
            route.fulfill(path=finders.find(asked.path.removeprefix("/static/")))
        else:
            route.fulfill(status=404, body="")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        page.route("**/*", answer)
        page.add_init_script(WATCH)
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda line: said.append(line.text))
        for path in shown:
            page.goto(HOST + path)
            seen += "alert(1)" in page.inner_text("body")
            page.evaluate("() => new Promise(requestAnimationFrame)")
        # The watchman himself: were there a violation, it would be heard of.
        before = len(said)
        page.evaluate("() => { new Image().src = 'https://evil.example/x'; }")
        page.wait_for_timeout(100)
        browser.close()

    assert [line for line in said[before:] if line.startswith("VIOLATION img-src")]
    assert [line for line in said[:before] if "404" not in line] == []
    assert outside == []
    assert seen >= 6  # it was there, as words
