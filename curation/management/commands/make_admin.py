from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from curation.models import Contributor, Event


class Command(BaseCommand):
    help = "Make an account that sees and may do everything"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--name", default="", help="shown instead of the e-mail address"
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of stdin",
        )

    def handle(self, *, email: str, name: str, password_stdin: bool, **options: Any) -> str:
        try:
            validate_email(email)
            if Contributor.objects.filter(email__iexact=email).exists():
                raise CommandError(f"{email} has an account already.")
            password = _from_stdin() if password_stdin else _asked()
            validate_password(password, Contributor(email=email, name=name))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            admin = Contributor.objects.create_superuser(email, password, name=name)
            Event.objects.record("account.added", admin, by=None, is_admin=True)
        return f"{admin.email} is a site admin now."


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _asked() -> str:
    try:
        password = getpass()
        if getpass("Password (again): ") != password:
            raise CommandError("These were two different passwords.")
    except EOFError as error:
        raise CommandError("No password was given. See --password-stdin.") from error
    return password
