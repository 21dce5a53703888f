"""The text that people work under, in all its versions."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import access, judged
from curation.actions import datasets
from curation.errors import CurationError
from curation.forms.datasets import GuidelineForm
from curation.http import SignedInRequest
from curation.judged import Under
from curation.models import Dataset, Guideline, Message
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    """The version in force, or an older one by ?version=; a curator publishes the next."""
    if request.method == "POST":
        return _publish(request, access.dataset_to_curate(request, slug))
    dataset = access.dataset(request, slug)
    return _page(request, dataset, GuidelineForm(newest=dataset.guideline_in_force()))


def _publish(request: SignedInRequest, dataset: Dataset) -> HttpResponse:
    newest = dataset.guideline_in_force()
    form = GuidelineForm(request.POST, newest=newest)
    if not form.is_valid():
        # The version that stands beside the text now is the one it is compared with.
        form.data = {**request.POST.dict(), "based_on": newest.number if newest else ""}
        return _page(request, dataset, form, status=422)
    try:
        published = datasets.publish_guideline(
            dataset=dataset, by=request.user, **form.cleaned_data
        )
    except CurationError as refusal:
        return _page(request, dataset, form, problem=str(refusal), status=409)
    if published == newest:
        messages.info(request, _("Nothing was changed, so there is no new version."))
    else:
        said = _("Version %(number)d is in force.") % {"number": published.number}
        messages.success(request, said)
    return redirect("curation:guideline", dataset.slug)


def _page(
    request: SignedInRequest,
    dataset: Dataset,
    form: GuidelineForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    asked = request.GET.get("version", "")
    versions = list(dataset.guidelines.order_by("-number").select_related("created_by"))
    shown = next((v for v in versions if str(v.number) == asked), form.newest)
    is_curator = page.is_curator(request, dataset)
    counts = judged.under_each(dataset) if is_curator else {}
    return page.of_dataset(
        request,
        dataset,
        "guideline.html",
        form=form,
        newest=form.newest,
        shown=shown,
        versions=[(version, counts.get(version.pk)) for version in versions],
        before=_before(counts, form.newest),
        page=_texts(request, shown) if is_curator and shown != form.newest else None,
        is_curator=is_curator,
        problem=problem,
        status=status,
    )


def _before(counts: dict[int, Under], newest: Guideline | None) -> Under | None:
    """What was judged under all versions but the newest."""
    older = [under for pk, under in counts.items() if newest is None or pk != newest.pk]
    if not older:
        return None
    return Under(sum(one.reviews for one in older), sum(one.rankings for one in older))


def _texts(request: SignedInRequest, shown: Guideline | None) -> Page[Message] | None:
    """Those that nobody judged again under a newer version."""
    if shown is None:
        return None
    return page.paged(request, judged.texts_under(shown).order_by("-pk"), size=20)
