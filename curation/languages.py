"""Languages: what they are called, and the one that a browser shows Winnow in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language_info


def name_of(code: str) -> str:
    """In the reader's language; the code itself where we do not know it."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def remember(response: HttpResponse, language: str) -> None:
    """Show Winnow in this language here from now on; without one, as the browser asks."""
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
