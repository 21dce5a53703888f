"""The history as a page and as a file: all of it for admins, a dataset's for curators."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET, require_safe

from curation import access, audit, partial
from curation.formats import sheet
from curation.forms.audit import AuditForm
from curation.http import SignedInRequest
from curation.models import Dataset
from curation.views import page

SIZE = 50
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@require_GET
@login_required
def everywhere(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    return _page(request, None)


@require_GET
@login_required
def of_dataset(request: SignedInRequest, slug: str) -> HttpResponse:
    return _page(request, access.dataset_to_curate(request, slug))


@require_safe
@login_required
def download(request: SignedInRequest, kind: str) -> HttpResponseBase:
    access.site_admins_only(request)
    return _file(request, kind, None)


@require_safe
@login_required
def download_of_dataset(request: SignedInRequest, slug: str, kind: str) -> HttpResponseBase:
    return _file(request, kind, access.dataset_to_curate(request, slug))


def _page(request: SignedInRequest, dataset: Dataset | None) -> HttpResponse:
    form = AuditForm(request.GET, dataset=dataset)
    is_valid = form.is_valid()
    rows = list(_after(request, form)[: SIZE + 1]) if is_valid else []
    asked = request.GET.copy()
    asked.pop("after", None)
    context: dict[str, Any] = {
        "form": form,
        "lines": [(line, audit.means_of(line)) for line in rows[:SIZE]],
        "following": rows[SIZE - 1].pk if len(rows) > SIZE else None,
        "is_first": "after" not in request.GET,
        "asked": asked.urlencode(),
        "has_addresses": request.user.is_staff,
        "kinds": list(KINDS),
    }
    status = 200 if is_valid else 400
    if dataset is not None:
        return page.of_dataset(request, dataset, "audit.html", status=status, **context)
    return render(request, "curation/audit.html", context, status=status)


def _after(request: SignedInRequest, form: AuditForm) -> Any:
    after = request.GET.get("after", "")
    lines = form.wanted.lines()
    is_number = after.isdecimal() and len(after) < 19
    return lines.filter(pk__lt=int(after)) if is_number else lines


def _file(request: SignedInRequest, kind: str, dataset: Dataset | None) -> HttpResponseBase:
    """All that is found."""
    form = AuditForm(request.GET, dataset=dataset)
    if kind not in KINDS or not form.is_valid():
        raise Http404
    told = {"has_addresses": request.user.is_staff}
    lines = form.wanted.lines()
    rows = (audit.row_of(line, **told) for line in lines.iterator(chunk_size=2_000))
    as_table = kind == "csv"
    text = sheet.lines(audit.COLUMNS, rows) if as_table else audit.as_json(lines, **told)
    of = dataset.slug if dataset else "winnow"
    named = f"{of}-history-{localdate().isoformat()}.{kind}"
    return partial.stream(request, text, name=named, kind=KINDS[kind])
