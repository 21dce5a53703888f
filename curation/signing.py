"""Signatures by which a receiver knows that we sent it: https://www.standardwebhooks.com.

No secret of a hook is kept: each follows from this installation's key and a salt in the
hook's row, so that a copy of the database signs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from django.conf import settings
from django.utils.crypto import salted_hmac

MARK = "whsec_"


def fresh_salt() -> str:
    return secrets.token_urlsafe(32)


def secret_of(salt: str) -> str:
    """What the receiver is given, once."""
    return MARK + base64.b64encode(_key(salt, settings.SECRET_KEY)).decode()


def headers(uid: str, at: int, body: bytes, *, salts: Iterable[str]) -> dict[str, str]:
    """With a signature for each salt and each key of ours: while a secret or the key of the
    installation is changed, what receivers have from before is good as well."""
    signed = b"%b.%d.%b" % (uid.encode(), at, body)
    ours = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [_key(salt, secret) for salt in salts for secret in ours]
    marks = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return {
        "webhook-id": uid,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(m).decode()}" for m in marks),
    }


def _key(salt: str, secret: str) -> bytes:
    made = salted_hmac("curation.signing", salt, secret=secret, algorithm="sha256")
    return made.digest()
