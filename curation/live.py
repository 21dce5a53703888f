"""Parts of pages that ask for themselves again: answered in full only where they differ."""

from __future__ import annotations

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response

# It is masked anew in each answer, and says nothing.
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')


def part(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """The fragment, or 304 where the browser shows it already: see live.js."""
    answer = render(request, template, context)
    said = TOKEN.sub(b"", answer.content)
    # Weak: it is packed on its way, and two packings differ.
    tag = f'W/"{hashlib.blake2b(said, digest_size=16).hexdigest()}"'
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    found = get_conditional_response(request, etag=tag, response=answer)
    assert isinstance(found, HttpResponse)
    return found
