"""Who must have a second step to sign in with, and who still has to set one up.

Keys for programs are asked for nothing: only who passed this page can make one, and each
says itself what it opens and until when.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, When
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from curation.actions import identities
from curation.models import Contributor, Instance, Membership

STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
Of = Instance.SecondStep
# In a session: for whom a second step was asked, and by which provider.
DONE_ELSEWHERE = "second_step_done_elsewhere"
# Where somebody who owes one can still go: there it is set up. And to sign out.
OPEN = ("allauth.", "django.views.i18n", "django.views.static")


def is_owed() -> Case:
    """Of a session, as a column: whether its person must set up a second step."""
    care = Membership.objects.filter(
        contributor=OuterRef("person"), role=Membership.Role.CURATOR
    )
    of_them = Exists(Instance.objects.filter(second_step_of=Of.CARERS))
    of_all = Exists(Instance.objects.filter(second_step_of=Of.EVERYBODY))
    wanted = of_all | (of_them & (Q(person__is_staff=True) | Exists(care)))
    has_one = Authenticator.objects.filter(user=OuterRef("person"), type__in=STEPS)
    return Case(
        When(wanted & ~Exists(has_one), then=True),
        default=False,
        output_field=BooleanField(),
    )


def steps_of(person: Contributor) -> list[Authenticator]:
    """What the person can sign in with besides their password, oldest first."""
    theirs = Authenticator.objects.filter(user=person, type__in=STEPS)
    return list(theirs.order_by("created_at"))


class SecondStepMiddleware:
    """Whoever owes a second step is sent to set it up, with the next page they open."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.answer(request)

    def process_view(
        self, request: Any, view: Callable[..., Any], *given: Any
    ) -> HttpResponse | None:
        session = request.session
        if not session.owes_second_step or _was_asked_elsewhere(session):
            return None
        if view.__module__.startswith(OPEN):
            return None
        if request.path.startswith("/api/"):
            return _problem()
        answer: HttpResponse = redirect("mfa_index")
        return HttpResponseClientRedirect(answer["Location"]) if request.htmx else answer


def _was_asked_elsewhere(session: Any) -> bool:
    """Where the provider still does so, and is on: this causes a query."""
    match session.get(DONE_ELSEWHERE):
        case [pk, slug] if pk == session.person.pk:
            return identities.asks_second_step(slug)
    return False


def _problem() -> JsonResponse:
    status = HTTPStatus.FORBIDDEN
    said = _("Set up a second step for signing in first, under Profile.")
    problem = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    kind = "application/problem+json"
    return JsonResponse({**problem, "detail": said}, status=status, content_type=kind)
