"""A key for each role of the first dataset. Runs inside Django: see fuzz.py."""

from __future__ import annotations

import json
import sys

from curation.actions import people, tokens
from curation.models import AccessToken, Contributor, Dataset, Membership

ADMIN = "admin"


def say() -> None:
    """Print them as JSON."""
    dataset = Dataset.objects.order_by("pk").first()
    admin = Contributor.objects.filter(is_staff=True).first()
    assert dataset is not None and admin is not None
    secrets = {}
    for role in (*Membership.Role.values, ADMIN):
        person = Contributor.objects.create_user(
            f"{role}@fuzz.example", is_staff=role == ADMIN
        )
        if role != ADMIN:
            people.join(dataset=dataset, person=person, role=role, by=admin)
        scopes = list(AccessToken.Scope.values)
        if role != ADMIN:
            scopes.remove(AccessToken.Scope.ADMIN)
        secrets[role] = tokens.issue(by=person, name="fuzz", scopes=scopes, days=1)[1]
    sys.stdout.write(json.dumps(secrets))
