"""A whole model to spoil, and a canary that sings when anything of it runs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer.recipes import models
from trainer.recipes.common import Trouble
from trainer.recipes.vetting import Refused, vet

EVIL = "evil_winnow_module"


@pytest.fixture
def canary(tmp_path, monkeypatch) -> Path:
    """A file that appears if anything of the folder runs; also a module to import."""
    canary = tmp_path / "canary"
    (tmp_path / f"{EVIL}.py").write_text(f"open({str(canary)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield canary
    assert not canary.exists(), "something was executed"
    assert EVIL not in sys.modules


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    """A whole model, for a test to spoil."""
    return Path(shutil.copytree(tiny, tmp_path / "model"))


class Bomb:
    """Unpickled, it leaves the canary."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.canary}",)


def change(path: Path, **settings: Any) -> None:
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(content | settings))


def refuses(folder: Path, words: str) -> None:
    """The web's look at it and the recipe's say the same."""
    with pytest.raises(Refused, match=words):
        vet(folder)
    with pytest.raises(Trouble, match=words):
        models.load_base(str(folder))
