"""Campaigns: their shape, rules, guideline and categories."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import conversations
from curation.actions.rights import require
from curation.aggregate import demand
from curation.clean import checks
from curation.errors import CurationError, NotAllowed
from curation.models import Category, Contributor, Dataset, Event, Guideline, Policy

# Rules from which actions/turns.py and aggregate/demand.py tell what is wanted.
DECIDES_DEMAND = {*demand.Rules._fields, "adjudicates", "improve_below"}

Checked = TypeVar("Checked", Category, Dataset, Policy)


@transaction.atomic
def create(
    *,
    slug: str,
    title: str,
    shape: str,
    by: Contributor,
    guideline: str = "",
    policy: dict[str, Any] | None = None,
    **fields: Any,
) -> Dataset:
    """A dataset with its policy and first guideline, ready to take work."""
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can start a dataset."))
    dataset = Dataset(slug=slug, title=title, shape=shape, **fields)
    _cleaned(dataset).save()
    _cleaned(Policy(dataset=dataset, **(policy or {}))).save()
    Event.objects.record("dataset.created", dataset, by=by, dataset=dataset)
    if guideline:
        publish_guideline(dataset=dataset, text=guideline, by=by)
    return dataset


@transaction.atomic
def change(*, dataset_id: int, by: Contributor, **fields: Any) -> Dataset:
    """What people read of it, and its languages. Slug, shape and licence stay."""
    dataset = Dataset.objects.select_for_update().get(pk=dataset_id)
    require(by, dataset)
    before = {name: getattr(dataset, name) for name in fields}
    for name, value in fields.items():
        setattr(dataset, name, value)
    _cleaned(dataset).save(update_fields=list(fields))
    Event.objects.record(
        "dataset.changed", dataset, by=by, dataset=dataset, before=before, after=fields
    )
    return dataset


@transaction.atomic
def archive(*, dataset_id: int, is_archived: bool, by: Contributor) -> Dataset:
    """Nobody is given work of it any more, or they are again. What is there stays."""
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can put a dataset away."))
    dataset = Dataset.objects.select_for_update().get(pk=dataset_id)
    if is_archived != (dataset.archived_at is not None):
        dataset.archived_at = now() if is_archived else None
        dataset.save(update_fields=["archived_at"])
        kind = "dataset.archived" if is_archived else "dataset.reopened"
        Event.objects.record(kind, dataset, by=by, dataset=dataset)
    return dataset


@transaction.atomic
def publish_guideline(
    *, dataset: Dataset, text: str, by: Contributor, based_on: int | None = None
) -> Guideline:
    """A new version; what was judged before keeps the version it was judged under.

    Refused where it was written on another version than the newest.
    """
    require(by, dataset)
    if not text.strip():
        raise CurationError(_("A guideline needs some text."))
    Dataset.objects.select_for_update().get(
        pk=dataset.pk
    )  # numbers count up, one at a time
    newest = dataset.guideline_in_force()
    if newest is not None and newest.text == text:
        return newest
    if newest is not None and based_on not in (None, newest.number):
        said = _(
            "Version %(number)s was published while you were writing. Compare your "
            "text with it, then publish once more."
        )
        raise CurationError(said % {"number": newest.number})
    guideline = Guideline.objects.create(
        dataset=dataset, number=newest.number + 1 if newest else 1, text=text, created_by=by
    )
    Event.objects.record(
        "guideline.published", guideline, by=by, dataset=dataset, number=guideline.number
    )
    return guideline


@transaction.atomic
def set_policy(*, dataset: Dataset, by: Contributor, **rules: Any) -> Policy:
    """What conversations want is looked at again where a rule that decides it changed.

    That costs a query or two per hundreds of conversations, which wait for it.
    """
    require(by, dataset)
    policy = Policy.objects.select_for_update().get(dataset=dataset)
    if (
        unknown := rules.get("checks", {}).keys()
        - checks.CHECKS.keys()
        - policy.checks.keys()
    ):
        raise CurationError(_("There is no check “%(name)s”.") % {"name": min(unknown)})
    before = {name: getattr(policy, name) for name in rules}
    for name, value in rules.items():
        setattr(policy, name, value)
    _cleaned(policy).save()
    Event.objects.record(
        "policy.changed", policy, by=by, dataset=dataset, before=before, after=rules
    )
    changed = {name for name, value in before.items() if getattr(policy, name) != value}
    if changed & DECIDES_DEMAND:
        conversations.look_again(dataset)
    return policy


@transaction.atomic
def add_categories(
    *, dataset: Dataset, categories: Iterable[dict[str, Any]], by: Contributor
) -> list[Category]:
    """Those that are not there yet, by slug."""
    require(by, dataset)
    added = []
    for fields in categories:
        category, is_new = Category.objects.get_or_create(
            dataset=dataset, slug=fields["slug"], defaults=fields
        )
        if is_new:
            added.append(category)
            Event.objects.record(
                "category.added", category, by=by, dataset=dataset, slug=category.slug
            )
    return added


@transaction.atomic
def change_category(*, category_id: int, by: Contributor, **fields: Any) -> Category:
    """A new brief or target. The slug stays: recipes and frozen versions name it."""
    category = Category.objects.select_related("dataset").get(pk=category_id)
    require(by, category.dataset)
    before = {name: getattr(category, name) for name in fields}
    for name, value in fields.items():
        setattr(category, name, value)
    _cleaned(category).save(update_fields=list(fields))
    changed = {"before": before, "after": fields}
    Event.objects.record(
        "category.changed", category, by=by, dataset=category.dataset, **changed
    )
    return category


def _cleaned(thing: Checked) -> Checked:
    """Field errors as one refusal: whoever asked, a form or a command, can show it."""
    try:
        thing.full_clean()
    except ValidationError as error:
        raise CurationError(" ".join(error.messages)) from error
    return thing
