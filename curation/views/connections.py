"""To a provider and back: to sign in by an account there, or to connect it to one's own.

Both by a form, as a link can be foreign: it would open somebody else's account to whoever
follows it, and all that they then write would be that one's.
"""

from __future__ import annotations

from http import HTTPStatus

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from curation.http import SignedInRequest
from curation.identity import BEGUN_HERE
from curation.models import IdentityProvider


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, slug: str) -> HttpResponse:
    """In place of allauth's, which goes on by itself where a link leads to it."""
    there = get_object_or_404(IdentityProvider, slug=slug, is_on=True)
    if request.method == "POST":
        return _onwards(request, there, back=reverse("account_login"))
    return render(request, "socialaccount/login.html", {"name": there.name})


@require_POST
@login_required
def begin(request: SignedInRequest, slug: str) -> HttpResponse:
    there = get_object_or_404(IdentityProvider, slug=slug, is_on=True)
    asked = {"process": AuthProcess.CONNECT, BEGUN_HERE: True}
    return _onwards(request, there, back=reverse("socialaccount_connections"), **asked)


def _onwards(
    request: HttpRequest, there: IdentityProvider, *, back: str, **asked: object
) -> HttpResponse:
    """A page that leads on by itself: to a form's answer the browser forbids that."""
    try:
        adapter = get_adapter(request)
        provider = adapter.get_provider(request, there.slug)
        adapter.require_read(request, provider.app)
        asked = asked or provider.get_redirect_from_request_kwargs(request)
        answer: HttpResponse = provider.redirect(request, **asked)
    except ImmediateHttpResponse as refusal:
        answer = refusal.response
    if answer.status_code != HTTPStatus.FOUND:
        return answer
    context = {"there": answer["Location"], "name": there.name, "back": back}
    return render(request, "socialaccount/onwards.html", context)
