"""What a page weighs, and how soon it can be used: `make bench NAME=page`.

In Chromium, each visit with an empty cache. A JSON line per page, one for the way from a
submitted review to the next; docs/performance.md says what each figure means.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from benchmarks import stack
from benchmarks.claim import inside, percentile
from benchmarks.keepalive import Connection

VISITS = 5
SWAPS = 30
SWAP_SECONDS = 10.0
SETTLED_MS = 1_000  # after the load event: what the page fetches ahead counts as well
READING_MS = 700  # nobody judges a text faster
# One page of each kind of work: what is asked for to get there.
TASKS = {
    "write": {"kind": "write_pair", "dataset": "pairs"},
    "answer": {"kind": "answer", "dataset": "answers"},
    "review": {"kind": "review", "dataset": "talks"},
    "rank": {"kind": "rank", "dataset": "rankings"},
}
PAGES = {"home": "/", "datasets": "/datasets/", "me": "/me/"}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# From the key to the frame in which another task is on the page, by whatever way.
WATCH = """
(() => {
  const task = () => document.querySelector("form#task")?.getAttribute("action") ?? "";
  const clock = () => performance.timeOrigin + performance.now();
  addEventListener("keydown", (event) => {
    if (event.key !== "a") return;
    sessionStorage.setItem("pressed", JSON.stringify({ at: clock(), task: task() }));
  }, true);
  function look() {
    const pressed = JSON.parse(sessionStorage.getItem("pressed") ?? "null");
    if (pressed && task() && task() !== pressed.task) {
      sessionStorage.setItem("took", String(clock() - pressed.at));
      sessionStorage.removeItem("pressed");
    }
    requestAnimationFrame(look);
  }
  requestAnimationFrame(look);
})();
"""


def visits(browser: Browser, address: str, path: str, session: str) -> dict[str, Any]:
    """The medians of some visits, each by a browser that was never there before."""
    seen = [_visit(browser, address, path, session) for _ in range(VISITS)]
    return {name: statistics.median(one[name] for one in seen) for name in seen[0]}


def _visit(browser: Browser, address: str, path: str, session: str) -> dict[str, float]:
    with signed_in(browser, address, session) as context:
        page = context.new_page()
        wire = context.new_cdp_session(page)
        got: list[float] = []
        wire.on("Network.loadingFinished", lambda one: got.append(one["encodedDataLength"]))
        wire.send("Network.enable")
        wire.send("Performance.enable")
        page.goto(f"{address}{path}", wait_until="load")
        page.wait_for_timeout(SETTLED_MS)
        metrics = wire.send("Performance.getMetrics")["metrics"]
        spent = {metric["name"]: metric["value"] for metric in metrics}
        timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
        return {
            "requests": len(got),
            "kilobytes": round(sum(got) / 1000, 1),
            "usable_ms": round(timing["domContentLoadedEventEnd"], 1),
            "main_thread_ms": round(1000 * spent["TaskDuration"], 1),
        }


def swaps(browser: Browser, address: str, path: str, session: str) -> dict[str, Any]:
    """Review one text after another by the keyboard alone."""
    took: list[float] = []
    with signed_in(browser, address, session) as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"{address}{path}", wait_until="load")
        for _ in range(SWAPS):
            page.wait_for_timeout(READING_MS)
            took.append(_swap(page))
    return {
        "tasks": len(took),
        "swap_p50_ms": percentile(took, 50),
        "swap_p95_ms": percentile(took, 95),
    }


def _swap(page: Page) -> float:
    page.evaluate("sessionStorage.removeItem('took')")
    page.keyboard.press("a")
    deadline = time.monotonic() + SWAP_SECONDS
    while time.monotonic() < deadline:
        page.wait_for_timeout(30)
        try:
            took = page.evaluate("sessionStorage.getItem('took')")
        except Error:
            continue  # one page goes, the next comes
        if took is not None:
            return float(took)
    raise SystemExit(f"No other task came after {page.url} was submitted.")


@contextmanager
def signed_in(browser: Browser, address: str, session: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
    try:
        yield context
    finally:
        context.close()


def main() -> None:
    with stack.running("page") as address, sync_playwright() as playwright:
        sessions = list(inside("crowd.seed(share=1000)")["sessions"].values())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        say("sign-in", visits(browser, address, "/accounts/login/", ""))
        for name, path in PAGES.items():
            say(name, visits(browser, address, path, sessions[-1]))
        for (name, wish), session in zip(TASKS.items(), sessions[-9:], strict=False):
            path = claimed(address, session, wish)
            say(name, visits(browser, address, path, session))
            if name == "review":
                say("review to review", swaps(browser, address, path, session))
        browser.close()


def claimed(address: str, session: str, wish: dict[str, str]) -> str:
    """The address of a task of that sort, which is the person's now."""
    connection = Connection(urlsplit(address).port or 80, session)
    path = connection.post("/work/claim/", wish).location
    connection.close()
    if "/work/" not in path:
        raise SystemExit(f"Nothing to do for {wish}: {path}")
    return path


def say(page: str, figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"page": page, **figures}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
