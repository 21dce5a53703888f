"""Which starter model is measured with: the newest that a `make up` has built."""

from __future__ import annotations

import os
from pathlib import Path

from config.places import ROOT


def starter() -> str:
    models = Path(os.environ.get("WINNOW_MODELS", ROOT / "var" / "models"))
    whole = [path.parent for path in models.glob("starter-*/manifest.json")]
    if not whole:
        raise SystemExit("There is no starter model. Run `make up` once: it builds one.")
    return str(max(whole, key=lambda folder: folder.stat().st_mtime))
