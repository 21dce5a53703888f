"""Letters go out through here, so that somebody notices when they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

from curation.actions import pulses

LOGGED = "django.core.mail.backends.console.EmailBackend"


def is_logged() -> bool:
    """Without a mail server letters stand in the log of the web process, and go nowhere."""
    return bool(settings.EMAIL_BACKEND == LOGGED)


class Backend(smtp.EmailBackend):
    """Django's, which notes what came of it: see health/upkeep.py."""

    def open(self) -> bool | None:
        with noticed():
            return super().open()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with noticed():
            sent = super().send_messages(email_messages)
        if sent:
            pulses.feel(name=pulses.MAIL)
        return sent


@contextmanager
def noticed() -> Iterator[None]:
    try:
        yield
    except (SMTPException, OSError) as problem:
        pulses.feel(name=pulses.MAIL, problem=type(problem).__name__)
        raise
