"""Where a SAML answer arrives, whichever of a provider's keys signed it."""

from __future__ import annotations

from typing import Any

from allauth.core.internal.httpkit import deserialize_request
from allauth.socialaccount.providers.saml.views import FinishACSView
from allauth.socialaccount.sessions import LoginSession
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from lxml import etree

from curation import saml_metadata
from curation.actions import metadata


@require_safe
def finish(request: HttpRequest, slug: str) -> HttpResponse:
    """allauth's, which stands at the same address behind this one."""
    try:
        answer: HttpResponse = _finish(request, organization_slug=slug)
    except etree.LxmlError:
        why = {"why": _("What your company's sign-in answered cannot be read.")}
        return render(request, "socialaccount/refused.html", why, status=401)
    return answer


class Finish(FinishACSView):  # type: ignore[misc]  # allauth is untyped
    """allauth knows one certificate of a provider: it gets the one that is needed."""

    def get_provider(self, organization_slug: str) -> Any:
        provider = super().get_provider(organization_slug)
        answer = self._answer()
        if not answer or _take_signer(provider, answer):
            return provider
        if metadata.renew_for_an_answer(slug=organization_slug):
            provider = super().get_provider(organization_slug)
            _take_signer(provider, answer)
        return provider

    def _answer(self) -> str:
        kept = LoginSession(self.request, "saml_acs_session", "saml-acs-session")
        sent = kept.store.get("request")
        if not sent:
            return ""
        return str(deserialize_request(sent, HttpRequest()).POST.get("SAMLResponse", ""))


def _take_signer(provider: Any, answer: str) -> bool:
    """Whether one of its certificates fits."""
    idp = provider.app.settings["idp"]
    found = saml_metadata.signer_of(answer, idp["certificates"])
    idp["x509cert"] = found or idp["x509cert"]
    return found is not None


_finish = Finish.as_view()
