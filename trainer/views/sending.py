"""An answer of a talk goes to a dataset, with the consent of who asked."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import intake
from curation.errors import CurationError
from curation.handoff import frozen
from curation.http import SignedInRequest
from trainer import access
from trainer.actions import sending
from trainer.models import TalkAnswer
from trainer.talk_forms import SendForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def send(request: SignedInRequest, pk: int) -> HttpResponse:
    """What is sent, where to, on which terms; POST sends it.

    ?to=slug chooses the dataset. What the checks see stands at each text; where that is
    new to the person, they are asked once more.
    """
    answer = access.talk_answer(request, pk)
    if answer.sent_at is not None:
        messages.info(request, _("This answer is in the record already."))
        return _back(answer)
    datasets = intake.places_of(request.user)
    place = intake.place_of(request.user, _slug(request, answer, datasets))
    context: dict[str, Any] = {"answer": answer, "datasets": datasets, "place": place}
    if place is None:
        return render(request, "trainer/talk_send.html", context)
    sent = request.POST if request.method == "POST" else None
    form = SendForm(sent, place=place, initial={"correction": ""})
    said = _with_hints(form, sending.exchanges_to(answer), place)
    seen = _digest([hints for _one, hints in said])
    context |= {"said": said, "form": form, "seen": seen}
    if sent is None:
        return render(request, "trainer/talk_send.html", context)
    status = 422
    if form.is_valid():
        if form.cleaned_data["seen"] != seen:
            context["asks_again"] = True
            return render(request, "trainer/talk_send.html", context, status=status)
        try:
            brought = sending.send(
                answer_id=pk,
                by=request.user,
                consent=form.consent(sending.agreed(sent.getlist("terms"))),
                correction=form.cleaned_data["correction"],
            )
        except CurationError as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            return _thanks(request, answer, brought)
    return render(request, "trainer/talk_send.html", context, status=status)


def _slug(request: SignedInRequest, answer: TalkAnswer, datasets: list[Any]) -> str:
    """The chosen dataset; else that of the talk, where the person may write there."""
    if wanted := request.POST.get("to") or request.GET.get("to"):
        return wanted.replace("\0", "")
    slugs = [dataset.slug for dataset in datasets]
    own = frozen(answer.turn.talk.version_id).dataset
    return own if own in slugs else next(iter(slugs), "")


def _with_hints(
    form: SendForm, said: list[intake.Exchange], place: intake.Place
) -> list[tuple[intake.Exchange, dict[str, list[Any]]]]:
    """Each exchange with what the checks see in it; in the last, the own answer as well."""
    given = form.data if form.is_bound else {}
    return [
        (
            one,
            intake.hints_on(
                place.dataset,
                one,
                is_first=one is said[0],
                correction=given.get("correction", "") if one is said[-1] else "",
                language=given.get("language", ""),
            ),
        )
        for one in said
    ]


def _digest(hints: list[dict[str, list[Any]]]) -> str:
    told = json.dumps(hints, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _thanks(
    request: SignedInRequest, answer: TalkAnswer, brought: intake.Brought
) -> HttpResponse:
    dataset = brought.conversation.dataset
    said = _("Sent to %(dataset)s. People judge it before anything is learned from it.")
    if brought.is_held:
        said = _("Sent to %(dataset)s. A check holds it until a curator has looked.")
    messages.success(request, said % {"dataset": dataset})
    return _back(answer)


def _back(answer: TalkAnswer) -> HttpResponse:
    address = reverse("trainer:talk", args=[answer.turn.talk_id])
    return redirect(f"{address}#answer-{answer.pk}")
