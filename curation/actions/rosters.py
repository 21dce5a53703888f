"""Many people at once, from a table: planned line by line, then done as a whole or not."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from curation.actions.people import give_role
from curation.actions.rights import Role
from curation.errors import CurationError, NotAllowed
from curation.formats.sheet import unmarked
from curation.models import Contributor, Dataset, Event, Membership

BYTES_AT_MOST = 1_000_000
LINES_AT_MOST = 1_000
NAME_AT_MOST = 80
COLUMNS = {
    "e-mail": "email", "email": "email", "mail": "email", "name": "name",
    "dataset": "dataset", "roles": "roles", "role": "roles",
}  # fmt: skip
ODD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class What(StrEnum):
    MADE = "made"  # an account, and its roles
    CHANGED = "changed"  # somebody gets more roles
    SAME = "same"
    REFUSED = "refused"


@dataclass
class Line:
    number: int  # in the file, from 1
    email: str
    name: str
    dataset: str
    roles: list[str]
    what: What = What.SAME
    why: str = ""
    new_roles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What the table would do now. The sign tells two plans apart."""

    lines: list[Line]

    @property
    def sign(self) -> str:
        return hashlib.sha256(repr(self.lines).encode()).hexdigest()

    @property
    def is_possible(self) -> bool:
        return not any(one.what == What.REFUSED for one in self.lines)

    def count(self, what: What) -> int:
        return sum(one.what == what for one in self.lines)


def plan(text: str, *, by: Contributor) -> Plan:
    """Writes nothing. A table that is none is refused as a whole."""
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can add accounts."))
    lines = list(_lines(text))
    sound = [one for one in lines if not _is_odd(one)]  # the database asks for no NUL
    people = {
        one.email.lower(): one
        for one in Contributor.objects.filter(email__in={one.email for one in sound})
    }
    named = {one.dataset for one in sound}
    datasets = {
        one.slug: one for one in Dataset.objects.filter(slug__in=named, archived_at=None)
    }
    held = Membership.objects.filter(dataset__in=datasets.values())
    there = {
        (person, slug, role)
        for person, slug, role in held.filter(contributor__in=people.values()).values_list(
            "contributor__email", "dataset__slug", "role"
        )
    }
    made: set[str] = set()
    for line in lines:
        _look_at(line, people.get(line.email), datasets, there, made)
    return Plan(lines)


@transaction.atomic
def carry_out(*, text: str, sign: str, by: Contributor) -> Plan:
    """All of it, or nothing: where anything has changed since it was looked at as well."""
    found = plan(text, by=by)
    if found.sign != sign:
        raise CurationError(_("Something has changed meanwhile: look at it once more."))
    if not found.is_possible:
        raise CurationError(_("Some lines cannot be taken: mend them first."))
    named = {one.dataset for one in found.lines}
    datasets = Dataset.objects.in_bulk(named, field_name="slug")
    people: dict[str, Contributor] = {}
    try:
        for line in found.lines:
            person = people.get(line.email) or _person(line, by)
            people[line.email] = person
            for role in line.new_roles:
                give_role(dataset=datasets[line.dataset], person=person, role=role, by=by)
    except IntegrityError as problem:
        said = _("Something has changed meanwhile: look at it once more.")
        raise CurationError(said) from problem
    return found


def _person(line: Line, by: Contributor) -> Contributor:
    known = Contributor.objects.filter(email=line.email).first()
    if known is not None:
        return known
    person = Contributor.objects.create_user(line.email, name=line.name)
    Event.objects.record("account.added", person, by=by)
    return person


def _lines(text: str) -> Iterator[Line]:
    if len(text.encode(errors="replace")) > BYTES_AT_MOST:
        raise CurationError(_("The table is too large: divide it."))
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    comma = ";" if head.count(";") > head.count(",") else ","
    rows = csv.reader(StringIO(text), delimiter=comma, strict=True)
    try:
        names = [COLUMNS.get(cell.strip().lower(), "") for cell in next(rows, [])]
        if "email" not in names or len(set(names) - {""}) < len([n for n in names if n]):
            raise CurationError(
                _("The first line names the columns: email, name, dataset, roles.")
            )
        for count, row in enumerate(rows, start=1):
            if count > LINES_AT_MOST:
                said = _("At most %(most)d people at once: divide the table.")
                raise CurationError(said % {"most": LINES_AT_MOST})
            if any(cell.strip() for cell in row):
                yield _line(rows.line_num, dict(zip(names, row, strict=False)))
    except csv.Error as problem:
        said = _("Line %(number)d is no line of a table.")
        raise CurationError(said % {"number": rows.line_num}) from problem


def _line(number: int, cells: dict[str, str]) -> Line:
    def of(name: str) -> str:
        return unmarked(cells.get(name, "").strip())

    roles = re.split(r"[\s,;|]+", of("roles").lower())
    return Line(
        number=number,
        email=of("email").lower()[:255],
        name=of("name")[: NAME_AT_MOST + 1],
        dataset=of("dataset")[:60],
        roles=[role for role in dict.fromkeys(roles) if role],
    )


def _look_at(
    line: Line,
    person: Contributor | None,
    datasets: dict[str, Dataset],
    there: set[tuple[str, str, str]],
    made: set[str],
) -> None:
    line.why = _fault(line, person, datasets)
    if line.why:
        line.what = What.REFUSED
        return
    asked = [(line.email, line.dataset, role) for role in line.roles]
    line.new_roles = [one[2] for one in asked if one not in there]
    there.update(asked)
    if person is None and line.email not in made:
        made.add(line.email)
        line.what = What.MADE
    elif line.new_roles:
        line.what = What.CHANGED


def _is_odd(line: Line) -> bool:
    return bool(ODD.search(line.email + line.name + line.dataset))


def _fault(line: Line, person: Contributor | None, datasets: dict[str, Dataset]) -> str:
    """Why it cannot be taken, or nothing."""
    if _is_odd(line):
        return _("It has characters that cannot be kept.")
    try:
        validate_email(line.email)
    except ValidationError:
        return _("This is no e-mail address.")
    if len(line.name) > NAME_AT_MOST or len(line.email) > 254:
        return _("The name is too long.")
    if person is not None and not person.is_active:
        return _("This account is closed: open it first.")
    if line.dataset and line.dataset not in datasets:
        return _("There is no dataset of this name.")
    if bool(line.roles) != bool(line.dataset):
        return _("A dataset and roles go together.")
    unknown = [role for role in line.roles if role not in Role.values]
    if unknown:
        said = _("There is no role “%(role)s”. Choose %(known)s.")
        return said % {"role": unknown[0][:40], "known": ", ".join(Role.values)}
    return ""
