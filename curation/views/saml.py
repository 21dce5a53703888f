"""Where a SAML answer arrives that nobody can read."""

from __future__ import annotations

from allauth.socialaccount.providers.saml.views import finish_acs
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from lxml import etree


@require_safe
def finish(request: HttpRequest, slug: str) -> HttpResponse:
    """allauth's, which stands at the same address behind this one."""
    try:
        answer: HttpResponse = finish_acs(request, organization_slug=slug)
    except etree.LxmlError:
        why = {"why": _("What your company's sign-in answered cannot be read.")}
        return render(request, "socialaccount/refused.html", why, status=401)
    return answer
