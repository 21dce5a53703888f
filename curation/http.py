"""Requests as our views see them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from curation.errors import CurationError
from curation.models import Contributor

View = Callable[..., HttpResponse]
# It is masked anew in each answer, and says nothing.
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')


def form_address(
    otherwise: str, *, keeping: Collection[str] | None = None
) -> Callable[[View], View]:
    """An address that forms are sent to. Who comes by link is shown another page.

    `keeping` names the parts of this address that the other has, too: by default all.

    The sign-in page sends people back to where they came from, by link: somebody whose
    session ended while they wrote must find their task there, not an error.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                shared = kwargs if keeping is None else {n: kwargs[n] for n in keeping}
                elsewhere: HttpResponse = redirect(otherwise, *args, **shared)
                return elsewhere
            return view(request, *args, **kwargs)

        return guarded

    return decorate


class SignedInRequest(HttpRequest):
    """A request behind `login_required`, with django-htmx's details on it."""

    user: Contributor
    htmx: HtmxDetails


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks for a part of a page, to put it in place."""
    return request.headers.get("X-Part") == "1"


def asks_again(request: SignedInRequest, part: str) -> bool:
    """Whether a page asks for the part of it with this id, which shows what changes."""
    return bool(request.htmx.target == part)


def unless_same(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """A part of a page that asks for itself again: 304 where the browser shows it already.

    See live.js, which keeps the tag; nothing is kept in the browser's cache.
    """
    said = TOKEN.sub(b"", answer.content)
    # Weak: it is packed on its way, and no two packings are alike.
    tag = f'W/"{hashlib.blake2b(said, digest_size=16).hexdigest()}"'
    answer["ETag"], answer["Cache-Control"] = tag, "private, no-store"
    found = get_conditional_response(request, etag=tag, response=answer)
    assert isinstance(found, HttpResponse)
    return found


@contextmanager
def outcome_told(request: HttpRequest, done: str = "") -> Iterator[None]:
    """The next page says what an action refused, else that it is done."""
    try:
        yield
    except CurationError as refusal:
        messages.error(request, str(refusal))
    else:
        if done:
            messages.success(request, done)


def way_back(request: HttpRequest, otherwise: str) -> str:
    """The page that a form was sent from, as it says itself, if it is one of ours."""
    address = request.POST.get("back") or request.GET.get("back") or ""
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours and address.startswith("/") else otherwise
