"""One's keys for programs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from curation import access
from curation.actions import tokens
from curation.errors import CurationError
from curation.forms.tokens import TokenForm
from curation.http import SignedInRequest
from curation.models import AccessToken


@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """The secret of a new one is on the answer to the POST, and nowhere else."""
    if request.method != "POST":
        return _page(request, TokenForm(person=request.user))
    form = TokenForm(request.POST, person=request.user)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        token, secret = tokens.issue(by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, status=409)
    return _page(request, TokenForm(person=request.user), made=token, secret=secret)


@require_POST
@login_required
def revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    tokens.revoke(token=access.token_of_mine(request, pk), by=request.user)
    messages.success(request, _("The key opens nothing any more."))
    return redirect("curation:tokens")


def _page(
    request: SignedInRequest, form: TokenForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"form": form, "tokens": AccessToken.objects.of(request.user), **more}
    return render(request, "curation/tokens.html", context, status=status)
