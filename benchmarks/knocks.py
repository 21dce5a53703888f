"""Strangers at each door, who get the same answer: see door.py. Runs inside Django."""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.timezone import now
from scipy.stats import mannwhitneyu  # type: ignore[import-untyped]

from curation.actions import invitations, tokens
from curation.models import AccessToken, Contributor, Invitation

TRIES, SLOW_TRIES, WARM_UP = 200, 25, 10
PASSWORD = "correct horse battery"
# A hash that takes no time shows what else takes some.
QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
Sorts = dict[str, Callable[[], Any]]


class Took(NamedTuple):
    wall_ms: float
    cpu_ms: float


MEANWHILE = {
    "ALLOWED_HOSTS": ["*"],
    "ACCOUNT_RATE_LIMITS": False,  # they answer otherwise, and soon
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
}


def say() -> None:
    with override_settings(**MEANWHILE):
        emails = _accounts()
        sign_in = {name: _signing_in(email) for name, email in emails.items()}
        resets = {name: _resetting(email) for name, email in emails.items()}
        with override_settings(PASSWORD_HASHERS=QUICK):
            _set_passwords()
            _tell("password reset", resets, TRIES)
            _tell("sign-in without its hash", sign_in, TRIES)
        _tell("key of the API", dict(_keys()), TRIES)
        _tell("link of an invitation", dict(_links()), TRIES)
        _set_passwords()
        _tell("sign-in", sign_in, SLOW_TRIES)


def _tell(door: str, sorts: Sorts, tries: int) -> None:
    """The first sort is what the others are compared with."""
    took: dict[str, list[Took]] = {name: [] for name in sorts}
    load = os.getloadavg()[0]
    for number in range(WARM_UP + tries):
        for name in random.sample(list(sorts), len(sorts)):
            one = _timed(sorts[name])
            if number >= WARM_UP:
                took[name].append(one)
    usual, *others = sorts
    for name in others:
        told = {
            "door": door, "sort": name, "usual": usual, "tries": tries,
            **_compared("", took[name], took[usual], 0),
            **_compared("cpu_", took[name], took[usual], 1), "load": round(load, 1),
        }  # fmt: skip
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _timed(knock: Callable[[], Any]) -> Took:
    """By the clock, and by what this process computed, which others disturb less."""
    began, computed = time.perf_counter(), time.thread_time()
    knock()
    computed = time.thread_time() - computed
    return Took(1000 * (time.perf_counter() - began), 1000 * computed)


def _compared(of: str, some: list[Took], usual: list[Took], which: int) -> dict[str, float]:
    ours, theirs = [one[which] for one in some], [one[which] for one in usual]
    found = mannwhitneyu(ours, theirs)
    tells = abs(found.statistic / (len(ours) * len(theirs)) - 0.5) + 0.5
    return {
        f"{of}ms": round(statistics.median(ours), 2),
        f"{of}usual_ms": round(statistics.median(theirs), 2),
        f"{of}tells": round(tells, 3),
        f"{of}p": float(f"{found.pvalue:.2g}"),
    }


# ---- who comes ---------------------------------------------------------------------------
def _set_passwords() -> None:
    """By the hash that is in use now."""
    for person in Contributor.objects.exclude(password__startswith="!"):
        person.set_password(PASSWORD)
        person.save()


def _accounts() -> dict[str, Callable[[], str]]:
    """By sort: the addresses that it types."""
    make = Contributor.objects.create_user
    known, plain = make("known@example.org", PASSWORD), make("plain@example.org", PASSWORD)
    EmailAddress.objects.create(user=known, email=known.email, primary=True, verified=True)
    closed = make("closed@example.org", PASSWORD, is_active=False)
    keyless = make("keyless@example.org")  # comes by the company's own sign-in
    typed = EmailAddress.objects.create(user=known, email="typed@example.org")
    there = {
        "known": known.email, "known, not confirmed": plain.email, "closed": closed.email,
        "without a password": keyless.email, "second address": typed.email,
    }  # fmt: skip
    return {
        "unknown": lambda: f"{uuid4().hex[:8]}@example.org",
        **{name: partial(str, email) for name, email in there.items()},
    }


def _signing_in(email: Callable[[], str]) -> Callable[[], Any]:
    def knock() -> None:
        sent = {"login": email(), "password": "not the password"}
        answer = Client().post(reverse("account_login"), sent)
        assert answer.status_code == 200 and "sessionid" not in answer.cookies

    return knock


def _resetting(email: Callable[[], str]) -> Callable[[], Any]:
    def knock() -> None:
        answer = Client().post(reverse("account_reset_password"), {"email": email()})
        assert answer.status_code == 302

    return knock


def _keys() -> Iterator[tuple[str, Callable[[], Any]]]:
    person = Contributor.objects.get(email="known@example.org")
    for name in ("unknown", "expired", "taken back", "of a closed account"):
        token, secret = tokens.issue(by=person, name=name, scopes=["read"], days=1)
        there = AccessToken.objects.filter(pk=token.pk)
        if name == "unknown":
            there.delete()
        elif name == "expired":
            there.update(expires_at=now() - timedelta(hours=1))
        elif name == "taken back":
            there.update(revoked_at=now())
        else:
            there.update(person=Contributor.objects.get(email="closed@example.org"))
        yield name, _asking(secret)


def _asking(secret: str) -> Callable[[], Any]:
    def knock() -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        answer = Client().get("/api/v1/datasets/", headers=headers)
        assert answer.status_code == 401, answer.content

    return knock


def _links() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Nobody can guess one. But does one that begins like a real one take longer?"""
    admin = Contributor.objects.create_user("admin@example.org", is_staff=True)
    _made, token = invitations.invite(by=admin, dataset=None)
    assert Invitation.objects.exists()
    yield "unknown", _opening(uuid4().hex + token[32:])
    yield "nearly right", _opening(token[:-1] + "~")


def _opening(token: str) -> Callable[[], Any]:
    there = reverse("curation:invited", args=[token])

    def knock() -> None:
        assert Client().get(there).status_code == 404

    return knock
