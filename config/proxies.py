"""How many servers of ours stand before the web process: so many addresses are believed."""

from __future__ import annotations

from config.env import env_int

PROXIES = env_int("WINNOW_PROXIES", 0)
