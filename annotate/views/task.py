"""One task: claim it, see it, keep it alive, skip it, submit it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET, require_POST

from annotate import access, actions, queue
from annotate.errors import KEPT, SlotGone
from annotate.forms.base import TaskForm
from annotate.models import Assignment
from annotate.screens import SCREENS
from curation.errors import CurationError
from curation.http import SignedInRequest, form_address

DRAFT_AT_MOST = 200_000  # bytes of one autosave


@form_address("annotate:home")
@login_required
def claim(request: SignedInRequest) -> HttpResponse:
    """Take the next task, of the kind, dataset and category asked for, if any."""
    names = ("kind", "dataset", "category")
    wanted = {name: request.POST.get(name, "").replace("\0", "") for name in names}
    return _to_next(request, wanted)


@require_GET
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    slot = Assignment.objects.held_by(request.user).for_page().filter(pk=pk).first()
    if slot is None or not queue.covers(request.user, slot):
        messages.info(request, "That task is finished or went back to the queue.")
        return redirect("annotate:home")
    screen = SCREENS[slot.kind]
    draft = slot.drafts.filter(person=request.user).first()
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
    try:
        actions.submit(
            assignment_id=pk,
            by=request.user,
            key=form.cleaned_data["key"],
            fields=form.typed,
            apply=lambda locked: screen.apply(locked, form, request.user),
        )
    except SlotGone as refusal:
        messages.warning(request, str(refusal))
        return redirect("annotate:home")
    except CurationError as refusal:
        # E.g. someone else decided it while this page was open.
        return _refused(request, slot, form, problem=str(refusal), status=409)
    return _to_next(request, {"kind": slot.kind, "dataset": slot.dataset.slug}, done=slot)


@form_address("annotate:task")
@login_required
def skip(request: SignedInRequest, pk: int) -> HttpResponse:
    slot = access.slot_of_mine(request, pk)
    actions.skip(assignment_id=pk, by=request.user)
    wanted = {"kind": slot.kind, "dataset": slot.dataset.slug}
    return _to_next(request, wanted, skipped=slot)


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
        return JsonResponse(
            {"problem": f"This draft cannot be kept: {problem}."}, status=400
        )
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


def _to_next(
    request: SignedInRequest,
    wanted: dict[str, str],
    *,
    done: Assignment | None = None,
    skipped: Assignment | None = None,
) -> HttpResponse:
    """On to the next task of the same sort; when there is none, home says so."""
    slot = actions.claim(by=request.user, passing_over=skipped, **wanted)
    if done is not None:
        more = (
            "Here is the next one." if slot else "That was the last of this kind for now."
        )
        messages.success(request, f"Saved. {more}")
    elif slot is None:
        messages.info(request, "Nothing of this kind waits for you at the moment.")
    # The page takes this as word that the browser's own copy of the text may go.
    proof = f"?done={done.pk}" if done is not None else ""
    address = reverse("annotate:task", args=[slot.pk]) if slot else reverse("annotate:home")
    return redirect(address + proof)


def _refused(
    request: SignedInRequest, slot: Assignment, form: TaskForm, **said: Any
) -> HttpResponse:
    """The page again with the reason on it, for those whose task it is or was."""
    if slot.person_id == request.user.pk:
        return _page(request, slot, form, **said)
    messages.warning(request, f"This task is not yours any more. {KEPT}")
    return redirect("annotate:home")


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
    context = {
        "slot": slot,
        "form": form,
        "problem": problem,
        "saved_at": saved_at,
        "guideline": slot.dataset.guideline_in_force(),
        **screen.context(slot, form),
    }
    return render(request, screen.template, context, status=status)
