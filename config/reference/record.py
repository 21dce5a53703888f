"""The tables and what each field holds; what may leave in exports, and what never does."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.db.models.fields.reverse_related import ForeignObjectRel

from config.reference.markdown import cell, code, table

OURS = ("curation", "annotate", "trainer")


def page() -> str:
    parts = [
        "# The record",
        "Every table with its fields. A field is *published* where pseudonymous exports "
        "may hold it, and *withheld* where none does. Each table must say so of every "
        "field: Winnow does not start with one that says nothing.",
    ]
    for label in OURS:
        parts.append(f"## {label}")
        for model in apps.get_app_config(label).get_models():
            parts += _about(model)
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(model: type[Model]) -> list[str]:
    published: set[str] = getattr(getattr(model, "Privacy", None), "published", set())
    rows = [
        _row(field, "published" if field.name in published else "withheld")
        for field in model._meta.get_fields()
        if not isinstance(field, ForeignObjectRel) and isinstance(field, Field)
    ]
    said = (model.__doc__ or "").strip()
    if said.startswith(f"{model.__name__}("):
        said = ""  # Django's own, of a model without one
    return [f"### {model.__name__}", said, table(("field", "holds", "", "means"), rows)]


def _row(field: Field[Any, Any], privacy: str) -> tuple[str, str, str, str]:
    kind = field.get_internal_type()
    if field.related_model is not None and not isinstance(field.related_model, str):
        kind = f"{kind} to {field.related_model.__name__}"
    return code(field.name), cell(kind), privacy, cell(field.help_text)
