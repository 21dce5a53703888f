"""Checks from elsewhere, named by dotted paths: "their_package.checks:toxicity"."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from curation.clean.check import Check
from curation.clean.checks import register


class BadPlugin(ValueError):
    """A path that leads to no check. Ends the start with its sentence."""


def load(paths: Iterable[str]) -> None:
    """Register what each path names: a `Check`, or several in a list or tuple."""
    for path in paths:
        for check in _named(path):
            register(check)


def _named(path: str) -> list[Check]:
    module, _, name = path.partition(":")
    try:
        found: object = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as problem:
        raise BadPlugin(f"The check {path!r} cannot be loaded: {problem}") from problem
    several = found if isinstance(found, list | tuple) else [found]
    checks = [one for one in several if isinstance(one, Check)]
    if not checks or len(checks) < len(several):
        raise BadPlugin(f"{path!r} is no check. It must be a curation.clean.check.Check.")
    return checks
