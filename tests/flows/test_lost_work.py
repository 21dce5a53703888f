"""Nobody loses a word: the line goes, the server dies, time is over; the text is there."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from config import embedded
from tests.flows.notes import answer, expect_sent, write_a_note
from tests.flows.test_work import start

pytestmark = pytest.mark.browser
UNSENT = "Not connected. Your text is kept here."


@pytest.fixture
def writer(sign_in):
    return sign_in("writer")


def send(page: Page) -> None:
    page.keyboard.press("Control+Enter")


def kept_by(page: Page) -> str:
    """All that is kept for a person, as the pages about it show it."""
    links = page.get_by_role("link", name="Your text is here")
    expect(links.first).to_be_visible()
    addresses = [link.get_attribute("href") or "" for link in links.all()]
    shown = []
    for address in addresses:
        page.goto(address)
        shown.append(page.locator("main").inner_text())
    return "\n".join(shown)


def run_sql(winnow, statement: str, *values: object) -> None:
    with psycopg.connect(embedded.database_url(winnow.var), autocommit=True) as database:
        database.execute(statement, values)


def slot_of_draft(winnow, words: str) -> int:
    """Nothing on a page tells the number of its task; what is kept of it soon does.

    “Saved at” may be of an earlier text, which waited in the same task.
    """
    kept = "SELECT assignment_id FROM annotate_draft WHERE strpos(fields::text, %s) > 0"
    with psycopg.connect(embedded.database_url(winnow.var), autocommit=True) as database:
        for _ in range(600):
            if found := database.execute(kept, [words]).fetchall():
                return int(found[0][0])
            time.sleep(0.1)
    raise AssertionError(f"{words!r} was not kept.")


def kill_web(winnow) -> None:
    """As when memory runs out: no goodbye. Winnow starts it again by itself."""
    port = winnow.address.rpartition(":")[2]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if b"gunicorn" in command and f":{port}".encode() in command:
            os.kill(int(path.parent.name), signal.SIGKILL)


def test_what_is_typed_survives_a_reload(writer):
    write_a_note(writer, "Jana")
    expect(writer.locator("#saved")).to_contain_text("Saved at")

    writer.reload()

    expect(answer(writer)).to_have_value(re.compile("Dear Jana"))


def test_what_is_typed_survives_a_reload_that_comes_too_soon_for_the_server(writer):
    write_a_note(writer, "Irene")

    writer.reload()

    expect(answer(writer)).to_have_value(re.compile("Dear Irene"))


def test_what_is_typed_survives_a_lost_network(writer):
    write_a_note(writer, "Ruth")
    expect(writer.locator("#saved")).to_contain_text("Saved at")
    writer.context.set_offline(True)
    answer(writer).fill("Dear Ruth, the line is dead but the thanks are not.")
    expect(writer.locator("#saved")).to_contain_text("Kept in this browser")

    writer.context.set_offline(False)
    writer.reload()

    expect(answer(writer)).to_have_value(re.compile("the line is dead"))


def test_what_is_sent_without_a_line_arrives_when_it_is_back(writer):
    name = write_a_note(writer, "Selma")
    writer.context.set_offline(True)
    send(writer)
    expect(writer.get_by_text(UNSENT)).to_be_visible()
    expect(answer(writer)).to_have_value(re.compile("Dear Selma"))

    writer.context.set_offline(False)

    expect_sent(writer)
    writer.goto("/me/")
    expect(writer.get_by_text(f"Dear {name}")).to_have_count(1)


def test_what_is_sent_to_a_dead_server_arrives_once_it_lives_again(winnow, writer):
    name = write_a_note(writer, "Anton")
    kill_web(winnow)
    send(writer)

    expect_sent(writer)
    writer.goto("/me/")
    expect(writer.get_by_text(f"Dear {name}")).to_have_count(1)


def test_an_answer_that_got_lost_counts_once(winnow, writer):
    name = write_a_note(writer, "Clara")
    # It reaches the server, but what the server says does not come back.
    writer.route(
        re.compile("/submit/$"), lambda route: (route.fetch(), route.abort()), times=1
    )
    send(writer)

    expect_sent(writer)
    writer.goto("/me/")
    expect(writer.get_by_text(f"Dear {name}")).to_have_count(1)


def test_a_submit_after_the_time_is_over_lands_all_the_same(winnow, writer):
    name = write_a_note(writer, "Lotte")
    expect(writer.locator("#saved")).to_contain_text("Saved at")
    free = "UPDATE annotate_assignment SET state = 'open', person_id = NULL, "
    run_sql(winnow, free + "lease_until = NULL WHERE id = %s", slot_of_draft(winnow, name))

    send(writer)

    expect_sent(writer)


def test_what_somebody_else_has_by_now_is_kept(winnow, writer, attempt):
    start(writer, "Answer", "Conversations")
    words = f"It is door number {attempt + 2}, behind the green drum."
    writer.get_by_label("Answer").fill(words)
    expect(writer.locator("#saved")).to_contain_text("Saved at")
    taken = (
        "UPDATE annotate_assignment SET person_id = (SELECT max(id) FROM "
        "curation_contributor) WHERE id = %s"
    )
    run_sql(winnow, taken, slot_of_draft(winnow, words))

    send(writer)

    expect(writer.get_by_text("Your time for this task ran out")).to_be_visible()
    kept = kept_by(writer)
    assert words in kept
    assert "Answer" in kept  # as the field is called on the page


def test_two_tabs_of_one_task_show_the_same_words_and_send_them_once(writer):
    write_a_note(writer, "Fritz")
    expect(writer.locator("#saved")).to_contain_text("Saved at")
    other = writer.context.new_page()
    other.goto(writer.url)
    expect(answer(other)).to_have_value(re.compile("Dear Fritz"))
    answer(writer).fill("Dear Fritz, from the first tab.")
    expect(answer(other)).to_have_value("Dear Fritz, from the first tab.")

    send(writer)
    expect_sent(writer)
    answer(other).fill("Dear Fritz, from the second tab.")
    other.keyboard.press("Control+Enter")

    expect(other.get_by_text("You have sent this task already")).to_be_visible()
    assert "Dear Fritz, from the second tab." in kept_by(other)


def test_signing_in_again_in_another_tab_sends_what_waits(winnow, writer):
    write_a_note(writer, "Greta")
    expect(writer.locator("#saved")).to_contain_text("Saved at")
    writer.context.clear_cookies(name="sessionid")
    send(writer)
    expect(
        writer.get_by_text("You are signed out. Your text is kept here.")
    ).to_be_visible()

    with writer.context.expect_page() as opened:
        writer.get_by_role("link", name="Sign in in another tab").click()
    account = winnow.account("writer")
    opened.value.fill("input[name=login]", account["email"])
    opened.value.fill("input[name=password]", account["password"])
    opened.value.press("input[name=password]", "Enter")
    opened.value.wait_for_url(f"{winnow.address}/")
    opened.value.close()
    writer.get_by_role("button", name="Try again").click()

    expect_sent(writer)


def test_back_leads_home_or_to_the_task_and_the_words_stay(writer):
    write_a_note(writer, "Hugo")
    send(writer)
    expect_sent(writer)
    answer(writer).fill("Half a thank-you")
    second = writer.url

    writer.go_back()
    expect(
        writer.get_by_role("heading", name=re.compile("Good to see you"))
    ).to_be_visible()

    writer.goto(second)
    expect(answer(writer)).to_have_value("Half a thank-you")


def test_a_refusal_keeps_the_words_and_says_why_first(writer):
    write_a_note(writer, "Emil")
    answer(writer).fill("   ")
    send(writer)

    said = writer.locator(".notice--error")
    expect(said).to_be_visible()
    expect(said).to_be_focused()
    expect(writer.get_by_label("Question or instruction")).to_have_value(re.compile("Emil"))
    expect(writer.get_by_text("Restored from this browser")).to_have_count(0)


def test_the_next_card_comes_without_a_page_load(writer):
    write_a_note(writer, "Paula")
    writer.evaluate("window.isSamePage = true")
    before = writer.url
    send(writer)

    writer.wait_for_url(lambda url: url != before)
    expect_sent(writer)
    assert writer.evaluate("window.isSamePage")
    expect(writer.locator(".task h1")).to_be_focused()
    expect(answer(writer)).not_to_have_value(re.compile("Paula"))
    assert writer.title().startswith("Write")


def test_the_toast_takes_back_what_was_sent(writer):
    name = write_a_note(writer, "Olga")
    before = writer.url
    send(writer)
    expect_sent(writer)

    writer.get_by_role("button", name="Undo", exact=True).click()

    writer.wait_for_url(before)
    expect(answer(writer)).to_have_value(re.compile("Dear Olga"))
    send(writer)
    expect_sent(writer)
    writer.goto("/me/?state=submitted")
    expect(writer.get_by_text(f"Dear {name}")).to_have_count(1)


def test_a_verdict_is_given_and_taken_back_by_keyboard(sign_in):
    page = sign_in("reviewer")
    start(page, "Review", "handbook")
    before = page.url
    page.keyboard.press("a")
    page.wait_for_url(lambda url: url != before)

    page.keyboard.press("z")

    page.wait_for_url(before)
    expect(page.get_by_text("Taken back.")).to_be_visible()


def test_the_strip_takes_back_what_was_done_last(writer):
    name = write_a_note(writer, "Moritz")
    send(writer)
    expect_sent(writer)
    line = writer.locator(".history__line").filter(has_text=name)
    expect(line).to_have_count(1)

    line.get_by_role("button", name="Take back").click()

    expect(answer(writer)).to_have_value(re.compile("Dear Moritz"))


def test_skipping_asks_only_where_there_is_text(writer):
    name = write_a_note(writer, "Nora")
    writer.keyboard.press("Alt+k")
    dialog = writer.get_by_role("dialog", name="Skip this one?")
    expect(dialog).to_be_visible()
    dialog.get_by_text("Too long for now").click()
    before = writer.url
    dialog.get_by_role("button", name="Skip", exact=True).click()
    writer.wait_for_url(lambda url: url != before)
    expect(writer.get_by_text("Skipped.")).to_be_visible()

    empty = writer.url
    answer(writer).fill("")
    writer.get_by_label("Question or instruction").fill("")
    writer.keyboard.press("Alt+k")
    writer.wait_for_url(lambda url: url != empty)

    writer.goto("/")
    assert f"Dear {name}" in kept_by(writer)


def test_ctrl_s_saves_now(writer):
    write_a_note(writer, "Viola")

    writer.keyboard.press("Control+s")

    expect(writer.locator("#saved")).to_contain_text("Saved at")


def test_without_scripts_the_next_page_takes_it_back(sign_in):
    page = sign_in("writer", java_script_enabled=False)
    write_a_note(page, "Ada")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Saved. Here is the next one.")).to_be_visible()

    page.get_by_role("button", name="Undo").click()

    expect(answer(page)).to_have_value(re.compile("Dear Ada"))
