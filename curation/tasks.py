"""What the record does by itself; the beat table says when."""

from __future__ import annotations

from django.conf import settings

from curation.actions import digests
from curation.background import background_task


@background_task()
def send_digests() -> None:
    """Only where there is a mail server: the log is no place for people's news."""
    if settings.EMAIL_HOST:
        digests.send_due()
