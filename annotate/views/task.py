"""One task: claim it, see it, keep it alive, skip it, submit it."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import OperationalError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from annotate import access, actions, begun, gold, guidelines, history, keys, opening, talk
from annotate.errors import KEPT, SlotGone, WordsGone
from annotate.forms.base import DRAFT_AT_MOST, TaskForm
from annotate.models import Assignment, Draft
from annotate.screens import SCREENS, name_of
from curation.errors import ConsentMissing, CurationError
from curation.http import SignedInRequest, form_address
from curation.models import Profile
from curation.prepared import Prepared

logger = logging.getLogger(__name__)

_draft = Prepared(lambda person, slot: Draft.objects.filter(person=person, assignment=slot))


@form_address("annotate:home")
@login_required
def claim(request: SignedInRequest) -> HttpResponse:
    """Take the next task, of the kind, dataset and category asked for, if any."""
    kind, dataset, category = (
        request.POST.get(name, "").replace("\0", "")
        for name in ("kind", "dataset", "category")
    )
    slot = begun.choose(by=request.user, kind=kind, dataset=dataset, category=category)
    if slot is None:
        messages.info(request, _("Nothing of this kind waits for you at the moment."))
        return redirect("annotate:home")
    return redirect("annotate:task", slot.pk)


@require_GET
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    try:
        slot = opening.opened(assignment_id=pk, by=request.user, is_peek=is_ahead(request))
    except WordsGone as refusal:
        messages.info(request, str(refusal))
        return redirect("annotate:home")
    except ConsentMissing as refusal:
        asked = reverse("curation:consent", args=[refusal.slug])
        return redirect(f"{asked}?{urlencode({'back': request.path})}")
    if slot is None:
        messages.info(request, _("That task is finished or went back to the queue."))
        return redirect("annotate:home")
    screen = SCREENS[slot.kind]
    draft = _draft.first(person=request.user.pk, slot=pk)
    initial = {
        **screen.initial(slot),
        **(draft.fields if draft else {}),
        "key": uuid.uuid4(),
    }
    form = screen.form_class(slot, initial=initial)
    return _page(request, slot, form, saved_at=draft.saved_at if draft else None)


@form_address("annotate:task")
@login_required
def submit(request: SignedInRequest, pk: int) -> HttpResponse:
    slot = access.slot_to_submit(request, pk)
    screen = SCREENS[slot.kind]
    form = screen.form_class(slot, request.POST)
    if not form.is_valid():
        if any(form.typed.values()):
            actions.save_draft(assignment_id=pk, by=request.user, fields=form.typed)
        return _refused(request, slot, form, status=422)
    key = form.cleaned_data["key"]
    try:
        actions.submit(
            assignment_id=pk,
            by=request.user,
            key=key,
            fields=form.typed,
            apply=lambda locked: screen.apply(locked, form, request.user),
        )
    except SlotGone as refusal:
        messages.warning(request, str(refusal))
        return _home(request)
    except CurationError as refusal:
        # E.g. someone else decided it while this page was open.
        return _refused(request, slot, form, problem=str(refusal), status=409)
    if known := gold.outcome_of(slot, request.user):
        return _to_next(request, slot, said=known, undo_url="", done=slot.address)
    undo_url = reverse("annotate:undo", args=[key])
    return _to_next(request, slot, said=_("Saved."), undo_url=undo_url, done=slot.address)


@form_address("annotate:task")
@login_required
def skip(request: SignedInRequest, pk: int) -> HttpResponse:
    slot = access.slot_to_submit(request, pk)
    _keep_typed(request, slot)
    reason = request.POST.get("skip_reason", "")[:40].replace("\0", "")
    skipped = actions.skip(assignment_id=pk, by=request.user, reason=reason)
    undo_url = reverse("annotate:undo-skip", args=[skipped.pk]) if skipped else ""
    said = _("Skipped.")
    return _to_next(request, slot, said=said, undo_url=undo_url, skipped=slot.address)


@require_POST
@login_required
def save_draft(request: SignedInRequest, pk: int) -> HttpResponse:
    """Autosave. Takes {"field": "text"} as JSON and says when it was kept."""
    slot = access.slot_to_submit(request, pk)
    try:
        if len(request.body) > DRAFT_AT_MOST:
            raise ValueError("too long")
        fields = json.loads(request.body)
        clean = {str(name): str(value) for name, value in fields.items()}
        json.dumps(clean, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, AttributeError, RecursionError) as problem:
        said = _("This draft cannot be kept: %(problem)s.") % {"problem": problem}
        return JsonResponse({"problem": said}, status=400)
    draft = actions.save_draft(assignment_id=slot.pk, by=request.user, fields=clean)
    return JsonResponse({"saved_at": localtime(draft.saved_at).isoformat()})


@require_POST
@login_required
def beat(request: SignedInRequest, pk: int) -> HttpResponse:
    try:
        slot = actions.beat(assignment_id=pk, by=request.user)
    except SlotGone as refusal:
        return JsonResponse({"problem": str(refusal)}, status=409)
    assert slot.lease_until is not None  # it was just renewed
    return JsonResponse({"lease_until": slot.lease_until.isoformat()})


def is_card(request: SignedInRequest) -> bool:
    """Whether task.js asks, which puts the answer in place without a page load."""
    return request.headers.get("X-Requested-With") == "card"


def is_ahead(request: SignedInRequest) -> bool:
    """Whether task.js fetches a page that nobody has seen yet."""
    return request.headers.get("X-Requested-With") == "ahead"


def _to_next(
    request: SignedInRequest,
    slot: Assignment,
    *,
    said: str,
    undo_url: str,
    **proof: str,
) -> HttpResponse:
    """On to the next task of the same sort; when there is none, home says so.

    `proof` names the task: the page takes it as word that the browser's own copy of the
    text may go.
    """
    following = _following(request, slot if "skipped" in proof else None, slot)
    if following is None:
        last = _("That was the last of this kind for now.")
        messages.success(request, f"{said} {last}")
        return _home(request, **proof)
    if is_card(request):
        assert following.lease_until is not None  # it was just taken
        card = {
            "task": following.address,
            "url": reverse("annotate:task", args=[following.pk]),
            "lease_until": following.lease_until.isoformat(),
        }
        return JsonResponse({**proof, "message": said, "undo": undo_url, "next": card})
    onward = _("Here is the next one.")
    messages.success(request, f"{said} {onward}")
    address = reverse("annotate:task", args=[following.pk])
    return redirect(f"{address}?{urlencode(proof)}")


def _following(
    request: SignedInRequest, skipped: Assignment | None, slot: Assignment
) -> Assignment | None:
    """The next task. What was sent is in: a claim that fails must not say otherwise."""
    wanted = {"kind": slot.kind, "dataset": slot.dataset.slug}
    try:
        return actions.claim(by=request.user, passing_over=skipped, **wanted)
    except (CurationError, OperationalError):
        logger.exception("No next task after slot %s", slot.pk)
        return None


def _home(request: SignedInRequest, **proof: str) -> HttpResponse:
    address = reverse("annotate:home") + (f"?{urlencode(proof)}" if proof else "")
    if is_card(request):
        return JsonResponse({**proof, "next": None, "home": address})
    return redirect(address)


def _keep_typed(request: SignedInRequest, slot: Assignment) -> None:
    """Words that were in the form when it was passed over; not those that it came with."""
    screen = SCREENS[slot.kind]
    typed = screen.form_class(slot, request.POST).typed
    came = {name: str(value) for name, value in screen.initial(slot).items()}
    if any(text.strip() and text != came.get(name) for name, text in typed.items()):
        actions.save_draft(assignment_id=slot.pk, by=request.user, fields=typed)


def _refused(
    request: SignedInRequest, slot: Assignment, form: TaskForm, **said: Any
) -> HttpResponse:
    """The page again with the reason on it, for those whose task it is or was."""
    if slot.person_id == request.user.pk:
        return _page(request, slot, form, **said)
    problem = _("This task is not yours any more.")
    messages.warning(request, f"{problem} {KEPT}")
    return _home(request)


def _page(
    request: SignedInRequest,
    slot: Assignment,
    form: TaskForm,
    *,
    problem: str = "",
    status: int = 200,
    saved_at: Any = None,
) -> HttpResponse:
    screen = SCREENS[slot.kind]
    chosen = keys.checked(Profile.of(request.user).keys)
    context = {
        "slot": slot,
        "screen_name": name_of(slot.kind),
        "form": form,
        "problem": problem,
        "saved_at": saved_at,
        "keys": json.dumps(chosen) if chosen else "",
        "talk": talk.about(slot, request.user, back=request.path),
        "panel": guidelines.panel(slot.dataset, request.user),
        **screen.context(slot, form),
    }
    if is_ahead(request):
        # What is said to the person stays for a page that they see; the strip comes then.
        context |= {"messages": (), "history": None}
    else:
        context |= history.for_page(request.user, request.GET)
    return render(request, screen.template, context, status=status)
