"""Who takes part in a dataset, and in which role."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from curation import access, care
from curation.actions import people
from curation.errors import CurationError
from curation.forms.people import MemberForm
from curation.http import SignedInRequest
from curation.models import Dataset, Membership
from curation.views import page

SAID = {
    Membership.Role.WRITER: gettext_noop("%(person)s is a writer now."),
    Membership.Role.REVIEWER: gettext_noop("%(person)s is a reviewer now."),
    Membership.Role.CURATOR: gettext_noop("%(person)s is a curator now."),
    Membership.Role.VIEWER: gettext_noop("%(person)s is a viewer now."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    if request.method == "POST":
        return _add(request, access.dataset_to_curate(request, slug))
    return _page(request, access.dataset(request, slug), MemberForm())


@require_POST
@login_required
def remove(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    membership = access.membership_to_curate(request, slug, pk)
    people.leave(membership_id=membership.pk, by=request.user)
    messages.success(request, _("Removed. What they wrote stays."))
    if membership.contributor_id == request.user.pk:
        return redirect("curation:datasets")  # they may just have shut themselves out
    return redirect("curation:people", slug)


def _add(request: SignedInRequest, dataset: Dataset) -> HttpResponse:
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _page(request, dataset, form, status=422)
    assert form.person is not None  # clean_email() found them
    role = form.cleaned_data["role"]
    try:
        people.join(dataset=dataset, person=form.person, role=role, by=request.user)
    except CurationError as refusal:
        return _page(request, dataset, form, problem=str(refusal), status=409)
    said = _(SAID[role]) % {"person": form.person}
    messages.success(request, said)
    return redirect("curation:people", dataset.slug)


def _page(
    request: SignedInRequest,
    dataset: Dataset,
    form: MemberForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    is_curator = page.is_curator(request, dataset)
    rows = dataset.memberships.for_listing()
    people = [
        {"person": person, "memberships": list(theirs)}
        for person, theirs in groupby(rows, key=lambda row: row.contributor)
    ]
    return page.of_dataset(
        request,
        dataset,
        "people.html",
        form=form,
        people=people,
        is_curator=is_curator,
        cares=care.of_members(dataset) if is_curator else [],
        problem=problem,
        status=status,
    )
