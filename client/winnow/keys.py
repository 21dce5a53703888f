"""Where a person's key is kept: the environment wins over the file of `winnow login`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

import platformdirs

from winnow.errors import NoKey

URL, TOKEN = "WINNOW_URL", "WINNOW_TOKEN"


class Key(NamedTuple):
    url: str
    token: str


def place() -> Path:
    return platformdirs.user_config_path("winnow") / "key.json"


def found(url: str | None = None, token: str | None = None) -> Key:
    """As given, or as the environment says, or as kept."""
    kept = _kept()
    url = (url or os.environ.get(URL) or kept.url).rstrip("/")
    # A key is sent to its own server, and to no other.
    own = kept.token if url == kept.url else ""
    token = token or os.environ.get(TOKEN) or own
    if not url:
        raise NoKey(f"Say where your Winnow is: run `winnow login`, or set {URL}.")
    if not token:
        raise NoKey(f"There is no key for {url}: run `winnow login`, or set {TOKEN}.")
    if not url.startswith(("https://", "http://")):
        raise NoKey(f"{url} is no address: it begins with https://.")
    return Key(url, token)


def keep(key: Key) -> Path:
    """For this person alone to read."""
    there = place()
    there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = there.with_name(f".{there.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(key._asdict(), file)
    return fresh.replace(there)


def forget() -> bool:
    """False where there was none."""
    there = place().is_file()
    place().unlink(missing_ok=True)
    return there


def _kept() -> Key:
    try:
        told = json.loads(place().read_text(encoding="utf-8"))
        return Key(str(told["url"]), str(told["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Key("", "")
