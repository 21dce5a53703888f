"""Winnow from Python: `Winnow(url, token).dataset("handbook").version("latest")`."""

from __future__ import annotations

from winnow.client import Winnow
from winnow.datasets import Dataset, Version
from winnow.downloads import File
from winnow.errors import (
    BadRequest,
    Forbidden,
    MissingExtra,
    NoKey,
    NotFound,
    Problem,
    Refused,
    RunEnded,
    TooMany,
    Unauthorized,
    Unavailable,
    Unreachable,
    WinnowError,
    WrongHash,
)
from winnow.pushing import Candidate, Offered, Report
from winnow.runs import Event, Run

__all__ = [
    "BadRequest",
    "Candidate",
    "Dataset",
    "Event",
    "File",
    "Forbidden",
    "MissingExtra",
    "NoKey",
    "NotFound",
    "Offered",
    "Problem",
    "Refused",
    "Report",
    "Run",
    "RunEnded",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "Version",
    "Winnow",
    "WinnowError",
    "WrongHash",
]
