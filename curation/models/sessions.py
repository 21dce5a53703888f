"""Browsers that are signed in, and as whom."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """As Django keeps it, with the account beside it: who is asking is one query."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="+",
    )

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"session_key", "session_data", "expire_date", "person"}
