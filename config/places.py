"""Where Winnow keeps its state, and the addresses that follow from that.

Computing a place starts nothing; only `make_var` touches the disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from urllib.parse import quote

from config.env import env_str

ROOT = Path(__file__).resolve().parent.parent

# A socket's path must fit in 108 bytes on Linux, 104 on macOS, ending included.
LONGEST_SOCKET = 100
DATABASE = "winnow"
PRIVATE_FOLDERS = ("logs", "models", "runs", "versions", "redis", "transfers")


def var_dir() -> Path:
    return Path(env_str("WINNOW_VAR") or ROOT / "var").absolute()


def make_var(var: Path) -> None:
    """Make the state folder and those inside, closed to other people of the machine."""
    if not var.exists():
        var.mkdir(parents=True, exist_ok=True)
        # PostgreSQL refuses to be root, so root's own must let another user pass.
        var.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for name in PRIVATE_FOLDERS:
        (var / name).mkdir(mode=0o700, exist_ok=True)


def postgres_socket_dir(var: Path) -> Path:
    return _socket_dir(var / "postgres" / "socket", ".s.PGSQL.5432", "pg")


def redis_socket(var: Path) -> Path:
    return _socket_dir(var / "redis", "redis.sock", "redis") / "redis.sock"


def _socket_dir(wanted: Path, name: str, kind: str) -> Path:
    """The folder itself, or a short one when its path is too long for a socket.

    Named after the user and the folder, and not after $TMPDIR: every process must
    arrive at the same one. Whoever starts the server checks who owns it.
    """
    # PostgreSQL reads the folder as a list, so a comma or quote must not be in it.
    is_plain = not set(str(wanted)) & set(",\"'")
    if is_plain and len(os.fsencode(wanted / name)) <= LONGEST_SOCKET:
        return wanted
    mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    return Path("/tmp") / f"winnow-{os.geteuid()}-{kind}-{mark}"


def forget_short_folder(folder: Path, var: Path) -> None:
    """Remove a stopped server's socket folder, if it had to lie outside the state."""
    if var not in folder.parents:
        shutil.rmtree(folder, ignore_errors=True)


def database_url(var: Path) -> str:
    """DATABASE_URL, or else the address of our own PostgreSQL, running or not."""
    own = f"postgresql://{DATABASE}@{quote(str(postgres_socket_dir(var)), safe='')}"
    return env_str("DATABASE_URL") or f"{own}/{DATABASE}"


def redis_url(var: Path) -> str:
    """REDIS_URL, or else the address of our own Redis, as the redis package writes it."""
    return env_str("REDIS_URL") or f"unix://{quote(str(redis_socket(var)))}"


def broker_url(var: Path) -> str:
    """The same Redis as Celery writes it."""
    return redis_url(var).replace("unix://", "redis+socket://", 1)
