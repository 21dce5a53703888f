"""How people sign in to the whole installation, as its admins decide it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from curation import access, saml_metadata
from curation.actions import identities, passwords, second_steps
from curation.errors import CurationError
from curation.forms.sign_in import (
    FORMS,
    GroupForm,
    PasswordsForm,
    ProviderForm,
    SecondStepForm,
    rules_of,
)
from curation.http import SignedInRequest, outcome_told
from curation.models import GroupRole, IdentityProvider, Instance


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """Second steps, passwords, and who else vouches for people."""
    access.site_admins_only(request)
    now = Instance.current()
    forms: dict[str, Any] = {
        "form": SecondStepForm(initial={"of": now.second_step_of}),
        "passwords": PasswordsForm(initial={"of": now.passwords_of}, prefix="passwords"),
    }
    providers = IdentityProvider.objects.order_by("name")
    context: dict[str, Any] = {
        **forms,
        "providers": providers,
        "unread": {one.pk for one in providers if saml_metadata.is_unread(one)},
    }
    if request.method != "POST":
        return render(request, "curation/sign_in.html", context)
    is_passwords = "passwords-of" in request.POST
    form: Any = (
        PasswordsForm(request.POST, prefix="passwords")
        if is_passwords
        else SecondStepForm(request.POST)
    )
    context["passwords" if is_passwords else "form"] = form
    if not form.is_valid():
        return render(request, "curation/sign_in.html", context, status=422)
    try:
        act = passwords.allow if is_passwords else second_steps.want
        act(by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/sign_in.html", context, status=409)
    messages.success(request, _("Saved."))
    return redirect("curation:sign-in")


@sensitive_post_parameters("new_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_provider(request: SignedInRequest, kind: str) -> HttpResponse:
    access.site_admins_only(request)
    if kind not in FORMS:
        raise Http404
    return _edit(request, IdentityProvider(kind=kind))


@sensitive_post_parameters("new_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def provider(request: SignedInRequest, pk: int) -> HttpResponse:
    access.site_admins_only(request)
    return _edit(request, get_object_or_404(IdentityProvider, pk=pk))


@require_POST
@login_required
def do(request: SignedInRequest, pk: int) -> HttpResponse:
    """Switch it on or off, try it, or remove it."""
    access.site_admins_only(request)
    found = get_object_or_404(IdentityProvider, pk=pk)
    what = request.POST.get("do")
    said = _("Saved.")
    with outcome_told(request):
        if what in ("on", "off"):
            identities.switch(provider=found, is_on=what == "on", by=request.user)
        elif what == "check":
            said = identities.check(provider=found, by=request.user)
        elif what == "remove":
            identities.remove(provider=found, by=request.user)
            messages.success(request, _("Removed."))
            return redirect("curation:sign-in")
        else:
            said = ""
        if said:
            messages.success(request, said)
    return redirect("curation:provider", pk)


@require_POST
@login_required
def map_group(request: SignedInRequest, pk: int) -> HttpResponse:
    access.site_admins_only(request)
    found = get_object_or_404(IdentityProvider, pk=pk)
    form = GroupForm(request.POST)
    if not form.is_valid():
        return _page(request, found, FORMS[found.kind](instance=found), form, status=422)
    identities.map_group(provider=found, by=request.user, **form.cleaned_data)
    messages.success(request, _("It counts from the next sign-in on."))
    return redirect("curation:provider", pk)


@require_POST
@login_required
def unmap_group(request: SignedInRequest, pk: int) -> HttpResponse:
    access.site_admins_only(request)
    rule = get_object_or_404(GroupRole.objects.select_related("provider", "dataset"), pk=pk)
    identities.unmap_group(rule=rule, by=request.user)
    messages.success(request, _("Removed."))
    return redirect("curation:provider", rule.provider_id)


def no_form(request: HttpRequest) -> HttpResponse:
    """In place of allauth's, where who comes from elsewhere may type any address: they have
    the one that was vouched for, or no account."""
    raise Http404


def _edit(request: SignedInRequest, found: IdentityProvider) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = FORMS[found.kind](sent, instance=found)
    if not form.is_valid():
        return _page(request, found, form, status=422 if form.is_bound else 200)
    typed = form.cleaned_data
    try:
        saved = identities.save(
            provider=form.save(),
            by=request.user,
            secret=typed.get("new_secret", ""),
            metadata=typed.get("new_metadata", ""),
        )
    except CurationError as refusal:
        return _page(request, found, form, status=409, problem=str(refusal))
    messages.success(request, _("Saved."))
    return redirect("curation:provider", saved.pk)


def _page(
    request: SignedInRequest,
    found: IdentityProvider,
    form: ProviderForm,
    group: GroupForm | None = None,
    *,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {"provider": found, "form": form, "problem": problem}
    if found.pk:
        name = "openid_connect_callback" if found.kind == "oidc" else "saml_acs"
        context |= {
            "address": request.build_absolute_uri(reverse(name, args=[found.slug])),
            "rules": rules_of(found),
            "group_form": group or GroupForm(),
        }
        if found.kind == "saml":
            there = reverse("saml_metadata", args=[found.slug])
            context["metadata_address"] = request.build_absolute_uri(there)
            kept = IdentityProvider.objects.get(pk=found.pk)  # without what was just typed
            context["is_unread"] = saml_metadata.is_unread(kept)
            context["is_nameless"] = not saml_metadata.entity_of(kept.metadata)
    return render(request, "curation/provider.html", context, status=status)
