"""Frozen versions: what is in them, how to check them, their files."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from curation import access, downloads, files, handoff, tasks
from curation.actions import freezing, versions
from curation.background import ring
from curation.errors import CurationError, Unavailable
from curation.forms.versions import FreezeForm, recipe_lines
from curation.http import SignedInRequest, asks_again
from curation.models import Dataset, DatasetVersion, Freezing
from curation.views import page

TOLD = timedelta(hours=1)  # how long the page says what became of a version in the making


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: SignedInRequest, slug: str) -> HttpResponse:
    """All versions. ?preview=1 and a recipe say what freezing would take; POST freezes."""
    if request.method == "POST":
        return _freeze(request, access.dataset_to_curate(request, slug))
    dataset = access.dataset(request, slug)
    if asks_again(request, "freezing"):
        return page.part(
            request,
            "_freezing.html",
            dataset=dataset,
            freezing=_newest_freezing(dataset),
            is_curator=page.is_curator(request, dataset),
        )
    form = FreezeForm(dataset, request.GET if "preview" in request.GET else None)
    is_wrong = form.is_bound and not form.is_valid()
    return _list(request, dataset, form, status=422 if is_wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str, number: int) -> HttpResponse:
    """One version. POST compares every text with its frozen hash, and changes nothing."""
    version = access.version(request, slug, number)
    if request.method != "POST":
        return _page(request, version, problems=[], erased=0)
    try:
        found = versions.check_while_waiting(version)
    except CurationError as refusal:
        return _page(request, version, problem=str(refusal), status=409)
    return _page(request, version, is_checked=True, **found._asdict())


@require_safe
@login_required
def download(
    request: SignedInRequest, slug: str, number: int, name: str
) -> HttpResponseBase:
    version = access.version(request, slug, number)
    if name not in files.names(version):
        raise Http404
    try:
        return downloads.version_file(request, version, name)
    except CurationError as refusal:
        status = 503 if isinstance(refusal, Unavailable) else 409
        return _page(request, version, problem=str(refusal), status=status)


def _freeze(request: SignedInRequest, dataset: Dataset) -> HttpResponse:
    form = FreezeForm(dataset, request.POST)
    if not form.is_valid():
        return _list(request, dataset, form, status=422)
    before = dataset.versions.count()
    try:
        if freezing.is_large(dataset):
            return _ask(request, dataset, form.recipe)
        version = versions.freeze(
            dataset_id=dataset.pk, by=request.user, recipe=form.recipe
        )
    except CurationError as refusal:
        return _list(request, dataset, form, problem=str(refusal), status=409)
    if version.number > before:
        said = _("Version %(number)d is frozen.") % {"number": version.number}
        messages.success(request, said)
    else:
        messages.info(request, _("Nothing has changed since this version."))
    return redirect("curation:version", dataset.slug, version.number)


def _ask(
    request: SignedInRequest, dataset: Dataset, recipe: dict[str, Any]
) -> HttpResponse:
    """A worker makes it: the page of versions says how far it is."""
    asked = freezing.ask(dataset_id=dataset.pk, by=request.user, recipe=recipe)
    ring(tasks.freeze_version, freezing_id=asked.pk)
    return redirect("curation:versions", dataset.slug)


def _list(
    request: SignedInRequest,
    dataset: Dataset,
    form: FreezeForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    is_curator = page.is_curator(request, dataset)
    taken = None
    if is_curator and form.is_bound and form.is_valid():
        if freezing.is_countable(dataset):
            counts = versions.preview(dataset=dataset, recipe=form.recipe)
            taken = _by_category(counts, _names(dataset))
        else:
            problem = problem or _(
                "This dataset is too large to be counted while you wait. Freeze it: the "
                "version says what it took, and an unwanted one does no harm."
            )
    return page.of_dataset(
        request,
        dataset,
        "versions.html",
        form=form,
        taken=taken,
        is_curator=is_curator,
        is_live=is_curator and not freezing.is_large(dataset),
        freezing=_newest_freezing(dataset),
        page=page.paged(request, dataset.versions.for_listing()),
        problem=problem,
        status=status,
    )


def _newest_freezing(dataset: Dataset) -> Freezing | None:
    """While it is being made, and for a while after it ended."""
    is_told = Q(ended_at=None) | Q(ended_at__gte=now() - TOLD)
    found = dataset.freezings.filter(is_told).select_related("version")
    return found.order_by("-pk").first()


def _like(version: DatasetVersion) -> DatasetVersion | None:
    """The version of which it is what still stood."""
    digest = version.recipe.get("like")
    return version.dataset.versions.filter(digest=digest).first() if digest else None


def _page(
    request: SignedInRequest, version: DatasetVersion, *, status: int = 200, **context: Any
) -> HttpResponse:
    items = version.items.all()
    counts = items.values_list("category", "split").annotate(Count("pk")).order_by()
    in_all = Counter({(category, split): n for category, split, n in counts})
    names = _names(version.dataset)
    return page.of_dataset(
        request,
        version.dataset,
        "version.html",
        version=version,
        counts=_by_category(in_all, names),
        names=names,
        before=version.number - 1,
        chosen=[names.get(slug, slug) for slug in version.recipe["categories"]],
        files=files.names(version),
        recipe_lines=recipe_lines(version.recipe),
        like=_like(version),
        recalled=handoff.recalled(version.pk),
        models=list(version.reports.order_by("-finished_at", "-pk")),
        page=page.paged(request, items.for_listing(), size=10),
        status=status,
        **context,
    )


def _names(dataset: Dataset) -> dict[str, str]:
    return dict(dataset.categories.values_list("slug", "name"))


def _by_category(counts: Counter[tuple[str, str]], names: dict[str, str]) -> dict[str, Any]:
    """A row a category with its two splits, and their sums."""
    slugs = sorted({slug for slug, split in counts}, key=lambda slug: names.get(slug, slug))
    rows = [
        {
            "name": names.get(slug, slug) or _("No category"),
            "train": counts[slug, "train"],
            "held_out": counts[slug, "held_out"],
        }
        for slug in slugs
    ]
    train, held_out = (sum(row[split] for row in rows) for split in ("train", "held_out"))  # type: ignore[misc]
    return {"rows": rows, "train": train, "held_out": held_out, "all": train + held_out}
