"""What people say about a message: read, added, taken back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import access
from curation.actions import discussion
from curation.actions.rights import Sight
from curation.errors import CurationError
from curation.http import SignedInRequest, form_address, is_part, way_back
from curation.models import Message
from curation.threads import thread_of
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """A thread by itself: where forms are sent, and where a notification leads."""
    if request.method != "POST":
        return _page(request, access.message_to_discuss(request, pk))
    message = access.message_to_speak_of(request, pk)
    text = request.POST.get("text", "")
    try:
        said = discussion.comment(message_id=pk, by=request.user, text=text)
    except CurationError as refusal:
        return _page(request, message, text=text, problem=str(refusal), status=422)
    if is_part(request):
        return _page(request, message)
    return redirect(f"{_back(request, message)}#comment-{said.pk}")


@form_address("curation:comment")
@login_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    message = access.comment_of_mine(request, pk).message
    discussion.take_back(comment_id=pk, by=request.user)
    if is_part(request):
        return _page(request, access.message_to_discuss(request, message.pk))
    messages.success(request, _("Your comment is deleted."))
    return redirect(_back(request, message))


@login_required
def one(request: SignedInRequest, pk: int) -> HttpResponse:
    """The thread that one's own comment stands in."""
    comment = access.comment_of_mine(request, pk)
    return redirect("curation:comments", comment.message_id)


def _back(request: SignedInRequest, message: Message) -> str:
    return way_back(request, reverse("curation:comments", args=[message.pk]))


def _page(
    request: SignedInRequest,
    message: Message,
    *,
    text: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The thread in its page, or alone for a script that puts it in place."""
    thread = thread_of(message, request.user)
    thread.text, thread.problem = text, problem
    seen = page.sight(request, message.conversation.dataset)
    context = {
        "is_viewer": seen == Sight.SETTLED,
        "thread": thread,
        "message": message,
        "back": way_back(request, ""),
        "is_open": True,
        "key": "key" in request.POST and is_part(request),
    }
    template = "curation/_thread.html" if is_part(request) else "curation/comments.html"
    return render(request, template, context, status=status)
