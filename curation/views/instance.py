"""What a site admin decides for the whole installation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from curation import access
from curation.actions import people
from curation.errors import CurationError
from curation.forms.people import AccountForm, RegistrationForm
from curation.http import SignedInRequest, outcome_told
from curation.models import Contributor, Instance
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """Who may sign up, and everybody who has an account."""
    access.site_admins_only(request)
    if request.method == "POST":
        form = RegistrationForm(request.POST)
        form.is_valid()  # a checkbox is always valid
        people.open_registration(is_open=form.cleaned_data["is_open"], by=request.user)
        messages.success(request, _("Saved."))
        return redirect("curation:instance")
    now = Instance.current()
    people_listed = Contributor.objects.select_related("erasure").order_by("email")
    context = {
        "form": RegistrationForm(initial={"is_open": now.registration_open}),
        "page": page.paged(request, people_listed, size=50),
    }
    return render(request, "curation/instance.html", context)


@never_cache
@sensitive_variables("password")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def add_account(request: SignedInRequest) -> HttpResponse:
    """The first password is on the answer to the POST, and nowhere else."""
    access.site_admins_only(request)
    form = AccountForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form}
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "curation/account_new.html", context, status=status)
    try:
        person, password = people.add_account(by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/account_new.html", context, status=409)
    context = {"person": person, "password": password}
    return render(request, "curation/account_added.html", context)


@require_POST
@login_required
def set_active(request: SignedInRequest, pk: int) -> HttpResponse:
    access.site_admins_only(request)
    person = get_object_or_404(Contributor, pk=pk)
    is_active = request.POST.get("active") == "yes"
    with outcome_told(request):
        people.set_active(person_id=person.pk, is_active=is_active, by=request.user)
        said = _("%(name)s can sign in.") if is_active else _("%(name)s cannot sign in.")
        messages.success(request, said % {"name": person})
    return redirect("curation:instance")
