from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.actions import erasure
from curation.errors import CurationError
from curation.models import Contributor


class Command(BaseCommand):
    help = "Destroy all words of a person and their name. It cannot be undone"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="whose")
        parser.add_argument("--by", required=True, help="the site admin who answers for it")

    def handle(self, *, email: str, by: str, **options: Any) -> str:
        person, admin = _known(email), _known(by)
        try:
            done = erasure.erase(person_id=person.pk, by=admin)
        except CurationError as error:
            raise CommandError(str(error)) from error
        if done.done_at is None:
            return "Ordered. A worker is at it; the page of the person says how far it is."
        return f"Erased: {done.texts} texts, held by {done.versions} frozen versions."


def _known(email: str) -> Contributor:
    found = Contributor.objects.filter(email__iexact=email).first()
    if found is None:
        raise CommandError(f"Nobody here has the address {email}.")
    return found
