"""Invitations: made, sent again, taken back; and the page that the invited meet."""

from __future__ import annotations

from typing import Any

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from curation import access, letters, mail
from curation.actions import invitations
from curation.errors import CurationError
from curation.forms.invitations import ArrivalForm, InvitationForm
from curation.http import SignedInRequest
from curation.models import Dataset, Invitation
from curation.views import page

GONE = 410


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def of_dataset(request: SignedInRequest, slug: str) -> HttpResponse:
    return _invitations(request, access.dataset_to_curate(request, slug))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def everywhere(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    return _invitations(request, None)


@never_cache
@sensitive_variables("token")
@require_POST
@login_required
def again(request: SignedInRequest, pk: int) -> HttpResponse:
    found = access.invitation_to_change(request, pk)
    try:
        made, token = invitations.again(invitation_id=found.pk, by=request.user)
    except CurationError as refusal:
        messages.error(request, str(refusal))
        return _back(found)
    return _told(request, made, token)


@require_POST
@login_required
def take_back(request: SignedInRequest, pk: int) -> HttpResponse:
    found = access.invitation_to_change(request, pk)
    invitations.take_back(invitation_id=found.pk, by=request.user)
    messages.success(request, _("Taken back: its link opens nothing any more."))
    return _back(found)


@never_cache
@sensitive_variables("token", "password")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites, to what, until when. Whoever has an account joins with it, and who has
    none gets one where an admin invited."""
    found = invitations.of_token(token)
    if found is None or found.state != Invitation.State.OPEN:
        status = 404 if found is None else GONE
        return render(
            request, "curation/invited.html", {"invitation": found}, status=status
        )
    if request.method != "POST":
        return _door(request, found, ArrivalForm(invitation=found))
    if request.user.is_authenticated:
        return _joined(request, found, token)
    form = ArrivalForm(request.POST, invitation=found)
    if not form.is_valid():
        return _door(request, found, form, status=422)
    facts = {"email": "", **form.cleaned_data}
    try:
        _found, person = invitations.accept_anew(token=token, **facts)
    except CurationError as refusal:
        return _door(request, found, form, problem=str(refusal), status=409)
    messages.success(request, _("Welcome. Your account is there."))
    there = reverse("annotate:home")
    answer: HttpResponse = perform_login(
        request, person, email_verification="none", redirect_url=there
    )
    return answer


def _joined(request: Any, found: Invitation, token: str) -> HttpResponse:
    try:
        invitations.accept(token=token, by=request.user)
    except CurationError as refusal:
        form = ArrivalForm(invitation=found)
        return _door(request, found, form, problem=str(refusal), status=409)
    if found.dataset is None:
        return redirect("annotate:home")
    messages.success(request, _("You take part now."))
    return redirect("curation:dataset", found.dataset.slug)


def _door(
    request: HttpRequest,
    found: Invitation,
    form: ArrivalForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    here = request.user
    context = {
        "invitation": found,
        "form": form,
        "problem": problem,
        "is_open": True,
        "is_for_another": here.is_authenticated and found.is_for_another(here),
    }
    return render(request, "curation/invited.html", context, status=status)


def _invitations(request: SignedInRequest, dataset: Dataset | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, dataset, InvitationForm(dataset=dataset))
    form = InvitationForm(request.POST, dataset=dataset)
    if not form.is_valid():
        return _page(request, dataset, form, status=422)
    try:
        made, token = invitations.invite(by=request.user, **form.facts())
    except CurationError as refusal:
        return _page(request, dataset, form, problem=str(refusal), status=409)
    return _told(request, made, token, dataset=dataset)


def _told(
    request: SignedInRequest,
    made: Invitation,
    token: str,
    *,
    dataset: Dataset | None = None,
) -> HttpResponse:
    """By mail the link goes to the invited alone; without one it is on this answer, and
    nowhere else."""
    if not made.email:
        link = letters.link_of(token)
        where = dataset or (None if request.user.is_staff else made.dataset)
        form = InvitationForm(dataset=where)
        return _page(request, where, form, link=link, made=made)
    is_sent = letters.send_invitation(made, token)
    if is_sent and mail.is_logged():
        said = _(
            "Winnow has no mail server: the letter to %(email)s stands in its log, and "
            "goes nowhere. Take it back, and make a link to pass on."
        )
        messages.warning(request, said % {"email": made.email})
    elif is_sent:
        messages.success(request, _("Sent to %(email)s.") % {"email": made.email})
    else:
        said = _("The mail to %(email)s could not be sent. Try “Send again” later.")
        messages.error(request, said % {"email": made.email})
    return _back(made)


def _back(found: Invitation) -> HttpResponse:
    if found.dataset is None:
        return redirect("curation:invitations")
    return redirect("curation:dataset-invitations", found.dataset.slug)


def _page(
    request: SignedInRequest,
    dataset: Dataset | None,
    form: InvitationForm,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    rows = Invitation.objects.for_listing()
    if dataset is not None:
        rows = rows.filter(dataset=dataset)
    context = {"form": form, "page": page.paged(request, rows), **said}
    if dataset is not None:
        return page.of_dataset(
            request, dataset, "invitations.html", status=status, **context
        )
    return render(request, "curation/invitations.html", context, status=status)
