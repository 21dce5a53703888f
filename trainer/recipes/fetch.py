"""Finds a hub model in the cache or, if the hub is open, downloads it; prints its folder.

python -m trainer.recipes.fetch owner/name <40 hex digits>

A process of its own, so that the recipes stay offline. Pickles and code are never fetched.
"""

from __future__ import annotations

import sys

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

WANTED = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]


def main(base: str, revision: str) -> None:
    try:
        folder = snapshot_download(
            base,
            revision=revision,
            allow_patterns=WANTED,
            local_files_only=constants.HF_HUB_OFFLINE,
        )
    except (OSError, ValueError, HfHubHTTPError) as error:
        sys.exit(str(error).strip().splitlines()[0])
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
