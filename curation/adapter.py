"""How allauth signs people up and in here: up only where an admin opened registration."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from curation import languages
from curation.models import Contributor, Instance, Profile


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return Instance.current().registration_open

    def post_login(
        self, request: HttpRequest, user: Contributor, **details: Any
    ) -> HttpResponse:
        """The language that a person chose goes with them to each browser."""
        response: HttpResponse = super().post_login(request, user, **details)
        chosen = Profile.of(user).interface_language
        if chosen:
            languages.remember(response, chosen)
        return response
