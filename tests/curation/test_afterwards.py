"""Letters that strangers cause: sent beside the answer, which is the same for all."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse

from curation import afterwards
from curation.models import Contributor

KEY = "/accounts/password/reset/key/"


@pytest.fixture
def hands(monkeypatch):
    there = ThreadPoolExecutor(max_workers=1)
    monkeypatch.setattr(afterwards, "_hands", there)
    return there


@pytest.mark.django_db(transaction=True)
def test_a_letter_about_the_password_goes_out_beside_the_answer(client, hands, mailoutbox):
    Contributor.objects.create_user("ada@example.org", "correct horse battery")
    Contributor.objects.create_user("shut@example.org", "correct horse", is_active=False)
    has_answered = threading.Event()
    hands.submit(has_answered.wait, 60)

    for name in ("ada", "nobody", "shut"):
        sent = {"email": f"{name}@example.org"}
        answer = client.post(reverse("account_reset_password"), sent)
        assert answer.url == reverse("account_reset_password_done")
    assert mailoutbox == []
    has_answered.set()
    hands.shutdown(wait=True)

    assert [letter.to for letter in mailoutbox] == [
        ["ada@example.org"], ["nobody@example.org"], ["shut@example.org"],
    ]  # fmt: skip
    assert [KEY in letter.body for letter in mailoutbox] == [True, False, False]


def test_who_causes_thousands_fills_no_memory(hands, monkeypatch, caplog):
    monkeypatch.setattr(afterwards, "_room", threading.BoundedSemaphore(2))
    done, may_go_on = [], threading.Event()
    hands.submit(may_go_on.wait, 60)

    for number in range(3):
        afterwards.do(lambda number=number: done.append(number))
    may_go_on.set()
    hands.shutdown(wait=True)

    assert done == [0, 1]
    assert "wait before" in caplog.text


def test_what_fails_keeps_nothing_else_waiting(hands, caplog):
    threads = []

    def fail():
        raise OSError("no such recipient: ada@example.org")

    with caplog.at_level(logging.WARNING, logger=afterwards.logger.name):
        afterwards.do(fail)
        afterwards.do(lambda: threads.append(threading.current_thread()))
        hands.shutdown(wait=True)

    assert "OSError" in caplog.text and "ada@" not in caplog.text
    assert len(threads) == 1 and threads[0] is not threading.current_thread()
