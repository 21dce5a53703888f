"""An account elsewhere is connected to one's own: by a form, as a link can be foreign."""

from __future__ import annotations

from http import HTTPStatus

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from curation.http import SignedInRequest
from curation.identity import BEGUN_HERE
from curation.models import IdentityProvider


@require_POST
@login_required
def begin(request: SignedInRequest, slug: str) -> HttpResponse:
    """A page that leads on by itself: to a form's answer the browser forbids that."""
    get_object_or_404(IdentityProvider, slug=slug, is_on=True)
    try:
        provider = get_adapter(request).get_provider(request, slug)
        asked = {"process": AuthProcess.CONNECT, BEGUN_HERE: True}
        answer: HttpResponse = provider.redirect(request, **asked)
    except ImmediateHttpResponse as refusal:
        answer = refusal.response
    if answer.status_code != HTTPStatus.FOUND:
        return answer
    context = {"there": answer["Location"], "name": provider.name}
    return render(request, "socialaccount/onwards.html", context)
