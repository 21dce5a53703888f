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

from django.utils.crypto import salted_hmac

MARK = "whsec_"


def fresh_salt() -> str:
    return secrets.token_urlsafe(32)


def secret_of(salt: str) -> str:
    """What the receiver is given, once."""
    return MARK + base64.b64encode(_key(salt)).decode()


def headers(uid: str, at: int, body: bytes, *, salts: Iterable[str]) -> dict[str, str]:
    """With a signature for each salt: while a secret is changed, both are good."""
    signed = b"%b.%d.%b" % (uid.encode(), at, body)
    marks = [hmac.new(_key(salt), signed, hashlib.sha256).digest() for salt in salts]
    return {
        "webhook-id": uid,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(m).decode()}" for m in marks),
    }


def _key(salt: str) -> bytes:
    return salted_hmac("curation.signing", salt, algorithm="sha256").digest()
