"""Packages that only some need, loaded when they are asked for."""

from __future__ import annotations

import importlib
from typing import Any

from winnow.errors import MissingExtra


def extra(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        said = f"This needs {name}: pip install 'winnow-client[{name}]'"
        raise MissingExtra(said) from missing
