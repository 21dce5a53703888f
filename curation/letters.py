"""Mail that somebody causes at this moment, and waits for."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from curation.models import Invitation

logger = logging.getLogger(__name__)


def link_of(token: str) -> str:
    return f"{settings.ADDRESS}{reverse('curation:invited', args=[token])}"


def send_invitation(invitation: Invitation, token: str) -> bool:
    """Whether the mail server took it. In the language of who invites."""
    subject = _("%(name)s invites you to Winnow") % {"name": invitation.invited_by}
    context = {"invitation": invitation, "link": link_of(token)}
    letter = EmailMessage(
        subject,
        render_to_string("curation/mail/invitation.txt", context),
        to=[invitation.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        return bool(letter.send())
    except (SMTPException, OSError) as problem:
        logger.warning("Invitation %s was not sent: %s", invitation.pk, problem)
        return False
