"""People say who they are and how they want to work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from curation.models import Contributor, Event, Profile

FIELDS = (
    "languages", "topics", "expertise", "interface_language", "on_leaderboard", "digest",
)  # fmt: skip


@transaction.atomic
def save(*, by: Contributor, fields: Mapping[str, Any]) -> Profile:
    """Store a person's own profile: `name`, `categories` and any of FIELDS."""
    profile = _mine(by)
    given = {name: fields[name] for name in FIELDS if name in fields}
    changed = [name for name, value in given.items() if getattr(profile, name) != value]
    for name, value in given.items():
        setattr(profile, name, value)
    profile.save(update_fields=list(given))
    if "categories" in fields:
        chosen = {category.pk for category in fields["categories"]}
        if chosen != set(profile.categories.values_list("pk", flat=True)):
            profile.categories.set(chosen)
            changed.append("categories")
    if fields.get("name", by.name) != by.name:
        by.name = fields["name"]
        by.save(update_fields=["name"])
        changed.append("name")
    if changed:
        # Which fields, not what was in them: history is never forgotten.
        Event.objects.record("profile.saved", profile, by=by, changed=sorted(changed))
    return profile


@transaction.atomic
def introduce(*, by: Contributor, name: str) -> None:
    """The name that a new person gives."""
    if name and name != by.name:
        by.name = name
        by.save(update_fields=["name"])
        Event.objects.record("account.named", by, by=by)


@transaction.atomic
def remap(*, by: Contributor, keys: Mapping[str, str]) -> Profile:
    """Choose single keys for the work pages. Those not named are as they come."""
    profile = _mine(by)
    if profile.keys != dict(keys):
        profile.keys = dict(keys)
        profile.save(update_fields=["keys"])
        Event.objects.record("profile.saved", profile, by=by, changed=["keys"])
    return profile


def _mine(person: Contributor) -> Profile:
    Profile.objects.get_or_create(contributor=person)
    return Profile.objects.select_for_update(of=("self",)).get(contributor=person)
