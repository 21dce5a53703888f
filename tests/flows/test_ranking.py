"""Ranking and comparing in a browser: by keys, drag, aloud, on a phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

TASK = re.compile(r"/work/[0-9a-f]{16}/$")
DATASETS = [
    "keyboard-5", "stop-5", "aloud-5", "drag-5", "trembles-5", "beyond-4", "chance-3",
    "layout-4", "plain-3", "phone-5", "lacking-4", "choice-2", "words-2", "plain-2",
]  # fmt: skip
# So that nothing scrolls, and every place can be pointed at.
ALL_IN_SIGHT = {"width": 1280, "height": 7000}


@pytest.fixture(scope="module")
def answers(winnow):
    """A dataset for each test and attempt: they share the people of one stack."""
    made = {1: DATASETS}
    winnow.run_beside("tests.flows.answers_to_rank", *DATASETS)

    def of(attempt: int, dataset: str) -> str:
        if attempt not in made:
            made[attempt] = [f"again-{attempt}-{slug}" for slug in DATASETS]
            winnow.run_beside("tests.flows.answers_to_rank", *made[attempt])
        return made[attempt][DATASETS.index(dataset)]

    return of


@pytest.fixture
def open_task(sign_in, answers, attempt):
    def take(dataset: str, kind: str = "", **options: object) -> Page:
        slug = answers(attempt, dataset) if dataset in DATASETS else dataset
        page = sign_in("reviewer", **options)
        token = re.search(r'name="csrf-token" content="(\w+)"', page.content())
        assert token is not None
        taken = page.request.post(
            "/work/claim/",
            form={"dataset": slug, "kind": kind, "csrfmiddlewaretoken": token[1]},
            headers={"Referer": page.url},
        )
        assert TASK.search(taken.url), f"nothing to do in {slug}"
        page.goto(taken.url)
        return page

    return take


def order(page: Page) -> list[list[str]]:
    """Each answer's letter and place, as the form would send it, from the top."""
    return page.locator(".rank-item").evaluate_all(
        "(all) => all.map((one) => [one.dataset.letter, one.querySelector('select').value])"
    )


def letters(page: Page) -> str:
    return "".join(letter for letter, _ in order(page))


def says(page: Page) -> str:
    return page.locator("#rank-says").inner_text()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_five_answers_are_ranked_by_keyboard_with_a_tie_and_ratings(open_task):
    page = open_task("keyboard-5")
    assert [place for _, place in order(page)] == [""] * 5

    press(page, "j", "ArrowDown", "3")  # B to the third place
    assert letters(page) == "ACBDE"
    press(page, "=")
    assert order(page) == [["A", "1"], ["C", "2"], ["B", "2"], ["D", "3"], ["E", "4"]]
    press(page, "End", "Alt+ArrowUp")
    assert letters(page) == "ACBED"
    press(page, "Home", "Space", "End", "Space")
    assert order(page) == [["C", "1"], ["B", "1"], ["E", "2"], ["D", "3"], ["A", "4"]]

    press(page, "Tab", "Tab", "Tab")  # the place, up (down is off at the end), tie
    expect(page.get_by_role("button", name="Tie answer A")).to_be_focused()
    press(page, "Tab", "ArrowRight", "ArrowRight")
    expect(page.get_by_role("group", name="Rating of A").get_by_label("2")).to_be_checked()
    press(page, "Tab")
    expect(page.get_by_role("radio", name="This order")).to_be_focused()

    before = page.url
    press(page, "Control+Enter")
    page.wait_for_url(lambda url: url != before)


def test_the_list_is_one_tab_stop_and_no_trap(open_task):
    page = open_task("stop-5")
    stops = page.locator(".rank-list").evaluate(
        "(list) => [...new Set([...list.querySelectorAll('a[href], button, select, input')]"
        ".filter((one) => one.tabIndex === 0 && !one.disabled)"
        ".map((one) => one.closest('.rank-item').dataset.letter))]"
    )
    assert stops == ["A"]
    small = page.locator(".rank-list :is(button, select, input, a)").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect())"
        ".filter((box) => box.width > 0 && (box.width < 24 || box.height < 24)).length"
    )
    assert small == 0

    press(page, "j", "Space", "ArrowDown", "Tab")  # leaves what it holds where it is
    assert letters(page) == "BACDE"
    press(page, "Shift+Tab", "Shift+Tab")
    assert page.evaluate("document.activeElement.closest('.rank-list')") is None


def test_what_happens_is_said_aloud(open_task):
    page = open_task("aloud-5")
    page.reload()
    grip = page.get_by_role("button", name=re.compile("^Answer B,"))
    first = letters(page)[0]

    grip.focus()
    press(page, "Space")
    assert says(page).startswith("Answer B picked up. Arrow keys move it")
    expect(grip).to_have_attribute("aria-pressed", "true")
    before = order(page)
    press(page, "ArrowDown")
    assert "Answer B moved to" in says(page)
    press(page, "Escape")
    assert says(page) == "Answer B is back where it was"
    assert letters(page) == "".join(letter for letter, _ in before)

    press(page, "Home", "ArrowDown", "=")
    second = letters(page)[1]
    assert says(page) == f"Answer {second} moved to 1 of 5, tied with {letters(page)[0]}"
    assert first in letters(page)
    tied = page.get_by_role("button", name=f"Answer {second}, place 1 of 5, tied with")
    expect(tied).to_be_focused()
    page.get_by_role("button", name=f"Move answer {second} down").click()
    assert says(page) == f"Answer {second} moved to 2 of 5"


def test_answers_are_ranked_by_drag(open_task):
    page = open_task("drag-5", viewport=ALL_IN_SIGHT)
    drag_last_to(page, lambda first: (first["x"] + 40, first["y"] + 6))
    expect_letters(page, "EABCD")
    assert order(page)[0] == ["E", "1"]
    assert says(page) == "Answer E moved to 1 of 5"

    stand_in_columns(page)
    drag_last_to(page, lambda first: (first["x"] + 12, first["y"] + 60))
    expect_letters(page, "DEABC")


def test_the_order_does_not_go_to_and_fro_under_a_hand_that_trembles(open_task):
    """A long answer, as it makes room, comes to lie under the pointer."""
    page = open_task("trembles-5", viewport=ALL_IN_SIGHT)
    long = page.locator(".rank-item", has_text="Nobody knows")
    long.locator(".rank-item__grip").press("4")
    stand_in_columns(page)
    rest = letters(page)[:4]
    last = letters(page)[4]

    grip = page.locator(".rank-item").last.locator(".rank-item__grip")
    grip.hover()
    first = at_rest(page.locator(".rank-item").first)
    page.mouse.down()
    for tremor in range(6):
        page.mouse.move(first["x"] + 20 + tremor, first["y"] + first["height"] * 0.6)
        expect_letters(page, last + rest)
    page.mouse.up()
    expect_letters(page, last + rest)


def test_what_is_dragged_beyond_the_list_becomes_the_first_or_the_last(open_task):
    page = open_task("beyond-4", viewport=ALL_IN_SIGHT)
    drag_last_to(page, lambda first: (first["x"] + 40, first["y"] - 150))
    expect_letters(page, "DABC")

    grip = page.locator(".rank-item").first.locator(".rank-item__grip")
    grip.hover()
    last = at_rest(page.locator(".rank-item").last)
    page.mouse.down()
    page.mouse.move(last["x"] + 40, last["y"] + last["height"] + 100)
    page.mouse.up()
    expect_letters(page, "ABCD")


def drag_last_to(
    page: Page, place: Callable[[dict[str, float]], tuple[float, float]]
) -> None:
    """Take the last answer by its grip to a place that is reckoned from the first."""
    grip = page.locator(".rank-item").last.locator(".rank-item__grip")
    at_rest(grip)
    grip.hover()
    at_rest(grip)
    x, y = place(at_rest(page.locator(".rank-item").first))
    page.mouse.down()
    page.mouse.move(x, y, steps=12)
    page.mouse.up()


def at_rest(item: Locator) -> dict[str, float]:
    """Where it is once it moves no more, as it does while a busy page is laid out."""
    before = None
    for _ in range(150):
        # A frame was drawn: on a busy machine, time alone says nothing.
        item.page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
        box = item.bounding_box()
        if box is not None and box == before:
            return dict(box)
        before = box
        item.page.wait_for_timeout(100)
    raise AssertionError("It never comes to rest.")


def expect_letters(page: Page, wanted: str) -> None:
    expect(page.locator(".rank-item__title")).to_have_text(
        [f"Answer {one}" for one in wanted]
    )


def stand_in_columns(page: Page) -> None:
    """Choose the layout, and wait until the first two answers stand in one row."""
    page.locator("#layout-columns").check(force=True)
    page.wait_for_function(
        "() => { const [a, b] = document.querySelectorAll('.rank-item');"
        " return Math.abs(a.offsetTop - b.offsetTop) < 8; }"
    )


def test_the_order_of_chance_is_no_ballot_until_it_is_confirmed(open_task):
    page = open_task("chance-3")
    before = page.url
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("You have not moved anything")).to_be_visible()
    assert page.url == before

    press(page, "n")  # chooses, and does not send
    expect(page.get_by_role("radio", name=re.compile("None is good"))).to_be_focused()
    press(page, "x")
    expect(page.get_by_text("Why can you not judge these?")).to_be_visible()
    assert page.url == before
    page.get_by_text("The question is unclear").click()
    press(page, "Control+Enter")
    page.wait_for_url(lambda url: url != before)


def test_layout_and_marks_are_a_key_away_and_the_layout_is_remembered(open_task):
    page = open_task("layout-4")
    tops = "(all) => new Set(all.map((one) => one.offsetTop)).size"
    assert page.locator(".rank-item").evaluate_all(tops) == 4
    press(page, "v")
    assert page.locator(".rank-item").evaluate_all(tops) == 1
    page.reload()
    assert page.locator(".rank-item").evaluate_all(tops) == 1

    page.get_by_label("Scroll together").check()
    long = page.locator(".answer__text", has_text="Nobody knows")
    assert long.evaluate("(text) => text.scrollHeight > text.clientHeight")
    expect(long).to_have_attribute("tabindex", "0")
    page.get_by_label("Scroll together").uncheck()
    assert not long.evaluate("(text) => text.scrollHeight > text.clientHeight")

    plain = page.locator(".answers").inner_html()
    marks = page.locator("mark.only")
    for field, text in (("First answer", "short waves"), ("Second answer", "[name]")):
        letter = page.locator(".rank-item", has_text=text).get_attribute("data-letter")
        page.get_by_label(field).select_option(letter)
    page.get_by_role("heading", level=1).click()
    press(page, "d")
    assert "waves" in "".join(marks.all_inner_texts())
    assert page.locator(".rank-item pre mark.only").count() > 0
    expect(page.locator("#answers-say")).to_contain_text("differences between")
    press(page, "d")
    assert marks.count() == 0
    assert re.sub(r' tabindex="\S+"', "", page.locator(".answers").inner_html()) == re.sub(
        r' tabindex="\S+"', "", plain
    )


def test_on_a_phone_answers_are_stacked_and_nothing_sticks_out(open_task):
    page = open_task("phone-5", viewport={"width": 390, "height": 844}, has_touch=True)
    page.evaluate("localStorage.setItem('winnow.layout.rank', 'columns')")
    page.reload()

    lefts = "(all) => new Set(all.map((one) => one.offsetLeft)).size"
    assert page.locator(".rank-item").evaluate_all(lefts) == 1
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Move answer A down").tap()
    expect_letters(page, "BACDE")


def test_a_reason_that_is_lacking_is_asked_for_in_its_place(open_task):
    page = open_task("lacking-4")
    press(page, "x", "Control+Enter")

    first = page.get_by_role("radio", name="I do not know the subject")
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    expect(page.get_by_text("Choose why you cannot judge these.")).to_be_in_viewport()
    press(page, "Space")
    before = page.url
    press(page, "Control+Enter")
    page.wait_for_url(lambda url: url != before)


def test_two_are_compared_by_single_keys_that_never_send(open_task):
    page = open_task("choice-2")
    before = page.url
    for key, label in [
        ("b", "B better"), ("b", "B much better"), ("b", "B slightly better"),
        ("e", "Equal"), ("1", "A much better"), ("7", "B much better"),
        ("n", "None is good"), ("a", "A better"),
    ]:  # fmt: skip
        press(page, key)
        radio = page.get_by_role("radio", name=re.compile(f"^{label}"))
        expect(radio).to_be_checked()
        expect(radio).to_be_focused()
    assert page.url == before

    press(page, "Control+Enter")
    page.wait_for_url(lambda url: url != before)


def test_keys_are_off_while_somebody_types(open_task):
    page = open_task("words-2")
    page.get_by_text("Add a note").click()
    page.locator("#id_note").press_sequentially("a bee 1")

    assert page.get_by_role("radio", name="Equal").is_checked() is False
    expect(page.locator("#id_note")).to_have_value("a bee 1")
    assert "[name]" in page.locator(".answers").inner_text()
    assert "ChatGPT" not in page.content()


def test_ranking_and_comparing_work_without_scripts(open_task):
    page = open_task("plain-3", java_script_enabled=False)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Mark differences").click()
    expect(opened.value.get_by_role("heading", name="Answers A and B")).to_be_visible()
    expect(opened.value.locator("mark.only").first).to_be_visible()
    for number in range(3):
        page.locator(".rank-item select").nth(number).select_option(str(min(number + 1, 2)))
    page.get_by_role("group", name="Rating of C").get_by_label("6").check()
    page.get_by_label("Columns").check()
    tops = "(all) => new Set(all.map((one) => one.offsetTop)).size"
    assert page.locator(".rank-item").evaluate_all(tops) == 1
    before = page.url
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(lambda url: url != before)

    page = open_task("plain-2", java_script_enabled=False)
    before = page.url
    page.get_by_role("radio", name="I cannot judge these").check(force=True)
    page.get_by_role("radio", name="They are nearly the same").check(force=True)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(lambda url: url != before)


@pytest.mark.parametrize("kind", ["rank", "compare"])
def test_the_demo_has_something_to_rank_and_something_to_compare(open_task, kind):
    page = open_task("conversations", kind)

    assert page.locator("[data-letter]").count() >= (3 if kind == "rank" else 2)
