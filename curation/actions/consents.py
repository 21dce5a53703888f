"""Terms are written by admins, and agreed to by people: a ledger of lines."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction
from django.utils.translation import gettext as _

from curation.errors import CurationError, NotAllowed
from curation.models import Consent, Contributor, Dataset, Event, Terms
from curation.prepared import Prepared

_unanswered = Prepared(
    lambda person, dataset: (
        Terms.objects.unanswered(person=person, dataset=dataset)
        .select_related("dataset")
        .order_by("pk")
    )
)


def unanswered(person: Contributor, dataset_id: int) -> list[Terms]:
    """What the person is to agree to before they work there. Causes a query."""
    return _unanswered(person=person.pk, dataset=dataset_id)


@transaction.atomic
def publish(
    *,
    dataset: Dataset | None,
    text: str,
    licence: str,
    uses: Iterable[str],
    by: Contributor,
) -> Terms:
    """A new version of the terms of a dataset, or, with None, of the installation.

    Everybody is asked anew before their next task. What was agreed to before stays in the
    ledger as it was.
    """
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can write terms."))
    wanted = [use for use in Terms.Use.values if use in set(uses)]
    if not text.strip() or not licence.strip():
        raise CurationError(_("Terms need a text and a licence."))
    if not wanted:
        raise CurationError(_("Terms allow at least one use of the texts."))
    with connection.cursor() as cursor:  # numbers count up, one at a time
        cursor.execute("LOCK TABLE curation_terms IN SHARE ROW EXCLUSIVE MODE")
    newest = Terms.objects.filter(dataset=dataset).order_by("-number").first()
    facts = {"text": text, "licence": licence.strip(), "uses": wanted}
    if newest and all(getattr(newest, name) == value for name, value in facts.items()):
        return newest
    number = newest.number + 1 if newest else 1
    terms = Terms.objects.create(dataset=dataset, number=number, created_by=by, **facts)
    Event.objects.record("terms.published", terms, by=by, dataset=dataset, number=number)
    return terms


@transaction.atomic
def agree(*, terms_ids: Iterable[int], by: Contributor) -> list[Consent]:
    """Enter that the person agrees. Agreeing twice to the same terms is agreeing once."""
    # One line after the other; who is just sending something need not wait.
    Contributor.objects.select_for_update(no_key=True).get(pk=by.pk)
    wanted = Terms.objects.in_force().filter(pk__in=list(terms_ids)).order_by("pk")
    given = [terms for terms in wanted if not _has_agreed(by, terms)]
    return [_enter(terms, Consent.Act.GIVEN, by=by) for terms in given]


@transaction.atomic
def take_back(*, person: Contributor, dataset: Dataset | None, by: Contributor) -> int:
    """Enter that the person does not agree any more: to a dataset's terms, or to any.

    Their next task asks them anew. Return how many lines that made. What they wrote goes
    with it: see withdrawals.py, which calls this.
    """
    Contributor.objects.select_for_update(no_key=True).get(pk=person.pk)
    given = Consent.objects.in_force().filter(contributor=person).select_related("terms")
    if dataset is not None:
        given = given.filter(terms__dataset=dataset)
    lines = [
        _enter(one.terms, Consent.Act.WITHDRAWN, by=by, person=person)
        for one in given.order_by("pk")
    ]
    return len(lines)


def _has_agreed(person: Contributor, terms: Terms) -> bool:
    return Consent.objects.in_force().filter(contributor=person, terms=terms).exists()


def _enter(
    terms: Terms, act: str, *, by: Contributor, person: Contributor | None = None
) -> Consent:
    line = Consent.objects.create(contributor=person or by, terms=terms, act=act)
    dataset = terms.dataset
    Event.objects.record(f"consent.{act}", line, by=by, dataset=dataset, terms=terms.pk)
    return line
