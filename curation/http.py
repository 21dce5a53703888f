"""Requests as our views see them."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from curation.models import Contributor


class SignedInRequest(HttpRequest):
    """A request behind `login_required`, with django-htmx's details on it."""

    user: Contributor
    htmx: HtmxDetails
