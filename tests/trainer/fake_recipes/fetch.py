from __future__ import annotations

import os
import sys
from pathlib import Path


def main(base: str, revision: str) -> None:
    folder = Path(os.environ["HF_HOME"]) / "fetched"
    if not folder.exists():
        sys.exit(f"No {base} at {revision[:7]}.")
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
