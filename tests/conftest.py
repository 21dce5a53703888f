"""A state folder and servers of the tests' own; nothing needs to run beforehand.

Set before Django reads its settings, so at import. With xdist the first process makes
the folder, and its workers inherit it: one PostgreSQL, a database for each worker.

Databases take half a minute to make. `WINNOW_TESTS=/tmp/mine` with `--reuse-db` keeps them
in that folder for the next time; `--create-db` makes them anew.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from django.utils import translation
from xdist.scheduler import LoadScopeScheduling

from config import embedded

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
PREFIX = f"winnow-tests-{os.geteuid()}-"
# Not $TMPDIR: some make it too long for a socket.
TEMPORARY = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
KEPT = os.environ.get("WINNOW_TESTS", "")

if not IS_WORKER:
    if KEPT:
        VAR = Path(KEPT).absolute()
        VAR.mkdir(parents=True, exist_ok=True)
    else:
        VAR = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=TEMPORARY))
    VAR.chmod(0o711 if os.geteuid() == 0 else 0o700)
    os.environ["WINNOW_VAR"] = str(VAR)
    os.environ["WINNOW_LOCAL"] = "1"
    for name in ("WINNOW_DEBUG", "WINNOW_HTTPS", "WINNOW_MODELS", "WINNOW_SECRET_KEY"):
        os.environ.pop(name, None)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shuffle-flows", action="store_true", help="browser tests in any order, too"
    )


# What one process has to itself, the largest first. See tests/flows/conftest.py; and nobody
# may need Redis while another test kills it.
TOGETHER = {
    "tests/flows/": "flows",
    "tests/config/test_broker.py": "redis",
    "tests/trainer/test_run_recovery.py": "redis",
}


class Scheduling(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        found = (scope for start, scope in TOGETHER.items() if nodeid.startswith(start))
        return next(found, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings  # only now: reading it earlier would load it

    # A slow hash protects passwords; nobody's are here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # What is counted in Redis would be of all test processes: test_shared_cache.py does.
    settings.CACHES["default"] = {
        "BACKEND": "config.shared_cache.Alone",
        "LOCATION": "limits",
    }
    if not IS_WORKER:
        _remove_left_behind()


def pytest_collection_finish() -> None:
    """What was imported stays to the end: looking through it for garbage, again and again,
    took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def pytest_unconfigure(config: pytest.Config) -> None:
    if IS_WORKER:
        return
    if KEPT:
        _keep_databases(VAR)
    else:
        _remove(VAR)


def _keep_databases(folder: Path) -> None:
    embedded.stop(folder)
    for path in folder.iterdir():
        if path.name != "postgres":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _remove_left_behind() -> None:
    """Servers of test runs that were killed before they could clean up."""
    for folder in TEMPORARY.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            _remove(folder)


def _remove(folder: Path) -> None:
    try:
        is_ours = folder.stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return  # tests that began at the same moment were faster
    if is_ours:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A page in another language must not leave it to the test that comes next."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """The first test that wants a database starts PostgreSQL; others find it there."""
    from django.test import TransactionTestCase

    from tests import emptying

    TransactionTestCase._fixture_teardown = emptying.empty
    embedded.start(only="PostgreSQL")
    emptying.allow()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a running Redis of the tests' own."""
    embedded.start(only="Redis")
    yield embedded.redis_url()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server in this process that speaks S3, with a bucket “files”."""
    import boto3
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer  # a second

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line per request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        address = "http://{}:{}".format(*server.get_host_and_port())
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1")
        client.create_bucket(Bucket="files")
        client.close()
        yield address
    server.stop()


@pytest.fixture
def bucket(s3_server: str, settings: Any, tmp_path: Path) -> Iterator[Any]:
    """Files are kept in S3: what is there, as boto3 shows it."""
    from tests.buckets import Shown

    settings.VERSIONS_DIR = tmp_path / "versions"
    shown = Shown(s3_server, f"{tmp_path.name}/{uuid4()}", settings)
    yield shown
    shown.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium. Without one, browser tests are skipped, but never in CI."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("There is no chromium, and CI must not skip the browser tests.")
    if path is None:
        pytest.skip("There is no chromium on this machine.")
    return path


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """True recipes, in processes that need not import torch first: see warm.py."""
    from tests.trainer import warm
    from trainer import child

    cold = child.start_command

    def start_command(name: str, command: list[str], folder: Path, **options: Any) -> Any:
        return cold(name, warm.command(command), folder, **options)

    monkeypatch.setattr(child, "start_command", start_command)
