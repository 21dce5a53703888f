"""Who is asking: the session and the account of a request, by one prepared statement."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject
from django.utils.timezone import now

from curation.models import Contributor, Session
from curation.prepared import Prepared
from curation.second_step import is_owed
from curation.whereabouts import address_of, agent_of

State = Session.State
# How long a key that was exchanged for another serves requests that were under way.
# Minutes, not moments: an answer with the new key may never arrive.
GRACE = timedelta(minutes=5)

_session = Prepared(
    lambda key, at: (
        Session.objects.filter(session_key=key, expire_date__gt=at)
        .select_related("person")
        .annotate(owes_second_step=is_owed())
    )
)
_account = Prepared(lambda pk: Contributor.objects.filter(pk=pk))
_came_along: ContextVar[Contributor | None] = ContextVar("came_along", default=None)


class Whence(NamedTuple):
    """Where a browser is, and what it calls itself."""

    address: str | None
    agent: str


class SessionStore(db.SessionStore):
    """Sessions in the database, each with the account that it is for."""

    row: Session | None = None  # once it is loaded
    left: str | None = None  # a key that another request exchanged while this one ran
    whence: Callable[[], Whence] = staticmethod(lambda: Whence(None, ""))
    _since: datetime | None = None  # of a key that takes another's place

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    @property
    def person(self) -> Contributor | None:
        return self.row.person if self.row is not None else None

    @property
    def owes_second_step(self) -> bool:
        """Whether the person must set up a second step before they go on."""
        return SESSION_KEY in self and bool(getattr(self.row, "owes_second_step", False))

    def renew(self) -> None:
        """Another key for the same browser, whose rights are others now."""
        mine = Session.objects.filter(session_key=self.session_key)
        ending = {"state": State.LEFT, "expire_date": now() + GRACE}
        if not mine.exclude(state=State.LEFT).update(**ending):
            return  # another request of this browser was first
        data, row = dict(self.items()), self.row
        self._since = row.since if row is not None else None
        self.create()
        self.update(data)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Any = super().create_model_instance(data)
        row.person_id = data.get(SESSION_KEY)
        row.address, row.agent = self.whence()
        row.since = self._since or row.since
        return cast(Session, row)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002
        """What is noted beside the data of a session stays as it is."""
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        data = dict(self.items())
        mine = Session.objects.filter(session_key=self.session_key)
        kept = {"session_data": self.encode(data), "person": data.get(SESSION_KEY)}
        if mine.exclude(state=State.LEFT).update(
            **kept, expire_date=self.get_expiry_date()
        ):
            return
        if not mine.update(**kept):
            raise UpdateError
        self.left = self.session_key

    def _get_session_from_db(self) -> Session | None:
        self.row = _session.first(key=self.session_key, at=now())
        if self.row is None:
            self._session_key = None
        return self.row


class Accounts(AuthenticationBackend):  # type: ignore[misc]  # allauth is untyped
    """allauth's sign-in."""

    def get_user(self, user_id: int) -> Contributor | None:
        person = _came_along.get()
        if person is None or person.pk != user_id:
            person = _account.first(pk=user_id)
        return person if self.user_can_authenticate(person) else None


class KeyMiddleware(SessionMiddleware):
    """Django's, which sends the key that a request came with after each change: here never
    one that was exchanged meanwhile, or the browser would go back to it."""

    def process_response(self, request: Any, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        key = request.session.session_key
        if key is not None and key == request.session.left:
            response.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        return response


class AccountMiddleware(AuthenticationMiddleware):
    """Django's, with all that it checks; the account is the one read with the session."""

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _account_of(request))
        request.session.whence = lambda: whence(request)

    def process_response(
        self, request: Any, response: HttpResponseBase
    ) -> HttpResponseBase:
        session = request.session
        row = session.row
        if row is None or row.person_id is None or session.session_key != row.session_key:
            return response  # nobody, or a session that is new
        if row.state == State.DUE:
            if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                session.renew()  # else Django sends no cookie, and the new key with none
        elif row.seen_at < now() - Session.NOTED_EVERY:
            _note(row, whence(request))
        return response


def whence(request: HttpRequest) -> Whence:
    return Whence(address_of(request), agent_of(request))


def _note(row: Session, seen: Whence) -> None:
    noted = {"seen_at": now(), "address": seen.address, "agent": seen.agent}
    Session.objects.filter(session_key=row.session_key).update(**noted)


def _account_of(request: HttpRequest) -> Any:
    session: Any = request.session
    is_signed_in = SESSION_KEY in session  # loads it
    token = _came_along.set(session.person if is_signed_in else None)
    try:
        return get_user(request)
    finally:
        _came_along.reset(token)
