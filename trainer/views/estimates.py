"""What a run would take, while its form is being filled in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from curation.http import SignedInRequest
from trainer import access, estimates, methods
from trainer.config import DTYPES, TUNINGS
from trainer.models import BaseModel, Run
from trainer.text import is_number

CHOICES = {"tuning": dict(TUNINGS), "dtype": dict(DTYPES)}


@require_GET
@login_required
def estimate(request: SignedInRequest) -> HttpResponse:
    """A part of the launch form; what is odd in the form counts as left empty."""
    if not request.htmx:
        return redirect("trainer:launch")
    return render(request, "trainer/_estimate.html", _context(request))


def _context(request: SignedInRequest) -> dict[str, Any]:
    chosen = {name: request.GET.get(name, "") for name in ("version", "base")}
    if not all(is_number(text) for text in chosen.values()):
        return {}
    versions = {version.id: version for version in access.versions_to_train(request)}
    version = versions.get(int(chosen["version"]))
    base = BaseModel.objects.ready().filter(pk=chosen["base"]).first()
    if version is None or base is None:
        return {}
    method = request.GET.get("method", "")
    how = methods.METHODS.get(method, methods.METHODS[Run.Method.SFT])
    fitting = methods.defaults(
        how.name,
        train_count=methods.rows(how, version).units,
        is_starter=base.is_starter,
        is_long=not version.is_pairs,
    ).as_json()
    for name, usual in fitting.items():
        given = request.GET.get(name, "")
        if type(usual) is int and is_number(given):
            fitting[name] = int(given)
        elif given in CHOICES.get(name, ()):
            fitting[name] = given
    guess = estimates.guess(
        base=base,
        method=how.name,
        config=fitting,
        dataset_id=version.dataset_id,
    )
    return {
        "guess": guess,
        "said": estimates.told(guess.seconds) if guess.seconds else "",
        "range": estimates.range_told(guess.least, guess.most),
        "refused": estimates.refusal(guess),
    }
