"""What a migration does to code that runs meanwhile, and to who waits for its table."""

from __future__ import annotations

import re

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import connection, migrations, models
from django.db.models.fields import NOT_PROVIDED

TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
SAID = re.compile(r"\bcontract: .{20,}", re.DOTALL)
SMALL = re.compile(r"\bsmall: .{20,}", re.DOTALL)
LENGTH = re.compile(r"varchar\((\d+)\)")
ALONE = "AddIndexConcurrently, in a migration of its own"


def made(operations):
    """Tables that nobody waits for: no code that runs knows them."""
    return {one.name_lower for one in operations if isinstance(one, migrations.CreateModel)}


def models_of(app, state):
    """As they are there, by name."""
    return {name: model for (label, name), model in state.models.items() if label == app}


def not_validated(operations):
    """Constraints that rows of before may break. In whatever order the operations come."""
    operations = list(operations)
    proved = {one.name for one in operations if isinstance(one, ValidateConstraint)}
    added = (one for one in operations if isinstance(one, AddConstraintNotValid))
    return {one.constraint.name for one in added} - proved


def dangers(operations, said="", new=(), before=None, loose=()):
    """A sentence for each that would break code that runs meanwhile, or let it wait.

    `before` has the models as they were, by name, and `loose` the constraints of them that
    nobody has validated; both are for columns that are altered.
    """
    for one in operations:
        if isinstance(one, migrations.SeparateDatabaseAndState):
            yield from dangers(one.database_operations, said, new, before, loose)
        elif isinstance(one, TAKES_AWAY) and not SAID.search(said):
            yield f"{type(one).__name__}: old code still reads it"
        elif isinstance(one, migrations.AddField) and _stops_inserts(one.field):
            yield f"AddField {one.name}: old code does not fill it: null=True or db_default"
        if isinstance(one, migrations.AlterField) and one.model_name_lower not in new:
            yield from _altered(one, said, before[one.model_name_lower], loose)
        why = _keeps_others_out(one)
        if why and one.model_name_lower not in new and not SMALL.search(said):
            yield why
    concurrent = [isinstance(one, AddIndexConcurrently) for one in operations]
    if any(concurrent) and not all(concurrent):
        yield f"What fails there is begun anew, all of it: {ALONE}"


def _keeps_others_out(one):
    """Each begins by taking the table, and only then reads all of its rows."""
    if isinstance(one, migrations.AddIndex) and not isinstance(one, AddIndexConcurrently):
        return f"AddIndex {one.index.name}: nobody writes meanwhile: {ALONE}"
    if isinstance(one, migrations.AddField) and (one.field.db_index or one.field.unique):
        return f"AddField {one.name}: nobody writes meanwhile: db_index=False, then {ALONE}"
    is_valid = not isinstance(one, AddConstraintNotValid)
    if isinstance(one, migrations.AddConstraint) and is_valid:
        return (
            f"AddConstraint {one.constraint.name}: nobody reads meanwhile: "
            "AddConstraintNotValid, and ValidateConstraint in the next migration"
        )
    return None


def _altered(one, said, model, loose):
    """Each takes the table for as long as it reads or writes all of its rows."""
    if one.name not in model.fields:  # it is as new as this
        return
    old, new = (
        _of_its_own(field, one.name) for field in (model.fields[one.name], one.field)
    )
    if old.column != new.column and not SAID.search(said):
        yield f"AlterField {one.name}: old code still reads {old.column}"
    if SMALL.search(said):
        return
    if _type(old) != _type(new) and not _is_wider(old, new):
        yield f"AlterField {one.name}: all rows are written anew: add a column, fill it"
    if old.null and not new.null and not _is_never_null(one.name, model, loose):
        yield (
            f"AlterField {one.name}: nobody reads meanwhile: a check that it is not null "
            "by AddConstraintNotValid, and ValidateConstraint in the next migration"
        )
    if _index(new) and _index(new) != _index(old):
        yield f"AlterField {one.name}: nobody writes meanwhile: {ALONE}"
    if _rule(new) and _rule(new) != _rule(old):
        yield f"AlterField {one.name}: all rows are checked: AddConstraintNotValid"
    elif _is_proved_anew(old, new):
        yield (
            f"AlterField {one.name}: its constraint goes and is made anew, of all rows: "
            "SeparateDatabaseAndState, with what the database has to do alone"
        )


def _of_its_own(field, name):
    field = field.clone()
    field.set_attributes_from_name(name)
    return field


def _type(field):
    if field.is_relation:  # the key of what it points at
        return "relation"
    return field.db_type(connection), getattr(field, "db_collation", None)


def _is_wider(old, new):
    """PostgreSQL writes no row for it."""
    if old.is_relation or new.is_relation or _type(old)[1] != _type(new)[1]:
        return False
    had, has = (LENGTH.fullmatch(_type(field)[0]) for field in (old, new))
    if had is None:
        return False
    return _type(new)[0] in ("text", "varchar") or bool(has) and int(has[1]) >= int(had[1])


def _is_never_null(name, model, loose):
    """By a constraint of an earlier migration: then PostgreSQL reads no row."""
    return any(
        getattr(one, "condition", None) == models.Q(**{f"{name}__isnull": False})
        and one.name not in loose
        for one in model.options.get("constraints", ())
    )


def _index(field):
    return "unique" if field.unique else "plain" if field.db_index else ""


def _rule(field):
    """What the database holds each value to: a range, or a row of another table."""
    if not field.is_relation:
        return field.db_check(connection)
    to = field.remote_field.model
    return field.db_constraint and (to if isinstance(to, str) else to._meta.label).lower()


def _is_proved_anew(old, new):
    """As Django's schema editor decides it, before it asks what has changed."""
    is_key = old.is_relation and new.is_relation and old.db_constraint
    return is_key and _of_database(old) != _of_database(new)


def _of_database(field):
    _name, path, positional, named = field.deconstruct()
    nothing = {*field.non_db_attrs, "db_comment"}
    return path, positional, {key: named[key] for key in named.keys() - nothing}


def _stops_inserts(field):
    may_be_left_out = field.null or field.many_to_many
    return not may_be_left_out and field.db_default is NOT_PROVIDED
