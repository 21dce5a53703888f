"""What must be done again and again: mail goes out, versions are compared, backups made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation import saml_metadata
from curation.actions.pulses import BACKUP, MAIL, VERSION
from curation.health.vitals import State, Vital
from curation.models import DatasetVersion, IdentityProvider, Pulse

BACKUP_OLD, BACKUP_TOO_OLD = timedelta(days=2), timedelta(days=7)
UNASKED = timedelta(days=1)  # a night's maintenance over there is none of ours
NAMED = 5


def mail() -> Iterator[Vital]:
    label = _("Mail")
    if not settings.EMAIL_HOST:
        said = _("No mail server is named: news, invitations and new passwords stay here.")
        advice = _("Set WINNOW_EMAIL_HOST and what belongs to it, and start Winnow again.")
        state = State.WELL if settings.LOCAL else State.LOOK
        yield Vital(MAIL, label, state, said, "" if settings.LOCAL else advice)
        return
    pulse = _pulse(MAIL)
    if pulse is None:
        said = _("Nothing has been sent yet.")
        yield Vital(MAIL, label, State.WELL, said)
    elif pulse.problem:
        there = {"host": settings.EMAIL_HOST, "problem": pulse.problem}
        there["ago"] = timesince(pulse.tried_at)
        said = _("%(host)s did not take a letter %(ago)s ago (%(problem)s).") % there
        advice = _(
            "Look whether it is up, and whether WINNOW_EMAIL_PORT, _USER, _PASSWORD and "
            "_TLS are what it wants. News is tried again each hour; other letters are not."
        )
        yield Vital(MAIL, label, State.NOT_WELL, said, advice)
    else:
        said = _("The last letter went out %(ago)s ago.") % {
            "ago": timesince(pulse.tried_at)
        }
        yield Vital(MAIL, label, State.WELL, said)


def versions() -> Iterator[Vital]:
    """As `curation.tasks.verify_versions` found them, an old one a while ago."""
    label = _("Versions")
    looked = Pulse.objects.filter(name__startswith=VERSION)
    spoiled = [pulse.name for pulse in looked.exclude(problem="").order_by("pk")]
    there, compared = DatasetVersion.objects.count(), looked.count()
    if spoiled:
        ids = [int(name.removeprefix(VERSION)) for name in spoiled]
        found = DatasetVersion.objects.filter(pk__in=ids).select_related("dataset")
        names = [f"{one.dataset.slug} {one.number}" for one in found[:NAMED]]
        said = ngettext(
            "%(count)d version is not what was frozen: %(names)s.",
            "%(count)d versions are not what was frozen: %(names)s.",
            len(ids),
        ) % {"count": len(ids), "names": ", ".join(names)}
        advice = _(
            "Somebody changed the database by hand, or it is damaged. This says what "
            "differs; bring the rows back from a backup:"
        )
        command = f"python manage.py verify_version {names[0] if names else ''}".rstrip()
        yield Vital("versions", label, State.NOT_WELL, said, advice, command)
    elif not there:
        yield Vital("versions", label, State.WELL, _("There is none yet."))
    else:
        said = _("%(compared)s of %(there)s were compared with their digests: all match.")
        told = said % {"compared": min(compared, there), "there": there}
        yield Vital("versions", label, State.WELL, told)


def backups() -> Iterator[Vital]:
    label = _("Backups")
    pulse = _pulse(BACKUP)
    advice = _("Make one each day, and try now and then whether it can be restored:")
    command = "python manage.py backup FOLDER"
    if pulse is None or pulse.done_at is None:
        said = _("Winnow knows of none.")
        state = State.WELL if settings.LOCAL else State.LOOK
        yield Vital(BACKUP, label, state, said, advice, command)
        return
    said = _("The last one was made %(ago)s ago.") % {"ago": timesince(pulse.done_at)}
    age = now() - pulse.done_at
    if age < BACKUP_OLD and not pulse.problem:
        yield Vital(BACKUP, label, State.WELL, said)
        return
    if pulse.problem:
        said += " " + _("The next one failed: %(problem)s.") % {"problem": pulse.problem}
    state = State.NOT_WELL if age > BACKUP_TOO_OLD else State.LOOK
    yield Vital(BACKUP, label, state, said, advice, command)


def identity_providers() -> Iterator[Vital]:
    """Whether metadata can be read, and asked for again where it stands at an address."""
    on = list(IdentityProvider.objects.filter(is_on=True).order_by("unasked_since", "pk"))
    label = _("Who else vouches for people")
    if unread := [one for one in on if saml_metadata.is_unread(one)]:
        said = _("What is kept about %(name)s cannot be read: nobody signs in by it.")
        told = [said % {"name": one} for one in unread[:NAMED]]
        advice = _("Enter its metadata anew under Settings, How people sign in.")
        yield Vital("identity_providers", label, State.NOT_WELL, " ".join(told), advice)
        return
    asked = [one for one in on if one.metadata_url]
    if not asked:
        return
    silent = [
        (one, one.unasked_since)
        for one in asked
        if one.unasked_since and one.unasked_since < now() - UNASKED
    ]
    if not silent:
        said = _("Their metadata can be asked for again.")
        yield Vital("identity_providers", label, State.WELL, said)
        return
    said = _("The metadata of %(name)s could not be renewed for %(ago)s: %(why)s")
    told = [
        said % {"name": one, "ago": timesince(since), "why": one.unasked}
        for one, since in silent[:NAMED]
    ]
    advice = _(
        "Nobody signs in by it any more once it exchanges its keys. Under Settings, How "
        "people sign in, ask it who it is, and enter where its metadata stands now."
    )
    yield Vital("identity_providers", label, State.LOOK, " ".join(told), advice)


def _pulse(name: str) -> Pulse | None:
    return Pulse.objects.filter(name=name).first()
