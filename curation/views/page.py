"""What curation's pages have in common."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from curation import cases
from curation.actions import rights
from curation.actions.rights import Sight
from curation.http import SignedInRequest, unless_same
from curation.models import Dataset

Row = TypeVar("Row", bound=Model)


def of_dataset(
    request: SignedInRequest,
    dataset: Dataset,
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page under a dataset's head and tabs."""
    if "is_curator" not in context:
        seen = sight(request, dataset)
        context |= {
            "is_curator": seen == Sight.ALL,
            "is_viewer": seen == Sight.SETTLED,
        }
    context["dataset"] = dataset
    if context["is_curator"]:
        context["flags_waiting"] = cases.waiting_in(dataset)
    return render(request, f"curation/{template}", context, status=status)


def part(request: SignedInRequest, template: str, **context: Any) -> HttpResponse:
    """A part of a page that asks for itself again: in full only where it differs."""
    return unless_same(request, render(request, f"curation/{template}", context))


def is_curator(request: SignedInRequest, dataset: Dataset) -> bool:
    return rights.holds(request.user, dataset)


def sight(request: SignedInRequest, dataset: Dataset) -> Sight:
    return rights.sight(request.user, dataset)


def paged(request: SignedInRequest, rows: QuerySet[Row], size: int = 25) -> Page[Row]:
    """The page that ?page= asks for, or the nearest one that exists."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
