"""Who is asking: the session and the account of a request, by one prepared statement."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, cast

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.timezone import now

from curation.models import Contributor, Session
from curation.prepared import Prepared

_session = Prepared(
    lambda key, at: Session.objects.filter(
        session_key=key, expire_date__gt=at
    ).select_related("person")
)
_account = Prepared(lambda pk: Contributor.objects.filter(pk=pk))
_came_along: ContextVar[Contributor | None] = ContextVar("came_along", default=None)


class SessionStore(db.SessionStore):
    """Sessions in the database, each with the account that it is for."""

    person: Contributor | None = None  # once it is loaded

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Any = super().create_model_instance(data)
        row.person_id = data.get(SESSION_KEY)
        return cast(Session, row)

    def _get_session_from_db(self) -> Session | None:
        found = _session.first(key=self.session_key, at=now())
        if found is None:
            self._session_key = None
        self.person = found.person if found is not None else None
        return found


class Accounts(AuthenticationBackend):  # type: ignore[misc]  # allauth is untyped
    """allauth's sign-in."""

    def get_user(self, user_id: int) -> Contributor | None:
        person = _came_along.get()
        if person is None or person.pk != user_id:
            person = _account.first(pk=user_id)
        return person if self.user_can_authenticate(person) else None


class AccountMiddleware(AuthenticationMiddleware):
    """Django's, with all that it checks; the account is the one read with the session."""

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _account_of(request))


def _account_of(request: HttpRequest) -> Any:
    session: Any = request.session
    is_signed_in = SESSION_KEY in session  # loads it
    token = _came_along.set(session.person if is_signed_in else None)
    try:
        return get_user(request)
    finally:
        _came_along.reset(token)
