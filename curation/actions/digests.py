"""News by mail: one letter with what a person has not read, as often as they want it."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import ngettext, override

from curation import news
from curation.actions import pulses
from curation.models import Contributor, Notification, Profile
from curation.models.notifications import NotificationQuerySet

logger = logging.getLogger(__name__)

Digest = Profile.Digest
# A little less than a day and a week, so that the hour does not wander.
EVERY = {
    Digest.DAILY: timedelta(hours=23, minutes=30),
    Digest.WEEKLY: timedelta(days=6, hours=23, minutes=30),
}
STALE_AFTER = timedelta(days=14)  # what nobody mailed by then is no news any more
LISTED_AT_MOST = 30


def send_due() -> int:
    """Send every letter that is due; return how many went out.

    A mail server that is away is tried again in an hour. A letter is marked once the server
    has taken it, under a lock: two senders at once send one. Only where the process dies
    between the server's yes and the mark does a person get it twice.
    """
    due = list(_due().values_list("pk", flat=True))
    if not due:
        return 0
    connection = get_connection()
    try:
        connection.open()
    except (SMTPException, OSError) as problem:
        logger.warning("the mail server did not answer, digests wait: %s", problem)
        return 0
    try:
        return sum(_try_to_send(person, connection) for person in due)
    finally:
        connection.close()


def _due() -> QuerySet[Contributor]:
    """People with unread news that no letter named, whose last one is long enough ago."""
    waits = Q(profile__digest_sent_at=None)
    for rhythm, pause in EVERY.items():
        before = now() - pause
        waits |= Q(profile__digest=rhythm, profile__digest_sent_at__lt=before)
    fresh = _fresh().filter(person=OuterRef("pk"))
    people = Contributor.objects.filter(Exists(fresh), waits, is_active=True)
    return people.exclude(profile__digest=Digest.NEVER).order_by("pk")


def _fresh() -> NotificationQuerySet:
    since = now() - STALE_AFTER
    return Notification.objects.filter(read_at=None, mailed_at=None, created_at__gte=since)


def _try_to_send(person_id: int, connection: BaseEmailBackend) -> bool:
    try:
        return _send(person_id, connection)
    except (SMTPException, OSError) as problem:
        logger.warning("no digest for person %s this time: %s", person_id, problem)
        # What the letter's way out noted was taken back with its transaction.
        pulses.feel(name=pulses.MAIL, problem=type(problem).__name__)
        return False


@transaction.atomic
def _send(person_id: int, connection: BaseEmailBackend) -> bool:
    """Lock, look once more whether it is due, send, and only then mark."""
    person = Contributor.objects.get(pk=person_id)
    Profile.objects.get_or_create(contributor=person)
    locked = Profile.objects.select_for_update(skip_locked=True, of=("self",))
    profile = locked.filter(pk=person_id).first()
    if profile is None or not _due().filter(pk=person_id).exists():
        return False
    notices = list(_fresh().filter(person=person).for_listing())
    _letter(person, profile, notices, connection).send()
    there = [notice.pk for notice in notices]
    Notification.objects.filter(pk__in=there).update(mailed_at=now())
    profile.digest_sent_at = now()
    profile.save(update_fields=["digest_sent_at"])
    return True


def _letter(
    person: Contributor,
    profile: Profile,
    notices: list[Notification],
    connection: BaseEmailBackend,
) -> EmailMultiAlternatives:
    """Plain text and HTML, in the person's language."""
    with override(profile.interface_language or settings.LANGUAGE_CODE):
        count = len(notices)
        subject = ngettext(
            "Winnow: %(count)d thing is new", "Winnow: %(count)d things are new", count
        ) % {"count": count}
        context = {
            "person": person,
            "items": [news.item(notice) for notice in notices[:LISTED_AT_MOST]],
            "more": max(0, count - LISTED_AT_MOST),
            "address": settings.ADDRESS,
        }
        letter = EmailMultiAlternatives(
            subject,
            render_to_string("curation/mail/digest.txt", context),
            to=[person.email],
            headers={
                "List-Unsubscribe": f"<{settings.ADDRESS}{reverse('curation:profile')}>",
                "Auto-Submitted": "auto-generated",
            },
            connection=connection,
        )
        html = render_to_string("curation/mail/digest.html", context)
    letter.attach_alternative(html, "text/html")
    return letter
