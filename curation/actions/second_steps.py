"""A second step at sign-in: of whom it is wanted, and what becomes of a lost one."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions import sessions
from curation.actions.rights import require_admin
from curation.errors import CurationError, NotAllowed
from curation.models import Contributor, Event, Instance


@transaction.atomic
def want(*, of: str, by: Contributor) -> Instance:
    """From the next page on, those who have none set one up before they go on."""
    require_admin(by)
    if of not in Instance.SecondStep.values:
        raise CurationError(_("Say of whom a second step is wanted."))
    instance, _new = Instance.objects.update_or_create(
        pk=1, defaults={"second_step_of": of}
    )
    Event.objects.record("instance.second_step", instance, by=by, of=of)
    return instance


@transaction.atomic
def take_off(*, person: Contributor, by: Contributor) -> None:
    """Their password opens the account alone again: a telephone or a key is lost.

    Whoever is signed in as them is signed out.
    """
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can take a second step off an account."))
    if person.pk == by.pk:
        raise CurationError(_("Your own you change under Profile."))
    deleted, _kinds = Authenticator.objects.filter(user=person).delete()
    if not deleted:
        raise CurationError(_("%(person)s has no second step.") % {"person": person})
    Event.objects.record("second_step.taken_off", person, by=by)
    sessions.end_all(person=person, by=by)
