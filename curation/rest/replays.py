"""The same request sent twice counts once: `Idempotency-Key`, as Stripe has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, cast

from django.db import IntegrityError, transaction
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from curation.models import Contributor, KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 200
Handler = Callable[..., HttpResponseBase]


class OtherRequest(APIException):
    status_code = 422
    default_code = "other_request"


class LengthMissing(APIException):
    status_code = HTTPStatus.LENGTH_REQUIRED
    default_code = "length_missing"


class Replays(APIView):
    """Answers a request again with what it was answered first, without doing it again.

    The key is kept in the transaction that does the work: whoever sends the same one
    meanwhile waits for it. A refusal keeps nothing, so that it can be sent again mended.
    """

    # False where the action has keys of its own, or keeps something when it refuses.
    replays: ClassVar[bool] = True
    # Then, the actions that look at the key themselves.
    keyed: ClassVar[tuple[str, ...]] = ()
    # Actions of many parts, each in a transaction of its own, which a key would make one.
    # Twice comes to the same as once.
    keyless: ClassVar[tuple[str, ...]] = ()

    @property
    def takes_keys(self) -> bool:
        """Whether a key counts for this action, if it writes. The schema asks."""
        return self._is_kept or self._action in self.keyed

    @property
    def _is_kept(self) -> bool:
        return self.replays and self._action not in self.keyless

    @property
    def _action(self) -> str:
        return getattr(self, "action", None) or ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        _refuse_chunks(request)
        method = (request.method or "").lower()
        is_writing = method.upper() not in SAFE_METHODS and hasattr(self, method)
        if self._is_kept and is_writing and (key := key_in(request)):
            # DRF looks its handler up after this.
            setattr(self, method, partial(_once, getattr(self, method), key))


def _refuse_chunks(request: Request) -> None:
    """Of a body without a length nothing is read: it would do as if nothing was sent."""
    if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
        raise LengthMissing(_("Send the body with its length, and not in chunks."))


def key_in(request: Request) -> str:
    """The request's idempotency key, or an empty text where it has none."""
    key: str = request.headers.get(HEADER, "")
    if len(key) > LONGEST or not key.isprintable():
        said = _("An idempotency key has at most %(n)d printable characters.")
        raise ParseError(said % {"n": LONGEST})
    return key


def _once(handler: Handler, key: str, request: Request, *args: Any, **kw: Any) -> Any:
    person = cast(Contributor, request.user)
    asked = _fingerprint(request)
    with transaction.atomic():
        try:
            with transaction.atomic():
                kept = KeptAnswer.objects.create(person=person, key=key, fingerprint=asked)
        except IntegrityError:
            return _again(KeptAnswer.objects.get(person=person, key=key), asked)
        response = handler(request, *args, **kw)
        if isinstance(response, Response):
            has_body = response.data is not None
            kept.body = JSONRenderer().render(response.data).decode() if has_body else ""
            kept.status = response.status_code
            kept.save(update_fields=["body", "status"])
    return response


def _again(kept: KeptAnswer, asked: str) -> HttpResponse:
    if kept.fingerprint != asked:
        raise OtherRequest(
            _("This idempotency key was used for another request. Make a new one.")
        )
    answer = HttpResponse(kept.body, content_type="application/json", status=kept.status)
    answer[REPLAYED] = "true"
    return answer


def _fingerprint(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, ensure_ascii=False, default=str)
    told = "\n".join([request.method or "", request.get_full_path(), body])
    return hashlib.sha256(told.encode()).hexdigest()
