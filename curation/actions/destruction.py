"""What erasure destroys: the words of texts, talk, names, and files that have them.

What is left of a text is a tombstone: the row with its state, so that trees, ballots and
the lists of frozen versions still add up. What other rooms keep of it, drafts and samples,
they forget themselves: settings.FORGETTERS names who.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Cast
from django.utils.module_loading import import_string
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from curation import reach, stores
from curation.actions import conversations, echoes
from curation.actions.moves import State, move
from curation.models import (
    AccessToken,
    Ballot,
    Case,
    Comment,
    Contributor,
    Conversation,
    DatasetVersion,
    Decision,
    DeliveryTry,
    Erasure,
    Event,
    Export,
    Finding,
    Flag,
    GoldItem,
    GoldRanking,
    Invitation,
    KeptAnswer,
    Membership,
    Message,
    MessageSalt,
    Notification,
    Original,
    Profile,
    Review,
    SavedView,
    Sketch,
    Suspension,
    Tombstone,
)

ECHO = gettext_noop("A model made it of words that were erased.")
# Of an event: what says why in somebody's own words.
WORDS = ("why", "note", "text", "reason")
# Where people write about each other in passing.
WRITTEN: tuple[tuple[type[models.Model], str], ...] = (
    (Comment, "text"), (Review, "note"), (Ballot, "note"), (Flag, "note"),
    (Decision, "note"), (GoldItem, "why"), (GoldRanking, "why"),
    (Suspension, "reason"), (Message, "why"), (Export, "made_for"),
)  # fmt: skip
CLEAR = """
SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats
WHERE schemaname = current_schema() AND tablename = ANY(%s)
"""


# ---- texts -----------------------------------------------------------------------------
def destroy_texts(own: Sequence[int], *, asked: Erasure, by: Contributor) -> None:
    """Some texts of a person that are withdrawn already, what others made of their words,
    and what models answered below them. Curators look at what people answered."""
    theirs = reach.derived(own)
    by_models = reach.derived(reach.echoes(theirs))
    texts = sorted({*theirs, *by_models})
    _withdraw(by_models, by=by)
    echoes.ask_curators(theirs, besides=texts, by=by)  # it reads the words
    with _history_is_open():
        _empty(Event.objects.filter(subject_kind="message", subject_id__in=texts))
    # A receiver may say again what it was sent.
    DeliveryTry.objects.filter(
        delivery__event__subject_kind="message", delivery__event__subject_id__in=texts
    ).update(answer="")
    # A text that is hashed with a frozen record could be guessed, if it is short.
    MessageSalt.objects.filter(message__in=texts).delete()
    _leave_tombstones(texts, asked)
    _destroy_judgements(texts)
    shown = Message.objects.filter(pk__in=reach.under(texts))
    uids = list(shown.values_list("uid", flat=True))
    for forgetter in settings.FORGETTERS:
        import_string(forgetter)(person_id=asked.person_id, message_ids=texts, uids=uids)


def _withdraw(texts: Sequence[int], *, by: Contributor) -> None:
    found = Message.objects.filter(pk__in=texts).exclude(
        state__in=[State.WITHDRAWN, State.DRAFT]
    )
    trees = found.order_by("conversation").values_list("conversation", flat=True)
    for tree in trees.distinct():
        conversation = conversations.lock(tree)
        for message in found.filter(conversation=tree).select_related("parent"):
            message.conversation = conversation
            move(message, conversation, to=State.WITHDRAWN, by=by, why=ECHO)
        conversations.advance(conversation)


def _leave_tombstones(texts: Sequence[int], asked: Erasure) -> None:
    Tombstone.objects.bulk_create(
        (Tombstone(message_id=pk, erasure=asked) for pk in texts),
        ignore_conflicts=True,
        batch_size=1000,
    )
    messages = Message.objects.filter(pk__in=texts)
    # A draft was nobody's business but its author's: it is out of the way, too.
    messages.filter(state=State.DRAFT).update(state=State.WITHDRAWN, decided_at=now())
    messages.update(text=Tombstone.TEXT, context="", why="", source_key="")
    begun = Conversation.objects.filter(messages__in=texts, messages__parent=None)
    begun.update(prompt_key="", source_key="")
    Finding.objects.filter(message__in=texts).delete()
    Sketch.objects.filter(message__in=texts).delete()
    # What a file said of a whole row stands beside the first prompt in it.
    own = Original.objects.filter(message__in=texts)
    trees = list(own.values_list("message__conversation", flat=True))
    begun_there = Q(message__parent=None, message__conversation__in=trees)
    Original.objects.filter(Q(message__in=texts) | begun_there).delete()


def _destroy_judgements(texts: Sequence[int]) -> None:
    """Verdicts and orders stay, without their notes."""
    Review.objects.filter(message__in=texts).update(note="")
    Ballot.objects.filter(prompt__in=texts).update(note="")
    Flag.objects.filter(message__in=texts).update(note="")
    Decision.objects.filter(message__in=texts).update(note="")
    known = GoldItem.objects.filter(message__in=texts)
    known.filter(retired_at=None).update(retired_at=now())
    known.update(why="")
    orders = GoldRanking.objects.filter(
        Q(prompt__in=texts) | Q(answers__overlap=list(texts))
    )
    orders.filter(retired_at=None).update(retired_at=now())
    orders.update(why="")
    Case.objects.filter(message__in=texts).delete()
    Notification.objects.filter(message__in=texts).delete()
    _delete_comments(Comment.objects.filter(message__in=texts))


# ---- what they said elsewhere, and what was said of them ---------------------------------
def destroy_talk(person: Contributor) -> None:
    """Their notes, comments and views; and their name in what others said."""
    for forgetter in settings.FORGETTERS:
        import_string(forgetter)(person_id=person.pk, message_ids=[], uids=[])
    theirs = Review.objects.filter(reviewer=person).exclude(note="")
    # What a note said stands at the end of why a text was rejected, too.
    judged = list(theirs.values_list("message", flat=True))
    names = _names_of(person)
    _take_back_reasons(person)
    with _history_is_open():
        _empty(
            Event.objects.filter(
                Q(by=person)
                | Q(subject_kind="message", subject_id__in=judged)
                | Q(subject_kind="contributor", subject_id=person.pk)
            )
        )
        _empty(_naming(Event.objects.all(), "data", names), names)
        about = Q(by=person) | Q(subject_kind="contributor", subject_id=person.pk)
        seen = Event.objects.filter(about).exclude(from_where=None)
        seen.update(from_where=None)
    Message.objects.filter(pk__in=judged).update(why="")
    Notification.objects.filter(message__in=judged).update(data={})
    Review.objects.filter(reviewer=person).update(note="")
    Ballot.objects.filter(ranker=person).update(note="")
    Flag.objects.filter(by=person).update(note="")
    GoldItem.objects.filter(made_by=person).update(why="")
    GoldRanking.objects.filter(made_by=person).update(why="")
    Decision.objects.filter(by=person).update(note="")
    paused = Suspension.objects.filter(Q(person=person) | Q(by=person))
    told = Notification.objects.filter(kind=Notification.Kind.SUSPENDED)
    told.filter(person__in=paused.values("person")).delete()
    paused.update(reason=Tombstone.TEXT)
    _delete_comments(Comment.objects.filter(author=person))
    SavedView.objects.filter(owner=person).delete()
    for field in ("name", "query"):
        as_typed = [*names, *map(quote, names), *map(quote_plus, names)]
        _naming(SavedView.objects.all(), field, as_typed).delete()
    _cover_mentions(person)
    for model, field in WRITTEN:
        _cover(model, field, names)
    Notification.objects.filter(Q(person=person) | Q(by=person)).delete()
    _naming(Notification.objects.all(), "data", names).delete()


def _take_back_reasons(person: Contributor) -> None:
    """Why they held, released or moved other people's texts, as history has it."""
    lines = Event.objects.filter(by=person, subject_kind="message", data__has_key="why")
    for pk, why in lines.values_list("subject_id", "data__why").distinct().iterator():
        if why:
            Message.objects.filter(pk=pk, why=why).update(why="")
            about = Notification.objects.filter(message=pk, data__why=why)
            about.update(data={})


def _delete_comments(gone: models.QuerySet[Comment]) -> None:
    gone.filter(deleted_at=None).update(deleted_at=now())
    gone.update(text=Tombstone.TEXT)


def _names_of(person: Contributor) -> list[str]:
    """What cannot mean somebody else: the address, and a name of two words or more."""
    named = [person.email, person.name] if " " in person.name else [person.email]
    return [name for name in named if name]


def _naming(
    rows: models.QuerySet[Any], field: str, names: Sequence[str]
) -> models.QuerySet[Any]:
    found = Q(pk__in=[])
    for name in names:
        found |= Q(as_text__icontains=name)
    as_text = rows.annotate(as_text=Cast(field, models.TextField()))
    naming: models.QuerySet[Any] = as_text.filter(found)
    return naming


def _cover_mentions(person: Contributor) -> None:
    """Who is called by @name is meant, also where that is but one word."""
    names = [person.email.partition("@")[0], *person.name.split()]
    for said in Comment.objects.filter(mentions=person).exclude(text=Tombstone.TEXT):
        for name in [*_names_of(person), *filter(None, names)]:
            said.text = said.text.replace(name, "…")
        said.save(update_fields=["text"])
    Comment.mentions.through.objects.filter(contributor=person).delete()


def _cover(model: type[models.Model], field: str, names: Sequence[str]) -> None:
    pattern = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)
    rows = model._default_manager.all()
    for row in _naming(rows, field, names).only("pk", field).iterator():
        covered = pattern.sub("…", getattr(row, field))
        rows.filter(pk=row.pk).update(**{field: covered})


@contextmanager
def _history_is_open() -> Iterator[None]:
    """Lines of history stay; what they quote of somebody's words goes.

    Only this transaction may do so, and only to `data` and `from_where`: see the trigger.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('winnow.erasing', 'on', true)")
        yield
        cursor.execute("SELECT set_config('winnow.erasing', '', true)")


def _empty(lines: models.QuerySet[Any], names: Sequence[str] = ()) -> None:
    for line in Event.objects.filter(pk__in=lines.values("pk")).iterator():
        kept = {
            key: value
            for key, value in line.data.items()
            if key not in WORDS and not _names_one(value, names)
        }
        if kept != line.data:
            Event.objects.filter(pk=line.pk).update(data=kept)


def _names_one(value: object, names: Sequence[str]) -> bool:
    return any(name.lower() in str(value).lower() for name in names)


# ---- the account -------------------------------------------------------------------------
def take_off_name(person: Contributor) -> None:
    """The row itself comes last: whoever is just sending something has a lock on it."""
    email, names = person.email, _names_of(person)
    Profile.objects.filter(contributor=person).delete()
    Membership.objects.filter(contributor=person).delete()
    Case.objects.filter(assignee=person).delete()
    AccessToken.objects.filter(person=person).delete()  # named in words of their own
    Invitation.objects.filter(email__iexact=email).delete()
    KeptAnswer.objects.filter(person=person).delete()
    Authenticator.objects.filter(user=person).delete()
    SocialAccount.objects.filter(user=person).delete()
    EmailAddress.objects.filter(Q(user=person) | Q(email__iexact=email)).delete()
    LogEntry.objects.filter(user=person).delete()
    about = Q(content_type__model="contributor", object_id=str(person.pk))
    for name in names:
        about |= Q(object_repr__icontains=name) | Q(change_message__icontains=name)
    LogEntry.objects.filter(about).update(object_repr="", change_message="")
    if not email.endswith("@invalid"):
        person.email = f"erased-{uuid4().hex}@invalid"
    person.name = ""
    person.is_active, person.is_staff, person.is_superuser = False, False, False
    person.last_login = None
    person.set_unusable_password()
    person.save()


# ---- files, and what the database remembers of columns -----------------------------------
def destroy_files(versions: Iterable[DatasetVersion]) -> None:
    """What was written of these versions. It is made anew when it is asked for.

    Folders that a killed process left half-written go, too, whatever is in them. Refuses
    as Unavailable, after these, where files are kept elsewhere and nobody answers.
    """
    stores.forget_unfinished()
    for version in versions:
        stores.destroy(version.digest)


def forget_samples() -> None:
    """PostgreSQL keeps samples of columns for its planner; it takes new ones.

    Of a table that is empty now it would keep the old ones, so they are cleared before:
    that can be done from PostgreSQL 18 on.
    """
    tables = sorted(model._meta.db_table for model in apps.get_models())
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        if int(cursor.fetchone()[0]) >= 180_000:
            cursor.execute(CLEAR, [tables])
        cursor.execute(f"ANALYZE {', '.join(tables)}")
