"""What the API answers when a rule says no."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from curation.errors import CurationError, NotAllowed, Unavailable


def refusals_are_409(error: Exception, context: dict[str, Any]) -> Response | None:
    """Set as DRF's EXCEPTION_HANDLER, so no view needs a try block for a refusal."""
    if isinstance(error, CurationError):
        later = 503 if isinstance(error, Unavailable) else 409
        status = 403 if isinstance(error, NotAllowed) else later
        return Response({"detail": str(error)}, status=status)
    return exception_handler(error, context)
