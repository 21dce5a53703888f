"""A person's words are destroyed and their name is taken off; what others did stays.

What is left of a text is a tombstone: the row with its state, so that trees, ballots and
the lists of frozen versions still add up. What other rooms keep of it, drafts and samples,
they forget themselves: settings.FORGETTERS names who.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import reach
from curation.actions import withdrawals
from curation.actions.moves import State
from curation.errors import CurationError, NotAllowed
from curation.models import (
    Ballot,
    Case,
    Comment,
    Contributor,
    Conversation,
    DatasetVersion,
    Decision,
    Erasure,
    Event,
    Finding,
    Flag,
    GoldItem,
    Membership,
    Message,
    MessageSalt,
    Notification,
    Profile,
    Review,
    SavedView,
    Session,
    Sketch,
    Suspension,
    Tombstone,
    Withdrawal,
)

# Of an event: what says why in somebody's own words.
WORDS = ("why", "note", "text", "reason")


@transaction.atomic
def ask(*, by: Contributor) -> Erasure:
    """A person wants to be erased. They take their texts back at once; an admin destroys
    them, as this cannot be undone."""
    asked, is_new = Erasure.objects.get_or_create(person=by, defaults={"asked_by": by})
    if not is_new:
        return asked
    Event.objects.record("erasure.asked", asked, by=by)
    waiting = Withdrawal.objects.filter(person=by, state=Withdrawal.State.QUEUED)
    if not waiting.exists():
        withdrawals.take_back_all(person=by, dataset=None, by=by)
    return asked


def erase(*, person_id: int, by: Contributor) -> Erasure:
    """Destroy all words of a person and their name. Doing it again finishes what failed.

    Their texts are withdrawn first, a handful in a transaction; then all that is theirs
    goes in one. Files of versions go last: they are written anew, without these texts.
    """
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can erase a person."))
    if person_id == by.pk:
        raise CurationError(_("You cannot erase yourself: ask another admin."))
    person = Contributor.objects.get(pk=person_id)
    asked, _is_new = Erasure.objects.get_or_create(person=person, defaults={"asked_by": by})
    _withdraw_all(person, by)
    done = _destroy(asked, person, by)
    _destroy_files(reach.versions_holding(_texts_of(asked)))
    return done


def _withdraw_all(person: Contributor, by: Contributor) -> None:
    waiting = Withdrawal.objects.filter(person=person, state=Withdrawal.State.QUEUED)
    before = waiting.values_list("pk", flat=True).first()
    if before is not None:
        withdrawals.carry_on(before)
    asked = withdrawals.take_back_all(person=person, dataset=None, by=by)
    withdrawals.carry_on(asked.pk)


@transaction.atomic
def _destroy(asked: Erasure, person: Contributor, by: Contributor) -> Erasure:
    asked = Erasure.objects.select_for_update().get(pk=asked.pk)
    person = Contributor.objects.select_for_update().get(pk=person.pk)
    name, email = person.name, person.email
    own = Message.objects.filter(author=person).values_list("pk", flat=True)
    texts = reach.derived(own)
    _empty_history(person, texts)  # it looks for the words, so it comes first
    _destroy_salts(texts)
    _destroy_texts(texts, asked)
    _destroy_judgements(person, texts)
    _destroy_talk(person, texts, names=[email, email.partition("@")[0], name])
    shown = Message.objects.filter(pk__in=reach.under(texts))
    uids = list(shown.values_list("uid", flat=True))
    for forgetter in settings.FORGETTERS:
        import_string(forgetter)(person_id=person.pk, message_ids=texts, uids=uids)
    _take_off_name(person, email)
    asked.texts, asked.done_by, asked.done_at = len(texts), by, now()
    asked.versions = len(reach.versions_holding(texts))
    asked.save(update_fields=["texts", "versions", "done_by", "done_at"])
    Event.objects.record("person.erased", asked, by=by, texts=len(texts))
    return asked


def _destroy_salts(message_ids: Sequence[int]) -> None:
    """What is hashed with a frozen record goes, too: a short text could be guessed."""
    MessageSalt.objects.filter(message__in=message_ids).delete()


def _texts_of(asked: Erasure) -> list[int]:
    return list(asked.tombstones.values_list("message", flat=True))


def _destroy_texts(texts: Sequence[int], asked: Erasure) -> None:
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


def _destroy_judgements(person: Contributor, texts: Sequence[int]) -> None:
    """Verdicts and orders stay, without whose they are and without their notes."""
    theirs = Review.objects.filter(reviewer=person).exclude(note="")
    # What a note said stands at the end of why a text was rejected, too.
    judged = list(theirs.values_list("message", flat=True))
    Message.objects.filter(pk__in=judged).update(why="")
    about = Notification.objects.filter(message__in=judged)
    about.update(data={})
    Review.objects.filter(Q(reviewer=person) | Q(message__in=texts)).update(note="")
    Ballot.objects.filter(Q(ranker=person) | Q(prompt__in=texts)).update(note="")
    Flag.objects.filter(Q(by=person) | Q(message__in=texts)).update(note="")
    known = GoldItem.objects.filter(message__in=texts)
    known.filter(retired_at=None).update(retired_at=now())
    GoldItem.objects.filter(Q(made_by=person) | Q(message__in=texts)).update(why="")
    Decision.objects.filter(Q(by=person) | Q(message__in=texts)).update(note="")
    paused = Suspension.objects.filter(Q(person=person) | Q(by=person))
    paused.update(reason=Tombstone.TEXT)


def _destroy_talk(person: Contributor, texts: Sequence[int], names: list[str]) -> None:
    """Their comments, those on their texts, and their name in what others said."""
    gone = Comment.objects.filter(Q(author=person) | Q(message__in=texts))
    gone.filter(deleted_at=None).update(deleted_at=now())
    gone.update(text=Tombstone.TEXT)
    for said in Comment.objects.filter(mentions=person).exclude(text=Tombstone.TEXT):
        for named in filter(None, [*names, *names[-1].split()]):
            said.text = said.text.replace(named, "…")
        said.save(update_fields=["text"])
    Comment.mentions.through.objects.filter(contributor=person).delete()
    news = Notification.objects.filter(
        Q(person=person) | Q(by=person) | Q(message__in=texts)
    )
    news.delete()


def _empty_history(person: Contributor, texts: Sequence[int]) -> None:
    """Lines of history stay; what they quote of somebody's words goes.

    Only this transaction may do so, and only to `data`: see migration 0007.
    """
    judged = Review.objects.filter(reviewer=person).exclude(note="").values("message")
    lines = Event.objects.filter(
        Q(by=person)
        | Q(subject_kind="message", subject_id__in=judged)
        | Q(subject_kind="contributor", subject_id=person.pk)
        | Q(subject_kind="message", subject_id__in=texts)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('winnow.erasing', 'on', true)")
        for line in lines.filter(data__has_any_keys=WORDS).iterator():
            kept = {key: value for key, value in line.data.items() if key not in WORDS}
            Event.objects.filter(pk=line.pk).update(data=kept)
        cursor.execute("SELECT set_config('winnow.erasing', '', true)")


def _take_off_name(person: Contributor, email: str) -> None:
    Profile.objects.filter(contributor=person).delete()
    Membership.objects.filter(contributor=person).delete()
    SavedView.objects.filter(owner=person).delete()
    Case.objects.filter(assignee=person).delete()
    EmailAddress.objects.filter(Q(user=person) | Q(email__iexact=email)).delete()
    LogEntry.objects.filter(Q(user=person)).delete()
    about = LogEntry.objects.filter(content_type__model="contributor", object_id=person.pk)
    about.update(object_repr="", change_message="")
    person.email, person.name = f"erased-{uuid4().hex}@invalid", ""
    person.is_active, person.is_staff, person.is_superuser = False, False, False
    person.last_login = None
    person.set_unusable_password()
    person.save()
    Session.objects.filter(person=person).delete()


def _destroy_files(versions: Iterable[DatasetVersion]) -> None:
    """What was written of these versions on disk. It is made anew when it is asked for."""
    for version in versions:
        shutil.rmtree(Path(settings.VERSIONS_DIR) / version.digest, ignore_errors=True)
