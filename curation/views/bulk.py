"""What a curator does with several messages of the browse page at once."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation import access, chosen, search
from curation.actions import selections
from curation.addresses import address_of
from curation.forms.browse import BulkForm, ticked
from curation.http import SignedInRequest, form_address
from curation.models import Dataset, Message
from curation.views import browse


@form_address("curation:browse")
@login_required
def act(request: SignedInRequest, slug: str) -> HttpResponse:
    """The address has the search, as on the page that the form stands on."""
    dataset = access.dataset_to_curate(request, slug)
    form = BulkForm(request.POST, dataset=dataset)
    asked = search.asked(request.GET, dataset, is_curator=True)
    after = _after(request)
    if not form.is_valid() or asked.refused:
        older = _older_than(asked, after)
        return browse.list_page(request, dataset, bulk=form, older=older, status=422)
    verb, scope = form.cleaned_data["verb"], form.cleaned_data["scope"]
    keys = _chosen(request, asked, verb, scope, after)
    if not keys:
        problem = _("Tick a message first, or choose all that match.")
        if scope == "all" and after is not None:
            problem = _("No older one is left.")
        return browse.list_page(request, dataset, bulk=form, problem=problem, status=422)
    if verb == BulkForm.Verb.EXPORT:
        return _file(request, dataset, keys)
    done = selections.act(form.cleaned_data, message_ids=keys, by=request.user)
    is_full = scope == "all" and len(keys) == chosen.AT_MOST
    older = _older_than(asked, keys[-1] if is_full else None)
    _tell(request, done.done, older)
    if older:
        refused = _refused(done.refused)
        return browse.list_page(request, dataset, bulk=form, older=older, refused=refused)
    if done.refused:
        return browse.list_page(request, dataset, refused=_refused(done.refused))
    query = request.META["QUERY_STRING"]
    return redirect(
        reverse("curation:browse", args=[slug]) + (f"?{query}" if query else "")
    )


class Older(NamedTuple):
    """What a search finds besides, where it was too much for once."""

    left: int
    after: str  # the address of the last that was reached


def _after(request: SignedInRequest) -> int | None:
    """Where the one before stopped."""
    return next(iter(ticked([request.POST.get("after", "")])), None)


def _older_than(asked: search.Search, last: int | None) -> Older | None:
    count = 0 if last is None or asked.refused else chosen.left_after(asked, last)
    return Older(count, address_of(last, of="message")) if last and count else None


def _chosen(
    request: SignedInRequest,
    asked: search.Search,
    verb: str,
    scope: str,
    after: int | None,
) -> list[int]:
    """Of what the search finds for this person: nothing else can be ticked."""
    if scope == "all":
        is_export = verb == BulkForm.Verb.EXPORT
        at_most = chosen.EXPORTED_AT_MOST if is_export else chosen.AT_MOST
        return chosen.all_of(asked, at_most, after=after)
    everything = search.Search(asked.dataset, is_curator=True)
    return chosen.among(everything, ticked(request.POST.getlist("message")))


def _tell(request: SignedInRequest, count: int, older: Older | None) -> None:
    if not count and not older:
        return
    said = ngettext("%(n)d is done.", "%(n)d are done.", count) % {"n": count}
    if older:
        more = ngettext(
            "%(n)d older one is left: do it again to go on with it.",
            "%(n)d older ones are left: do it again to go on with them.",
            older.left,
        )
        said += " " + more % {"n": older.left}
    notices.success(request, said)


def _refused(refused: list[tuple[int, str]]) -> list[tuple[Message, str]]:
    rows = Message.objects.in_bulk([pk for pk, why in refused])
    return [(rows[pk], why) for pk, why in refused]


def _file(request: SignedInRequest, dataset: Dataset, keys: list[int]) -> HttpResponse:
    lines = selections.exported(dataset=dataset, message_ids=keys, by=request.user)
    answer = StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{dataset.slug}-selection.jsonl"'
    return answer  # type: ignore[return-value]
