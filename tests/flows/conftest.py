"""A whole Winnow, as `make up` starts it, and a real browser in front of it.

All flows share one stack: each works with people and datasets of the demo, and looks only
at what it made itself. So one process has them all, and they come in one order, before
everything else, as they take the longest. What fails is tried once more, with material of
its own: a machine may be busy for a moment. The output tells which were.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from benchmarks.stack import free_port, wait_until_ready
from config import places

SignIn = Callable[..., Page]

# How long a machine with much else to do may take; what is there is not waited for.
START_SECONDS = 300.0
expect.set_options(timeout=20_000)

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

# One in a few reviews would be of a known item, which is not taken back.
WITHOUT_GOLD = "from curation.models import Policy; Policy.objects.update(gold_every=0)"


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True)  # after the shuffling
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    flows = [item for item in items if item.get_closest_marker("browser")]
    if not config.getoption("--shuffle-flows"):
        flows.sort(key=lambda item: (item.path, item.location[1] or 0, item.nodeid))
    items[:] = flows + [item for item in items if item not in flows]


@dataclass(frozen=True)
class Winnow:
    """The address of a running Winnow and who may sign in there."""

    address: str
    var: Path
    accounts: dict[str, dict[str, str]]  # by role, e.g. "writer 1"

    def account(self, role: str) -> dict[str, str]:
        return next(account for name, account in self.accounts.items() if role in name)

    def run_beside(self, module: str, *asked: str) -> str:
        """A program that puts something into this stack; what it says."""
        done = subprocess.run(
            [sys.executable, "-m", module, *asked],
            cwd=places.ROOT,
            env={**os.environ, "WINNOW_VAR": str(self.var), "WINNOW_LOCAL": "1"},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout


@pytest.fixture(scope="package")
def winnow(chromium: str) -> Iterator[Winnow]:
    var = Path(tempfile.mkdtemp(prefix="winnow-flows-", dir="/tmp"))
    var.chmod(0o711)
    port = free_port()
    environment = {
        **os.environ,
        "WINNOW_VAR": str(var),
        "WINNOW_STARTER_STEPS": "120",
        "PORT": str(port),
    }
    for name in ("DATABASE_URL", "REDIS_URL", "WINNOW_MODELS"):
        environment.pop(name, None)
    log = var / "up.log"
    with log.open("wb") as out:
        up = subprocess.Popen(
            [sys.executable, "-m", "config.up"],
            cwd=places.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address, up, log, START_SECONDS)
        subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", WITHOUT_GOLD],
            cwd=places.ROOT,
            env={**environment, "WINNOW_LOCAL": "1"},
            check=True,
        )
        listed = json.loads((var / "demo_accounts.json").read_text())
        accounts = {f"{a['role']} {n}": a for n, a in enumerate(listed)}
        yield Winnow(address, var, accounts)
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(timeout=START_SECONDS)
        shutil.rmtree(var, ignore_errors=True)


# Ended after the last flow: while Playwright's loop runs, Django refuses the database.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def attempt(request: pytest.FixtureRequest) -> int:
    """1, or 2 where the first went wrong and has used up what it found."""
    return int(getattr(request.node, "execution_count", 1))


@pytest.fixture
def sign_in(winnow: Winnow, browser: Browser) -> Iterator[SignIn]:
    contexts: list[BrowserContext] = []
    blocked: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            blocked.append(f"{said.page.url if said.page else ''}: {said.text}")

    def as_person(role: str, **options: object) -> Page:
        context = browser.new_context(base_url=winnow.address, **options)  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", hear)
        account = winnow.account(role)
        page.goto("/accounts/login/")
        page.fill("input[name=login]", account["email"])
        page.fill("input[name=password]", account["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{winnow.address}/")
        return page

    yield as_person
    for context in contexts:
        context.close()
    assert not blocked, "\n".join(blocked)
