"""Who may still sign in with a password, where others vouch for people."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.actions.rights import require_admin
from curation.errors import CurationError
from curation.models import Contributor, Event, IdentityProvider, Instance

Of = Instance.Passwords
OPEN_NOTHING = gettext_lazy(
    "Passwords open nothing here any more: sign in as your company does."
)


def may_use(person: Contributor) -> bool:
    """Where no provider is on, everybody: nobody is to be shut out by a switch."""
    of = Instance.current().passwords_of
    if of == Of.EVERYBODY or (of == Of.ADMINS and person.is_staff):
        return True
    return not IdentityProvider.objects.filter(is_on=True).exists()


def may_be_made() -> bool:
    """Whether a new account would be of any use with nothing but a password."""
    return may_use(Contributor())


@transaction.atomic
def allow(*, of: str, by: Contributor) -> Instance:
    """Whoever switches them off for admins, too, must be able to come back without."""
    require_admin(by)
    if of not in Of.values:
        raise CurationError(_("Say who may sign in with a password."))
    providers = IdentityProvider.objects.filter(is_on=True).values("slug")
    if of != Of.EVERYBODY and not providers.exists():
        raise CurationError(_("Set up a provider first, and switch it on."))
    mine = SocialAccount.objects.filter(user=by, provider__in=providers)
    if of == Of.NOBODY and not mine.exists():
        said = _("Sign in by a provider yourself first, or you could not come back.")
        raise CurationError(said)
    instance, _new = Instance.objects.update_or_create(pk=1, defaults={"passwords_of": of})
    Event.objects.record("instance.passwords", instance, by=by, of=of)
    return instance
