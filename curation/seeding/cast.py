"""Who plays in the demo: seven people who can sign in, and others whose work is there."""

from __future__ import annotations

import json
import os
import random
import secrets
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password

from curation.actions import people, profiles
from curation.models import Category, Contributor, Dataset

ACCOUNTS = "demo_accounts.json"  # in VAR_DIR


class Persona(NamedTuple):
    account: str  # before @winnow.example
    name: str
    role: str


SIGN_IN = (
    Persona("ada", "Ada Lindqvist", "admin"),
    Persona("cleo", "Cleo Marchetti", "curator"),
    Persona("wim", "Wim Okafor", "writer"),
    Persona("wanda", "Wanda Petrovic", "writer"),
    Persona("rosa", "Rosa Hallam", "reviewer"),
    Persona("ravi", "Ravi Sundaram", "reviewer"),
    Persona("ruth", "Ruth Abara", "reviewer"),
)
INTERESTS = {
    SIGN_IN[2]: "Gardens and bread; taught school for ten years.",
    SIGN_IN[3]: "Statistics, and explaining them.",
    SIGN_IN[4]: "Edits technical manuals.",
    SIGN_IN[5]: "Law of contracts.",
    SIGN_IN[6]: "Chemistry.",
}
WITHOUT_PASSWORD = (
    Persona("matteo", "Matteo Finch", "writer"),
    Persona("ines", "Inês Carvalho", "writer"),
    Persona("tomasz", "Tomasz Wrona", "writer"),
    Persona("greta", "Greta Solberg", "reviewer"),
    Persona("kofi", "Kofi Mensah", "reviewer"),
    Persona("leila", "Leila Haddad", "reviewer"),
    Persona("bruno", "Bruno Keller", "reviewer"),
    Persona("yuki", "Yuki Tanabe", "reviewer"),
)


@dataclass
class Cast:
    """Nobody both writes and judges, so that no text is judged by its author."""

    admin: Contributor
    members: list[tuple[Contributor, Persona]]
    hashes: dict[Contributor, Future[str]]
    passwords: list[dict[str, str]]
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def author(self) -> Contributor:
        return self.chance.choice(self._who("writer", SIGN_IN + WITHOUT_PASSWORD))

    def reviewer(self) -> Contributor:
        return self.chance.choice(self._who("reviewer", SIGN_IN + WITHOUT_PASSWORD))

    def rankers(self, count: int) -> list[Contributor]:
        """None of those who sign in: they are to find ballots that are still wanted."""
        return self.chance.sample(self._who("reviewer", WITHOUT_PASSWORD), count)

    def seconds(self) -> int:
        """How long a judgement took."""
        return self.chance.randint(15, 240)

    def join(self, dataset: Dataset) -> None:
        for person, persona in self.members:
            people.join(dataset=dataset, person=person, role=persona.role, by=self.admin)

    def introduce(self, made: list[Dataset]) -> None:
        """Those who sign in say what they like, each something else."""
        known = list(Category.objects.filter(dataset__in=made).order_by("pk"))
        for number, (person, persona) in enumerate(self.members):
            if persona in INTERESTS:
                liked = known[number % len(known) :: 5]
                expertise = INTERESTS[persona]
                fields = {"languages": ["en"], "categories": liked, "expertise": expertise}
                profiles.save(by=person, fields=fields)

    def set_passwords(self) -> None:
        for person, hashed in self.hashes.items():
            person.password = hashed.result()
        Contributor.objects.bulk_update(self.hashes, ["password"])

    def _who(self, role: str, group: tuple[Persona, ...]) -> list[Contributor]:
        return [
            p for p, persona in self.members if persona.role == role and persona in group
        ]


def hire(hasher: Executor) -> Cast:
    """Make everybody's accounts. Hashing takes seconds: it goes on while others work."""
    made = {persona: _account(persona) for persona in (*SIGN_IN, *WITHOUT_PASSWORD)}
    passwords = {persona: secrets.token_urlsafe(12) for persona in SIGN_IN}
    return Cast(
        admin=next(made[persona] for persona in SIGN_IN if persona.role == "admin"),
        members=[(made[one], one) for one in made if one.role != "admin"],
        hashes={
            made[persona]: hasher.submit(make_password, password)
            for persona, password in passwords.items()
        },
        passwords=[
            {
                "email": made[persona].email,
                "name": persona.name,
                "password": password,
                "role": persona.role,
            }
            for persona, password in passwords.items()
        ],
    )


def _account(persona: Persona) -> Contributor:
    is_admin = persona.role == "admin"
    return Contributor.objects.create_user(
        f"{persona.account}@winnow.example",
        name=persona.name,
        is_staff=is_admin,
        is_superuser=is_admin,
    )


def write_down(passwords: list[dict[str, str]]) -> Path:
    """Into a file that only its owner can read; return where it is."""
    path = Path(settings.VAR_DIR) / ACCOUNTS
    path.unlink(missing_ok=True)  # the mode is set when the file is made
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(passwords, file, indent=2, ensure_ascii=False)
        file.write("\n")
    return path
