"""How much may come in and go out in the browser, and for how long its files are kept."""

from __future__ import annotations

from config.env import env_int
from config.places import var_dir

TRANSFERS_DIR = var_dir() / "transfers"
IMPORT_MEGABYTES = env_int("WINNOW_IMPORT_MB", 200, at_least=1)  # of a file as it comes
IMPORT_UNFOLDED_MEGABYTES = env_int("WINNOW_IMPORT_UNFOLDED_MB", 1000, at_least=1)
IMPORT_ROWS = env_int("WINNOW_IMPORT_ROWS", 1_000_000, at_least=1)
TRANSFER_DAYS = env_int("WINNOW_TRANSFER_DAYS", 7, at_least=1)
