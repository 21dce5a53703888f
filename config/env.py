"""The environment, read strictly: an odd value stops the start with one sentence.

Run standalone this module knows no Django, so that a Makefile step can use it too.
"""

from __future__ import annotations

import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off", ""}

SHORTEST_SECRET = 32


class BadEnvironment(SystemExit):
    """A setting cannot be used. Ends the process with its sentence, not a traceback."""


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in YES:
        return True
    if value.strip().lower() in NO:
        return False
    raise BadEnvironment(f"{name} must be 1 or 0, but it is {value!r}.")


def env_int(name: str, default: int, *, at_least: int = 0) -> int:
    value = os.environ.get(name)
    if value is None or not value.strip():
        return default
    try:
        number = int(value)
    except ValueError:
        raise BadEnvironment(
            f"{name} must be a whole number, but it is {value!r}."
        ) from None
    if number < at_least:
        raise BadEnvironment(f"{name} must be at least {at_least}, but it is {number}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    """The parts of a comma-separated value, empty ones left out."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_address(name: str, *, hosts: list[str]) -> str:
    """Of a server on this machine, or on one of these hosts; "" where there is none."""
    value = env_str(name).rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise BadEnvironment(f"{name} must be like http://127.0.0.1:8000, not {value!r}.")
    if value and parts.hostname not in {"localhost", "127.0.0.1", "::1", *hosts}:
        raise BadEnvironment(
            f"{name} is on another machine: name {parts.hostname!r} in {name}_HOSTS."
        )
    return value


def env_networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Like 10.1.0.0/16 or 10.1.2.3, by commas."""
    networks = []
    for value in env_list(name):
        try:
            networks.append(ip_network(value))
        except ValueError:
            raise BadEnvironment(
                f"{name} must be networks like 10.1.0.0/16, not {value!r}."
            ) from None
    return networks


def env_bucket(name: str) -> tuple[str, str]:
    """A place in S3: a bucket, and perhaps what keys begin with."""
    value = env_str(name)
    kind, separator, place = value.partition("://")
    bucket, _slash, folder = place.partition("/")
    if value and (kind != "s3" or not separator or not bucket):
        raise BadEnvironment(f"{name} must be like s3://bucket/folder, not {value!r}.")
    return bucket, folder.strip("/")


def env_endpoint(*names: str) -> str:
    """The address of a service, by the first of these names that is set; "" for none."""
    name = next((name for name in names if env_str(name)), names[0])
    value = env_str(name)
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise BadEnvironment(f"{name} must be like http://minio:9000, not {value!r}.")
    return value


def env_secret(name: str, *, kept_in: Path | None = None) -> str:
    """A secret of this installation; there is no default one to forget about.

    With `kept_in`, a missing one is made at random and kept in that file for next time.
    """
    value = env_str(name)
    if not value and kept_in:
        return _kept_secret(kept_in)
    if not value:
        raise BadEnvironment(
            f"{name} is not set. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(50))". '
            "On your own computer, set WINNOW_LOCAL=1 instead."
        )
    if len(value) < SHORTEST_SECRET:
        raise BadEnvironment(f"{name} must have at least {SHORTEST_SECRET} characters.")
    return value


def _kept_secret(path: Path) -> str:
    # Written whole under another name, then linked: of two processes that start at once
    # one wins, and both read the same secret.
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as f:
            f.write(secrets.token_urlsafe(50))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
