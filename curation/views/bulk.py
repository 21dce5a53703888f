"""What a curator does with several messages of the browse page at once."""

from __future__ import annotations

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation import access, chosen, search
from curation.actions import selections
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
    if not form.is_valid():
        return browse.list_page(request, dataset, bulk=form, status=422)
    fields = form.cleaned_data
    if search.asked(request.GET, dataset, is_curator=True).refused:
        return browse.list_page(request, dataset, bulk=form, status=422)
    keys = _chosen(request, dataset, fields["verb"], fields["scope"])
    if not keys:
        problem = _("Tick a message first, or choose all that match.")
        return browse.list_page(request, dataset, bulk=form, problem=problem, status=422)
    if fields["verb"] == BulkForm.Verb.EXPORT:
        return _file(request, dataset, keys)
    if fields["verb"] == BulkForm.Verb.HOLD:
        done = selections.hold(message_ids=keys, by=request.user, why=fields["why"])
    elif fields["verb"] == BulkForm.Verb.FLAG:
        reason, note = fields["reason"], fields["why"]
        done = selections.flag(message_ids=keys, by=request.user, reason=reason, note=note)
    else:
        done = selections.categorise(
            message_ids=keys, by=request.user, category=fields["category"]
        )
    if done.done:
        said = ngettext("%(n)d is done.", "%(n)d are done.", done.done) % {"n": done.done}
        if fields["scope"] == "all" and len(keys) == chosen.AT_MOST:
            said += " " + _("That is as many as go at once: do it again for the rest.")
        notices.success(request, said)
    if done.refused:
        refused = _refused(done.refused)
        return browse.list_page(request, dataset, refused=refused)
    query = request.META["QUERY_STRING"]
    return redirect(
        reverse("curation:browse", args=[slug]) + (f"?{query}" if query else "")
    )


def _chosen(request: SignedInRequest, dataset: Dataset, verb: str, scope: str) -> list[int]:
    """Of what the search finds for this person: nothing else can be ticked."""
    asked = search.asked(request.GET, dataset, is_curator=True)
    if scope == "all":
        is_export = verb == BulkForm.Verb.EXPORT
        at_most = chosen.EXPORTED_AT_MOST if is_export else chosen.AT_MOST
        return chosen.all_of(asked, at_most)
    everything = search.Search(dataset, is_curator=True)
    return chosen.among(everything, ticked(request.POST.getlist("message")))


def _refused(refused: list[tuple[int, str]]) -> list[tuple[Message, str]]:
    rows = Message.objects.in_bulk([pk for pk, why in refused])
    return [(rows[pk], why) for pk, why in refused]


def _file(request: SignedInRequest, dataset: Dataset, keys: list[int]) -> HttpResponse:
    lines = selections.exported(dataset=dataset, message_ids=keys, by=request.user)
    answer = StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{dataset.slug}-selection.jsonl"'
    return answer  # type: ignore[return-value]
