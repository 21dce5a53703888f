"""Who is asking: each request's session and account, by prepared statements."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils.timezone import now

from curation.models import Contributor
from curation.prepared import Prepared

_session = Prepared(
    lambda key, at: Session.objects.filter(session_key=key, expire_date__gt=at)
)
_account = Prepared(lambda pk: Contributor.objects.filter(pk=pk))


class SessionStore(db.SessionStore):
    """Sessions as Django keeps them in the database."""

    def _get_session_from_db(self) -> Session | None:
        found = _session.first(key=self.session_key, at=now())
        if found is None:
            self._session_key = None
        return found


class Accounts(AuthenticationBackend):  # type: ignore[misc]  # allauth is untyped
    """allauth's sign-in."""

    def get_user(self, user_id: int) -> Contributor | None:
        person = _account.first(pk=user_id)
        return person if self.user_can_authenticate(person) else None
