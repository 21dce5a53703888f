"""Secrets that must be read again, such as keys of other services: encrypted in the
database, so that a copy of it does not open them."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """It was encrypted under another WINNOW_SECRET_KEY."""


def lock(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def unlock(locked: str) -> str:
    try:
        return _keys().decrypt(locked.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _keys() -> MultiFernet:
    """Under the newest key it is encrypted; the older ones still open what was."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    # Another purpose, another key: what signs sessions does not also encrypt.
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"winnow.secrecy")
    return base64.urlsafe_b64encode(made.derive(key.encode()))
