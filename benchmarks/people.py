"""Scripted people, who work through the real pages over HTTP."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from typing import Any

import httpx

from benchmarks.pages import Page

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request is too much


class Person:
    """Somebody with an account and a browser without JavaScript."""

    def __init__(self, address: str, email: str, password: str) -> None:
        self.email = email
        self.http = httpx.Client(base_url=address, follow_redirects=True, timeout=30)
        self.page = self.visit("/accounts/login/")
        form = self.page.form("login")
        self.send(form.action, {**form.fields, "login": email, "password": password})
        assert "/accounts/login" not in self.page.url, f"{email} could not sign in"

    def visit(self, path: str) -> Page:
        return self._arrive(self.http.get(path))

    def send(self, path: str, fields: dict[str, Any]) -> Page:
        """Send a form, with the token of the page that one is on."""
        token = self.http.cookies.get("csrftoken", "")
        headers = {"Referer": str(self.http.base_url)}
        data = {"csrfmiddlewaretoken": token, **fields}
        return self._arrive(self.http.post(path, data=data, headers=headers))

    def claim(self, kind: str, dataset: str) -> bool:
        """Ask for a task of one kind; False when none is there for this person."""
        self.send("/work/claim/", {"kind": kind, "dataset": dataset})
        return self.has_task

    @property
    def has_task(self) -> bool:
        return bool(re.search(r"/work/[0-9a-f]{16}/(\?|$)", self.page.url))

    def submit(self, **fields: Any) -> None:
        """Send the task on the page; afterwards the next one is there, if there is one."""
        form = self.page.form("task")
        self.send(form.action, {**form.fields, **fields})

    def work_through(
        self,
        kind: str,
        dataset: str,
        fill: Callable[[Page], dict[str, Any]],
        *,
        at_most: int,
    ) -> int:
        """Do up to so many tasks of one kind; return how many were done."""
        done = 0
        while done < at_most and self.claim(kind, dataset):
            self.submit(**fill(self.page))
            done += 1
        return done

    def _arrive(self, response: httpx.Response) -> Page:
        if response.status_code >= 400:
            reason = re.findall(r'role="alert"[^>]*>(.*?)</', response.text, re.DOTALL)
            raise AssertionError(
                f"{self.email}: {response.url} {response.status_code} {reason}"
            )
        self.page = Page(response.text, str(response.url))
        return self.page


def in_order_of_taste(page: Page, person: str) -> dict[str, Any]:
    """A ballot: answers that use the prompt's words, end well and do not ramble come first.

    A little of each person's own taste is mixed in, so that people sometimes disagree.
    """

    def liking(text: str) -> float:
        words, asked = _words(text), _words(page.prompt)
        if not words:
            return -1.0
        own_taste = hashlib.sha256(f"{person}{text}".encode()).digest()[0] / 255
        return (
            len(set(words) & set(asked)) / len(set(asked) or {""})
            + len(set(words)) / len(words)
            + 0.5 * text.strip().endswith((".", "?", "!"))
            + 0.15 * own_taste
        )

    best_first = sorted(page.answers, key=lambda answer: -liking(answer.text))
    places = {answer.place_field: place for place, answer in enumerate(best_first, start=1)}
    return {"outcome": "ranked", **places}


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())
