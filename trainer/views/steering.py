"""What a trainer worker works on is stopped, gone on with and watched, all in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from curation.http import SignedInRequest, outcome_told, unless_same
from trainer.models.fenced import Fenced
from trainer.steering import Noun, logged

State = Fenced.State
Moving = Callable[[Any], dict[str, Any]]  # what the part of the page that moves needs


@require_GET
@login_required
def live(request: SignedInRequest, pk: int, *, noun: Noun, moving: Moving) -> HttpResponse:
    """The part of the page that moves. When the work has ended, all of the page is new."""
    found = noun.to_watch(request, pk)
    if not request.htmx:
        return redirect(noun.page, pk)
    answer = render(request, f"trainer/_{noun.name}_live.html", moving(found))
    if found.is_active:
        return unless_same(request, answer)
    answer["HX-Refresh"] = "true"
    return answer


@require_POST
@login_required
def cancel(request: SignedInRequest, pk: int, *, noun: Noun) -> HttpResponse:
    def act() -> str:
        found = noun.actions.cancel(**noun.id(pk), by=request.user)
        is_over = found.state == State.CANCELLED
        return _("Cancelled.") if is_over else _("It stops within seconds.")

    return _steered(request, pk, noun, act)


@require_POST
@login_required
def pause(request: SignedInRequest, pk: int, *, noun: Noun) -> HttpResponse:
    def act() -> str:
        found = noun.actions.pause(**noun.id(pk), by=request.user)
        is_over = found.state == State.PAUSED
        return _("Paused.") if is_over else _("It stops within seconds, to go on later.")

    return _steered(request, pk, noun, act)


@require_POST
@login_required
def retry(request: SignedInRequest, pk: int, *, noun: Noun) -> HttpResponse:
    def act() -> str:
        noun.actions.retry(**noun.id(pk), by=request.user)
        noun.ring(pk)
        return str(noun.said_again)

    return _steered(request, pk, noun, act)


def _steered(
    request: SignedInRequest, pk: int, noun: Noun, act: Callable[[], str]
) -> HttpResponse:
    """The page again, with what `act` says of it or why it was refused."""
    noun.to_steer(request, pk)
    with outcome_told(request):
        messages.success(request, act())
    return redirect(noun.page, pk)


@require_safe
@login_required
def log(request: SignedInRequest, pk: int, *, noun: Noun) -> HttpResponse:
    """The whole log as a download, never as a page."""
    return logged(noun, noun.to_read_log(request, pk))
