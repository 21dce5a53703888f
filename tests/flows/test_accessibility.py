"""axe finds nothing serious on any page; its colours also hold in the dark."""

from __future__ import annotations

import re

import psycopg
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from config import embedded

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}
COLOURS = {"dark": ["color-contrast"], "contrast": ["color-contrast-enhanced"]}
# Without moving parts, so that no colour is read halfway to another.
STILL = {"reduced_motion": "reduce"}
KINDS = {"write_pair", "write_prompt", "answer", "continue", "review", "rank"}
OWN = [
    "/me/",
    "/me/work/",
    "/leaderboard/",
    "/profile/",
    "/notifications/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/3rdparty/",
    "/profile/sessions/",
    "/profile/programs/",
]
DATASET_TABS = [
    "", "browse/?q=the", "versions/", "guideline/", "people/", "rules/", "given/",
    "agreement/", "dashboard/?days=all", "imports/", "extracts/", "archives/", "hooks/",
    "people/history/", "people/invitations/",
]  # fmt: skip
SETTINGS = [
    f"/settings/{page}/"
    for page in (
        "audit", "invitations", "people/table", "sign-in", "sign-in/new/oidc",
        "sign-in/new/saml", "health", "hooks",
    )
]  # fmt: skip
RECORD_TABS = [
    "flags/", "flags/?state=decided", "duplicates/", "duplicates/?state=decided",
    "browse/?q=engine", "browse/?q=nothing-like-it", "agreement/", "terms/", "rules/",
    "versions/?preview=1&cap_per_author=3",
]  # fmt: skip


def findings(page: Page, *themes: str) -> list[str]:
    """What axe holds against this page with all folds open; in more themes its colours."""
    page.evaluate(AXE_SCRIPT)
    page.evaluate(
        "document.querySelectorAll('details:not([data-menu])').forEach(d => d.open = true)"
    )
    found = []
    for theme in ("light", "dark", *themes):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        only = {"type": "tag", "values": TAGS}
        if theme != "light":
            only = {"type": "rule", "values": COLOURS[theme]}
        options = {"runOnly": only, "resultTypes": ["violations"]}
        answer = page.evaluate("options => axe.run(document, options)", options)
        for rule in answer["violations"]:
            if rule["impact"] in SERIOUS:
                found += [
                    f"{page.url} [{theme}] {rule['id']}: {rule['help']}\n"
                    f"    at {node['target']}: {node['html'][:160]}\n"
                    f"    {node.get('failureSummary', '').splitlines()[1:2]}"
                    for node in rule["nodes"][:5]
                ]
    return found


def visit(page: Page, *addresses: str, status: int = 200) -> list[str]:
    found = []
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None and answer.status == status, (address, answer)
        found += findings(page)
    return found


def links(page: Page, address: str, pattern: str) -> list[str]:
    """The addresses on this page that look so, once each."""
    page.goto(address)
    hrefs = page.locator("a[href]").evaluate_all("all => all.map(a => a.pathname)")
    return list(dict.fromkeys(href for href in hrefs if re.fullmatch(pattern, href)))


def assert_clean(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


@pytest.fixture(scope="module")
def rare(winnow):
    """A dataset of this name with what else is rarely there."""
    winnow.run_beside("tests.flows.rare_pages")


@pytest.fixture(scope="module")
def record(winnow):
    """A dataset of this name with versions, what waits in it, and what was agreed to."""
    winnow.run_beside("tests.flows.record_pages")


def test_pages_for_visitors(winnow, browser):
    context = browser.new_context(base_url=winnow.address, **STILL)
    page = context.new_page()
    found = visit(
        page, "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"
    )
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "nobody@winnow.example")
    page.fill("input[name=password]", "not the password")
    page.press("input[name=password]", "Enter")
    expect(page.locator("[role=alert], .errorlist").first).to_be_visible()
    found += findings(page)
    context.close()

    assert_clean(found)


def claim(page: Page, offer: dict[str, str]) -> bool:
    """Press the button of this offer on the home page; False: it is gone."""
    page.goto("/")
    form = page.locator("form").filter(
        has=page.locator(f"input[name=kind][value={offer['kind']}]")
    )
    form = form.filter(has=page.locator(f"input[name=dataset][value={offer['dataset']}]"))
    if not form.count():
        return False
    with page.expect_navigation() as navigation:
        form.first.evaluate("form => form.submit()")
    assert navigation.value.ok, offer
    return "/work/" in page.url


def give_back(page: Page) -> None:
    token = page.locator("#task input[name=csrfmiddlewaretoken]").get_attribute("value")
    skipped = page.request.post(f"{page.url}skip/", form={"csrfmiddlewaretoken": token})
    assert skipped.ok


def offers(page: Page) -> list[dict[str, str]]:
    """What the home page offers, once for each kind of work."""
    page.goto("/")
    all_of_them = page.locator("form:has(input[name=kind])").evaluate_all(
        """forms => forms.map(({elements}) =>
            ({kind: elements.kind.value, dataset: elements.dataset.value}))"""
    )
    return list({(o["kind"], o["dataset"] == "rare"): o for o in all_of_them}.values())


def test_home_and_every_kind_of_task(sign_in):
    # The last ones of the demo: the other flows work as the first.
    people = [sign_in("writer 3", **STILL), sign_in("reviewer 6", **STILL)]
    seen, found = set(), []
    for page in people:
        found += visit(page, "/")
        for offer in offers(page):
            if offer["dataset"] == "rare":
                continue  # the next test's: what is skipped does not come back
            if offer["kind"] not in seen and claim(page, offer):
                seen.add(offer["kind"])
                found += findings(page)
                give_back(page)

    assert_clean(found)
    assert seen >= KINDS


@pytest.mark.parametrize(
    ("role", "kind"),
    [("reviewer 4", "compare"), ("curator", "adjudicate"), ("writer 3", "improve")],
)
def test_tasks_that_are_rarely_there(rare, sign_in, role, kind):
    page = sign_in(role, **STILL)

    assert claim(page, {"kind": kind, "dataset": "rare"})
    found = findings(page)
    if kind == "compare":
        found += visit(page, f"{page.url}differences/?diff=A,B")

    assert_clean(found)


def test_a_text_that_was_kept(rare, sign_in):
    page = sign_in("writer 3", **STILL)
    kept = links(page, "/", r"/work/kept/\d+/")

    assert_clean(visit(page, kept[0]))


def test_what_only_curators_see_of_a_dataset(rare, sign_in):
    page = sign_in("curator", **STILL)
    tabs = ("", "given/", "flags/", "gold/", "rules/", "people/")
    found = visit(page, *(f"/datasets/rare/{tab}" for tab in tabs))
    found += visit(page, *links(page, "/datasets/rare/", r".*/conversations/\d+/"))

    assert_clean(found)


def test_one_conversation_for_a_reviewer_with_flag_and_comments(rare, sign_in):
    page = sign_in("reviewer 4", **STILL)
    there = links(page, "/datasets/rare/", r".*/conversations/\d+/")
    flags = [
        link for one in there for link in links(page, one, r"/messages/[0-9a-f]+/flag/")
    ]
    said = [link.replace("flag", "comments") for link in flags]

    assert_clean(visit(page, *there, flags[0], *said[:3]))


def test_pages_of_ones_own(sign_in):
    page = sign_in("writer 2", **STILL)

    assert_clean(visit(page, *OWN))


def test_pages_of_a_dataset(sign_in):
    page = sign_in("curator", **STILL)
    found = visit(
        page, "/datasets/", *(f"/datasets/conversations/{t}" for t in DATASET_TABS)
    )
    conversation = links(page, "/datasets/conversations/", r".*/conversations/\d+/")
    category = links(page, "/datasets/conversations/rules/", r".*/categories/\d+/")
    found += visit(page, conversation[0], category[0])
    found += visit(page, "/datasets/conversations/categories/new/")
    withdraw = links(sign_in("writer 2"), "/me/", r"/me/\d+/withdraw/")
    found += visit(sign_in("writer 2", **STILL), withdraw[0])

    assert_clean(found)


def test_pages_of_versions_and_runs(winnow, sign_in):
    version, run = winnow.run_beside("tests.flows.finished_run").split()
    page = sign_in("curator", **STILL)
    found = visit(page, version, "/models/", run)
    found += visit(page, "/models/schedules/", "/models/schedules/new/", "/models/workers/")
    found += visit(page, "/models/playground/")
    launch = page.goto("/models/launch/")
    assert launch is not None and launch.ok
    found += findings(page)

    assert_clean(found)


def test_what_curators_decide_and_look_for_in_the_record(record, sign_in):
    page = sign_in("curator", **STILL)
    found = visit(page, *(f"/datasets/record/{tab}" for tab in RECORD_TABS))
    for person in links(page, "/datasets/record/people/", r".*/people/\d+/"):
        found += visit(page, person)

    assert_clean(found)


def test_where_the_record_went(record, sign_in):
    page = sign_in("curator", **STILL)
    behind = "/datasets/record/versions/1/lineage/"
    found = visit(page, behind, "/datasets/record/versions/2/since/1/")
    found += visit(page, "/datasets/record/versions/1/exports/")
    found += visit(page, *links(page, behind, r"/models/reports/\d+/"))
    conversation = links(page, "/datasets/record/", r".*/conversations/\d+/")[0]
    found += visit(page, links(page, conversation, r"/messages/[0-9a-f]+/lineage/")[0])

    assert_clean(found)


def test_what_one_agreed_to_and_takes_back(record, sign_in):
    curator, author = sign_in("curator", **STILL), sign_in("writer 3", **STILL)
    taken = links(author, "/me/work/", r"/me/withdrawals/\d+/")
    found = visit(curator, "/me/consents/", "/datasets/record/consent/")
    found += visit(author, "/me/consents/", "/me/withdraw/", "/me/erase/", taken[0])

    assert_clean(found)


def test_pages_of_site_admins_and_the_page_that_is_not_there(record, sign_in):
    page = sign_in("admin", **STILL)
    found = visit(
        page, "/settings/", "/settings/people/new/", "/datasets/new/", "/models/bases/add/"
    )
    found += visit(page, "/moderation/", "/settings/evaluation-sets/", "/settings/terms/")
    found += visit(page, "/models/workers/rules/", *SETTINGS)
    for one in ("pause", "erase"):
        found += visit(page, links(page, "/settings/", rf"/settings/people/\d+/{one}/")[0])
    found += visit(page, "/nowhere/", status=404)
    found += visit(page, "/admin/curation/event/add/", status=403)

    assert_clean(found)


def test_a_form_that_was_open_for_too_long(sign_in):
    page = sign_in("writer 3", **STILL)
    page.goto("/profile/")
    page.context.clear_cookies(name="csrftoken")
    with page.expect_navigation() as navigation:
        page.locator("main form[method=post]").first.evaluate("form => form.submit()")
    assert navigation.value.status == 403

    assert_clean(findings(page))


def test_the_page_of_an_accident(winnow, sign_in):
    """A table that is gone for a moment makes one; nothing else reads this table."""
    page = sign_in("writer 3", **STILL)
    address = embedded.database_url(winnow.var)
    with psycopg.connect(address, autocommit=True) as database:
        database.execute("ALTER TABLE account_emailaddress RENAME TO mislaid")
        try:
            found = visit(page, "/accounts/email/", status=500)
        finally:
            database.execute("ALTER TABLE mislaid RENAME TO account_emailaddress")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Something went wrong")
    assert_clean(found)


def test_every_part_on_the_page_of_parts(sign_in):
    page = sign_in("admin", **STILL)
    page.goto("/design/")
    page.get_by_role("button", name="With an action").click()
    page.locator(".tip button").first.focus()
    page.get_by_role("button", name="Turn left and right round").click()

    found = findings(page, "contrast")
    assert_clean(found)


def test_a_toast_is_reached_by_keyboard_and_waits_for_whoever_is_on_it(sign_in):
    page = sign_in("admin", **STILL)
    page.goto("/design/")
    page.evaluate(
        """() => { winnow.say("Sent.", "success", {
            action: { label: "Take it back", run: () => winnow.say("Taken back.") },
            seconds: 4,
        });
        document.querySelector(".site-header summary").focus() }"""
    )
    page.keyboard.press("Tab")

    expect(page.get_by_role("button", name="Take it back")).to_be_focused()
    page.wait_for_timeout(5000)  # longer than it would have stayed
    page.keyboard.press("Enter")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    expect(page.locator("#toasts .toast")).to_have_count(1)
    expect(page.locator(".site-header summary")).to_be_focused()


def test_at_most_two_toasts_stand_over_the_page(sign_in):
    page = sign_in("admin", **STILL)
    page.goto("/design/")
    words = page.locator("#toasts .toast__text")
    for line in ("One", "Two", "Three"):
        page.evaluate("line => { winnow.say(line, 'info', { seconds: 60 }) }", line)
    expect(words).to_have_text(["Two", "Three"])

    page.locator("#toasts .toast").first.hover()
    page.evaluate("() => { winnow.say('Four', 'info', { seconds: 60 }) }")
    expect(words).to_have_text(["Two", "Four"])  # somebody is reading the older
