"""Every part that pages are built from, in every state: for whoever changes one."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from curation import access
from curation.http import SignedInRequest

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2
TONES = [
    "paper", "surface", "surface-sunk", "surface-raised", "ink", "ink-soft", "line", "edge",
    "accent", "accent-strong", "accent-soft", "grain", "good", "good-soft", "warn",
    "warn-soft", "bad", "bad-soft", "info", "info-soft", "model", "model-soft",
]  # fmt: skip
STATES = [
    "accepted", "submitted", "rejected", "held", "draft", "withdrawn", "model", "queued",
    "running", "finished", "failed", "cancelled", "paused", "promoted", "growing", "review",
    "ranking", "complete", "frozen",
]  # fmt: skip
ICONS = [
    "person", "bell", "check", "cross", "plus", "up", "down", "left", "right", "grip",
    "tie", "edit", "flag", "skip", "clock", "download", "copy", "search", "undo", "lock",
    "model", "book", "columns", "stack", "comment",
]  # fmt: skip

# Those of the pages whose parts stand here, and its own last.
SHEETS = ["talk", "dataset", "conversation", "queue", "browse", "design"]


class SampleForm(forms.Form):
    """One field of each kind; bound to nothing it shows every error at once."""

    title = forms.CharField(label="Title", help_text="A few words.", max_length=80)
    address = forms.EmailField(label="E-mail address")
    answer = forms.CharField(
        label="Answer",
        help_text="Write as you would to a colleague.",
        widget=forms.Textarea,
    )
    kind = forms.ChoiceField(
        label="Kind", choices=[("a", "An answer"), ("q", "A question")]
    )
    note = forms.CharField(label="Note", required=False)
    agree = forms.BooleanField(label="I wrote this myself.")


@require_safe
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """Only site admins: for others it does not exist."""
    access.site_admins_only(request)
    context = {
        "form": SampleForm(auto_id="plain_%s"),
        "form_with_errors": SampleForm({"title": "", "address": "not one"}),
        "long": LONG,
        "tones": TONES,
        "states": STATES,
        "icons": ICONS,
        "sheets": [f"curation/{name}.css" for name in SHEETS],
    }
    return render(request, "curation/design.html", context)
