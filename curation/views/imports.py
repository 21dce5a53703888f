"""Files that curators import: sent, looked at, mapped, taken in by a worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curation import access, files, mapped, partial, tasks
from curation.actions import errands, importing
from curation.background import ring
from curation.errors import CurationError, Unavailable
from curation.formats import sheet
from curation.forms.imports import MappingForm, UploadForm
from curation.http import SignedInRequest, asks_again, outcome_told
from curation.models import Dataset, Import
from curation.views import page

ROOM = 1_000_000  # bytes of a request besides the file


@csrf_exempt
def index(request: SignedInRequest, slug: str) -> HttpResponseBase:
    """What is too large is refused before any of it is read: so the check for forgery,
    which reads a whole request to find its token, comes after that."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    at_most = settings.IMPORT_MEGABYTES * 1_000_000 + ROOM
    if not told.isdigit() or int(told) > at_most:
        said = _("The file is larger than %(count)d MB: divide it.")
        answer = HttpResponse(said % {"count": settings.IMPORT_MEGABYTES}, status=413)
        answer["Connection"] = "close"
        return answer
    return _index(request, slug)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def _index(request: SignedInRequest, slug: str) -> HttpResponse:
    """All imports of a dataset. POST brings a file, and nothing of it is taken yet."""
    dataset = access.dataset_to_curate(request, slug)
    if request.method != "POST":
        return _list(request, dataset, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, dataset, form, status=422)
    try:
        found = importing.receive(
            dataset=dataset, by=request.user, name=form.name, content=form.content
        )
    except CurationError as refusal:
        status = 503 if isinstance(refusal, Unavailable) else 422
        return _list(request, dataset, form, problem=str(refusal), status=status)
    return redirect("curation:import", slug, found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """One import: how to read it, then how far it is. POST looks again, or starts it."""
    dataset = access.dataset_to_curate(request, slug)
    found = access.import_in(dataset, pk)
    if found.state == Import.State.CHOOSING and found.has_file:
        return _choose(request, dataset, found)
    if request.method == "POST":  # a second click, or another tab was first
        return redirect("curation:import", slug, pk)
    context: dict[str, Any] = {
        "dataset": dataset,
        "found": found,
        "page": page.paged(request, found.refusals.order_by("pk")),
    }
    if asks_again(request, "errand"):
        return page.part(request, "_import_live.html", **context)
    return page.of_dataset(request, template="import.html", **context)


@require_POST
@login_required
def cancel(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    found = access.import_in(access.dataset_to_curate(request, slug), pk)
    with outcome_told(request):
        errands.cancel(found, by=request.user)
    return redirect("curation:import", slug, pk)


@require_safe
@login_required
def refused(request: SignedInRequest, slug: str, pk: int, kind: str) -> HttpResponseBase:
    """The rows that were not taken, as a table or as lines of JSON."""
    found = access.import_in(access.dataset_to_curate(request, slug), pk)
    if kind not in ("csv", "jsonl"):
        raise Http404
    told = found.refusals.order_by("pk").iterator()
    rows = ((one.line, one.said) for one in told)
    lines = sheet.lines(("line", "reason"), rows) if kind == "csv" else _as_lines(rows)
    named = f"{slug}-import-{pk}-refused.{kind}"
    return partial.stream(request, lines, name=named, kind=files.TYPES[f".{kind}"])


def _as_lines(rows: Any) -> Iterator[str]:
    for line, reason in rows:
        yield json.dumps({"line": line, "reason": reason}, ensure_ascii=False) + "\n"


def _list(
    request: SignedInRequest,
    dataset: Dataset,
    form: UploadForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    return page.of_dataset(
        request,
        dataset,
        "imports.html",
        form=form,
        problem=problem,
        days=settings.TRANSFER_DAYS,
        page=page.paged(request, dataset.imports.for_listing()),
        status=status,
    )


def _choose(request: SignedInRequest, dataset: Dataset, found: Import) -> HttpResponse:
    """The mapping, and what the first rows would become by it."""
    try:
        first = mapped.first_rows(found)
    except CurationError as refusal:
        status = 503 if isinstance(refusal, Unavailable) else 409
        said = str(refusal)
        return _list(request, dataset, UploadForm(), problem=said, status=status)
    sent = request.POST if request.method == "POST" else None
    form = MappingForm(sent, dataset=dataset, first=first)
    if form.is_shown and not form.is_valid():
        return _mapping(request, found, form, first, status=422)
    if not form.is_shown or "start" not in request.POST:
        return _mapping(request, found, form, first)
    try:
        importing.start(
            import_id=found.pk,
            by=request.user,
            format=form.known.key,
            mapping=form.mapping,
            as_state=form.cleaned_data["as_state"],
        )
    except CurationError as refusal:
        return _mapping(request, found, form, first, problem=str(refusal), status=409)
    ring(tasks.take_import, import_id=found.pk)
    return redirect("curation:import", dataset.slug, found.pk)


def _mapping(
    request: SignedInRequest,
    found: Import,
    form: MappingForm,
    first: mapped.Preview,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    mapping = form.guess if form.errors else form.mapping
    return page.of_dataset(
        request,
        found.dataset,
        "import_mapping.html",
        found=found,
        form=form,
        preview=mapped.by(first, found, form.known, mapping),
        problem=problem,
        status=status,
    )
